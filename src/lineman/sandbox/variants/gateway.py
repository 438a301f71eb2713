"""Honest difficulties of what stands before a service: limits of the rate in every dress, failures now and then."""

from __future__ import annotations

from typing import Any

from lineman.sandbox.operation import QUERY_PATH
from lineman.sandbox.pipeline import HANDLE, Call, Reply, StageHook
from lineman.sandbox.variants.base import Variant

_HTML = (("content-type", "text/html; charset=utf-8"),)
_WINDOW = 1.0
"""Seconds over which requests are counted."""
_LOCKED = 60.0
"""Seconds for which a caller is locked out after too many bad credentials."""
_BAD_CREDENTIALS = 10


def _page(status: int, title: str) -> Reply:
    body = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return Reply(status, body.encode(), _HTML)


def _limiter(most: int, reply: Reply) -> Any:
    """A hook that lets ``most`` requests pass in a second, and answers the others with the reply."""

    async def hook(call: Call, proceed: Any) -> Reply:
        now = call.service.clock()
        recent: list[float] = call.service.memory.setdefault("limiter", [])
        recent[:] = [moment for moment in recent if now - _WINDOW < moment <= now]
        if len(recent) >= most:
            return reply
        recent.append(now)
        honest: Reply = await proceed(call)
        return honest

    return hook


def _now_and_then(every: int, reply: Reply) -> Any:
    """A hook that answers one query of so many with the reply, whatever it asks."""

    async def hook(call: Call, proceed: Any) -> Reply:
        honest: Reply = await proceed(call)
        return reply if call.path == QUERY_PATH and call.number % every == every - 1 else honest

    return hook


async def _lock_out(call: Call, proceed: Any) -> Reply:
    memory, now = call.service.memory, call.service.clock()
    if now < memory.get("locked-until", 0.0):
        return _page(403, "Your address is locked for a minute")
    reply: Reply = await proceed(call)
    if reply.status in {401, 403}:
        memory["bad-credentials"] = memory.get("bad-credentials", 0) + 1
        if memory["bad-credentials"] >= _BAD_CREDENTIALS:
            memory["bad-credentials"], memory["locked-until"] = 0, now + _LOCKED
    return reply


_DRESSES = (
    ("403-page", _page(403, "Request rate too high"), "403 and an HTML page"),
    ("429-page", _page(429, "Too Many Requests"), "429 and an HTML page, without Retry-After"),
    ("503-page", _page(503, "Service Temporarily Unavailable"), "503, as nginx's limit_req does"),
    ("200-page", _page(200, "Please slow down"), "200 and an HTML page"),
    (
        "403-json",
        Reply(403, b'{"error_code":"APIG.0308","error_msg":"The throttling threshold has been reached"}'),
        "403",
    ),
    (
        "429-later",
        _page(429, "Too Many Requests").with_header("retry-after", "2"),
        "429 and a Retry-After of two seconds",
    ),
)

GATEWAY: tuple[Variant, ...] = (
    *(
        Variant(
            f"rate-limit-5-{name}", f"Beyond 5 requests a second: {words}.", (StageHook(HANDLE, _limiter(5, reply)),)
        )
        for name, reply, words in _DRESSES
    ),
    Variant(
        "gateway-502-now-and-then",
        "A gateway answers one query in forty with 502.",
        (StageHook(HANDLE, _now_and_then(40, _page(502, "Bad Gateway"))),),
    ),
    Variant(
        "gateway-504-now-and-then",
        "A gateway answers one query in thirty with 504.",
        (StageHook(HANDLE, _now_and_then(30, _page(504, "Gateway Time-out"))),),
    ),
    Variant(
        "cut-now-and-then",
        "One connection in forty is cut.",
        (StageHook(HANDLE, _now_and_then(40, Reply(200, b'{"ret', cut=True))),),
    ),
    Variant(
        "lock-out",
        f"Locks the caller out for a minute after {_BAD_CREDENTIALS} bad credentials.",
        (StageHook(HANDLE, _lock_out),),
    ),
)
