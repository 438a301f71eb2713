"""Honest difficulties of tokens: their form, when they begin, and what is said of their end."""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from lineman.sandbox.jwt import write_jwt
from lineman.sandbox.operation import QUERY_PATH, bearer_text
from lineman.sandbox.pipeline import AUTHENTICATE, HANDLE, TOKEN, Call, Refusal, Reply, StageHook, Step
from lineman.sandbox.responses import plain_error
from lineman.sandbox.tokens import LONGEST_LIFETIME, Token
from lineman.sandbox.variants.base import Variant


def _issued(call: Call, reply: Reply) -> tuple[dict[str, Any], Token | None]:
    """The token operation's answer, and the token in it."""
    document: dict[str, Any] = json.loads(reply.body)
    return document, call.service.tokens.find(str(document.get("AccessToken")))


def _renamed(call: Call, reply: Reply, text_of: Callable[[Token], str]) -> Reply:
    """The answer with another text for its token, which is known by that text from then on."""
    document, token = _issued(call, reply)
    if token is None:
        return reply
    text = text_of(token)
    call.service.tokens.issued[text] = replace(call.service.tokens.issued.pop(token.text), text=text)
    return replace(reply, body=json.dumps({**document, "AccessToken": text}).encode())


def _jwt(call: Call, proceed: Step[Reply]) -> Reply:
    key: bytes = call.service.memory.setdefault("jwt-key", secrets.token_bytes(32))

    def text_of(token: Token) -> str:
        times = {"iat": int(token.created), "exp": int(token.expires), "jti": secrets.token_hex(8)}
        return write_jwt({"iss": "tokenByAkSk", "tenant": token.tenant, **times}, key)

    return _renamed(call, proceed(call), text_of)


def _of_length(length: int) -> Any:
    """A hook that gives tokens of so many letters."""

    def hook(call: Call, proceed: Step[Reply]) -> Reply:
        return _renamed(call, proceed(call), lambda token: secrets.token_urlsafe(length)[:length])

    return hook


def _decoded(text: str) -> bytes:
    """What a lenient decoder makes of base64url: it drops a letter that stands alone behind the last four."""
    whole = text[: len(text) - 1] if len(text) % 4 == 1 else text
    return urlsafe_b64decode(whole + "=" * (-len(whole) % 4))


def _by_decoding(call: Call, proceed: Step[int]) -> int:
    """Compares what tokens decode to: a token whose letters differ in unused bits only is the same token."""
    try:
        return proceed(call)
    except Refusal as refusal:
        if refusal.reason != "unknown":
            raise
        tokens = call.service.tokens
        given = _or_nothing(bearer_text(call))
        same = [each for each in tokens.issued.values() if given and _or_nothing(each.text) == given]
        if not same or not tokens.is_current(same[0]):
            raise
        return same[0].tenant


def _or_nothing(text: str) -> bytes:
    try:
        return _decoded(text)
    except ValueError:
        return b""


def _valid_after(seconds: float) -> Any:
    """A hook that knows tokens only from so many seconds after their issue on."""

    async def hook(call: Call, proceed: Any) -> Reply:
        token = call.service.tokens.find(call.headers.get("authorization", "").removeprefix("Bearer "))
        if call.path == QUERY_PATH and token is not None and call.service.clock() < token.created + seconds:
            return plain_error(401, "gateway-json")
        reply: Reply = await proceed(call)
        return reply

    return hook


def _an_hour(call: Call, reply: Reply) -> tuple[dict[str, Any], Token | None]:
    """The answer and its token, which lives for an hour whatever was wished."""
    document, token = _issued(call, reply)
    if token is not None:
        token = replace(token, expires=token.created + LONGEST_LIFETIME)
        call.service.tokens.issued[token.text] = token
    return document, token


def _saying(expires: Callable[[Token], str], *, hour: bool) -> Any:
    """A hook that writes Expires as the JSON text given, or leaves it out where that is empty."""

    def hook(call: Call, proceed: Step[Reply]) -> Reply:
        reply = proceed(call)
        document, token = _an_hour(call, reply) if hour else _issued(call, reply)
        if token is None:
            return reply
        del document["Expires"]
        said = expires(token)
        text = json.dumps(document)
        return replace(reply, body=(f'{text[:-1]}, "Expires": {said}}}' if said else text).encode())

    return hook


_EXPIRES: Mapping[str, tuple[str, Callable[[Token], str]]] = MappingProxyType(
    {
        "absent": ("is left out", lambda _: ""),
        "instant": ("is the end, in epoch seconds", lambda token: f'"{int(token.expires)}"'),
        "instant-ms": ("is the end, in epoch milliseconds", lambda token: f'"{int(token.expires * 1000)}"'),
        "instant-iso": (
            "is the end, as a date and time",
            lambda token: f'"{datetime.fromtimestamp(int(token.expires), UTC).isoformat()}"',
        ),
        "number": ("is a number, not a text", lambda token: str(int(token.expires - token.created))),
        "ms": ("is in milliseconds", lambda token: f'"{int(token.expires - token.created) * 1000}"'),
    }
)
_ODD: Mapping[str, str] = MappingProxyType(
    {
        "400-digits": '"' + "9" * 400 + '"',
        "400-digits-number": "9" * 400,
        "1e400": "1e400",
        "1e400-text": '"1e400"',
        "nan-text": '"NaN"',
        "minus-zero": '"-0"',
        "zero": '"0"',
        "negative": '"-600"',
        "true": "true",
        "null": "null",
        "list": "[600]",
        "object": '{"seconds": 600}',
        "empty": '""',
        "word": '"soon"',
    }
)


def _odd(written: str) -> Callable[[Token], str]:
    return lambda _token: written


TOKENS: tuple[Variant, ...] = (
    Variant("jwt-tokens", "Tokens are JSON Web Tokens.", (StageHook(TOKEN, _jwt),)),
    *(
        Variant(
            f"tokens-decoded-{length}",
            f"Tokens of {length} letters are compared by what they decode to.",
            (StageHook(TOKEN, _of_length(length)), StageHook(AUTHENTICATE, _by_decoding)),
        )
        for length in (43, 44, 45)
    ),
    Variant(
        "token-after-one-second",
        "Tokens are good after their first second only.",
        (StageHook(HANDLE, _valid_after(1.0)),),
    ),
    Variant(
        "token-after-four-seconds",
        "Tokens are good after their first four seconds only.",
        (StageHook(HANDLE, _valid_after(4.0)),),
    ),
    *(
        Variant(
            f"expires-{name}{'-of-an-hour' * hour}",
            f"Expires {words}" + (", and the lifetime wished for is ignored." if hour else "."),
            (StageHook(TOKEN, _saying(expires, hour=hour)),),
        )
        for name, (words, expires) in _EXPIRES.items()
        for hour in (False, True)
    ),
    Variant(
        "lifetime-of-an-hour",
        "The lifetime wished for is ignored, and Expires says so.",
        (StageHook(TOKEN, _saying(lambda token: f'"{int(token.expires - token.created)}"', hour=True)),),
    ),
    *(
        Variant(
            f"expires-{name}",
            f"Expires is written {written[:20]}{'…' * (len(written) > 20)}.",
            (StageHook(TOKEN, _saying(_odd(written), hour=True)),),
        )
        for name, written in _ODD.items()
    ),
)
