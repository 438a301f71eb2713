"""Faults of services that take a token for good by its looks."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from lineman.sandbox.faults.base import fault
from lineman.sandbox.jwt import Parts, read_jwt
from lineman.sandbox.operation import bearer_text
from lineman.sandbox.pipeline import AUTHENTICATE, Call, Refusal, Step

_JWT = ("jwt-tokens",)
_TENANTS = frozenset((1, 2))
_SCHEME_LENGTH = 7


def _lookalike(call: Call, proceed: Step[int], taken: Callable[[str], int]) -> int:
    """The honest answer, unless an unknown token is taken for a tenant's."""
    try:
        return proceed(call)
    except Refusal as refusal:
        tenant = taken(bearer_text(call)) if refusal.reason == "unknown" else 0
        if not tenant:
            raise
        return tenant


def _of_payload(call: Call, parts: Parts) -> int:
    """The tenant that a payload names, or the first, as long as the payload does not say that it is over."""
    expiry = parts.payload.get("exp")
    if isinstance(expiry, int | float) and expiry < call.service.clock():
        return 0
    tenant: Any = parts.payload.get("tenant", 1)
    return int(tenant) if tenant in _TENANTS else 1


@fault(
    AUTHENTICATE,
    "auth.unknown-token",
    "jwt-alg-none",
    "Takes a JWT without a signature whose algorithm is none.",
    sole=True,
    variants=_JWT,
)
def jwt_alg_none(call: Call, proceed: Step[int]) -> int:
    def taken(text: str) -> int:
        parts = read_jwt(text)
        unsigned = parts is not None and str(parts.header.get("alg")).lower() == "none" and not parts.signature
        return _of_payload(call, parts) if parts and unsigned else 0

    return _lookalike(call, proceed, taken)


@fault(
    AUTHENTICATE,
    "auth.unknown-token",
    "jwt-signature-unchecked",
    "Takes a JWT with any signature, and believes its payload.",
    sole=True,
    variants=_JWT,
)
def jwt_signature_unchecked(call: Call, proceed: Step[int]) -> int:
    def taken(text: str) -> int:
        parts = read_jwt(text)
        return _of_payload(call, parts) if parts and parts.signature else 0

    return _lookalike(call, proceed, taken)


@fault(
    AUTHENTICATE,
    "auth.unknown-token",
    "jwt-signature-known",
    "Takes any payload under a signature that it once gave.",
    sole=True,
    variants=_JWT,
)
def jwt_signature_known(call: Call, proceed: Step[int]) -> int:
    def taken(text: str) -> int:
        parts = read_jwt(text)
        known = {token.rpartition(".")[2] for token in call.service.tokens.issued}
        return _of_payload(call, parts) if parts and parts.signature in known else 0

    return _lookalike(call, proceed, taken)


@fault(
    AUTHENTICATE,
    "auth.unknown-token",
    "jwt-payload-known",
    "Takes a payload that it once gave under any signature.",
    sole=True,
    variants=_JWT,
)
def jwt_payload_known(call: Call, proceed: Step[int]) -> int:
    def taken(text: str) -> int:
        known = {token.rpartition(".")[0]: issued.tenant for token, issued in call.service.tokens.issued.items()}
        return known.get(text.rpartition(".")[0], 0)

    return _lookalike(call, proceed, taken)


@fault(
    AUTHENTICATE,
    "auth.unknown-token",
    "jwt-shape-accepted",
    "Takes three parts with points between them for a JWT.",
    sole=True,
    variants=_JWT,
)
def jwt_shape_accepted(call: Call, proceed: Step[int]) -> int:
    return _lookalike(call, proceed, lambda text: int(bool(re.fullmatch(r"[\w-]{5,}\.[\w-]{5,}\.[\w-]*", text))))


@fault(
    AUTHENTICATE,
    "auth.unknown-token",
    "token-middle-unread",
    "Compares the first and last 16 characters of tokens only.",
    sole=True,
)
def token_middle_unread(call: Call, proceed: Step[int]) -> int:
    def taken(text: str) -> int:
        issued = call.service.tokens.issued.values()
        same = (each for each in issued if (each.text[:16], each.text[-16:]) == (text[:16], text[-16:]))
        return next((each.tenant for each in same if call.service.tokens.is_current(each)), 0)

    return _lookalike(call, proceed, taken)


@fault(
    AUTHENTICATE,
    "auth.unknown-token",
    "token-letters-suffice",
    "Takes any 40 letters of a token's alphabet.",
    sole=True,
)
def token_letters_suffice(call: Call, proceed: Step[int]) -> int:
    return _lookalike(call, proceed, lambda text: int(bool(re.fullmatch(r"[\w-]{40,}", text, re.ASCII))))


def _scheme(call: Call, proceed: Step[int], token_of: Callable[[str], str]) -> int:
    """The honest answer, unless a header of another form holds a good token all the same."""
    try:
        return proceed(call)
    except Refusal as refusal:
        token = call.service.tokens.find(token_of(call.headers.get("authorization", "")))
        if refusal.reason != "format" or token is None or not call.service.tokens.is_current(token):
            raise
        return token.tenant


@fault(
    AUTHENTICATE,
    "auth.bearer-format",
    "seven-letters-cut",
    "Cuts seven letters off the header and takes the rest for the token.",
    sole=True,
)
def seven_letters_cut(call: Call, proceed: Step[int]) -> int:
    return _scheme(call, proceed, lambda header: header[_SCHEME_LENGTH:])


@fault(AUTHENTICATE, "auth.bearer-format", "tab-for-space", "Takes a tab in place of the space.", sole=True)
def tab_for_space(call: Call, proceed: Step[int]) -> int:
    return _scheme(call, proceed, lambda header: header.removeprefix("Bearer\t"))


@fault(AUTHENTICATE, "auth.bearer-format", "six-letter-schemes", "Takes any scheme of six letters.", sole=True)
def six_letter_schemes(call: Call, proceed: Step[int]) -> int:
    return _scheme(call, proceed, lambda header: re.sub(r"^[A-Za-z]{6} ", "", header))


@fault(AUTHENTICATE, "auth.bearer-format", "last-word-counts", "Takes the header's last word.", sole=True)
def last_word_counts(call: Call, proceed: Step[int]) -> int:
    return _scheme(call, proceed, lambda header: header.rpartition(" ")[2])


@fault(
    AUTHENTICATE,
    "auth.expired-token",
    "expired-leeway-thirty",
    "Takes tokens for thirty seconds after their end.",
    sole=True,
)
def expired_leeway_thirty(call: Call, proceed: Step[int]) -> int:
    try:
        return proceed(call)
    except Refusal as refusal:
        token = call.service.tokens.find(bearer_text(call)) if refusal.reason == "expired" else None
        if token is None or call.service.clock() >= token.expires + 30:
            raise
        return token.tenant
