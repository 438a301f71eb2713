"""What stands before every answer: whose name was asked for, how many ask at the same time, and headers."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lineman.text import clip, visible

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
NOTHING = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
_MOST_AT_ONCE = 1_000
"""Requests that are answered at the same time: readers of one page wait for the same computation."""
_OF_NO_REGISTRY = (".localhost", ".local", ".internal", ".svc", ".svc.cluster.local")
"""Endings under which nobody can register a name that then leads a browser to this machine."""


class Guard:
    """Wraps the application."""

    def __init__(self, application: ASGIApp, hosts: Iterable[str] = (), most: int = _MOST_AT_ONCE) -> None:
        """``hosts``: names by which the page is asked for, beside those that are its own anyway; ``*``: any."""
        self._application = application
        self._hosts = frozenset(host.lower().rstrip(".") for host in hosts)
        self._most = most
        self._now = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        refused = self._refusal_of(scope)
        if refused is not None:
            await _with_headers(refused, scope, receive, send)
            return
        self._now += 1
        try:
            await _with_headers(self._application, scope, receive, send)
        finally:
            self._now -= 1

    def _refusal_of(self, scope: Scope) -> Response | None:
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1")
        if host and not self._own(_name(host)):
            name = clip(visible(_name(host)), 100)
            sentence = f"this monitor is not known as {name!r}: add the name to hosts in [monitor]\n"
            return PlainTextResponse(sentence, 421)
        if self._now >= self._most:
            return PlainTextResponse("too many readers at the moment\n", 503, {"Retry-After": "1"})
        return None

    def _own(self, name: str) -> bool:
        """True for an address, a name without a dot, and what the settings name.

        A page of somebody else's that resolves its own name to this machine would be of the same origin as ours.
        """
        if "*" in self._hosts or name in self._hosts or "." not in name:
            return True
        return name.endswith(_OF_NO_REGISTRY) or _is_address(name)


def _name(host: str) -> str:
    """The host without its port."""
    name = host.partition("]")[0].lstrip("[") if host.startswith("[") else host.rpartition(":")[0] or host
    return name.lower().rstrip(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


async def _with_headers(application: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """The same headers on whatever answers, the router's own 404 and 405 included."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in {**HEADERS, **NOTHING}.items():
                headers.setdefault(name, value)
        await send(message)

    await application(scope, receive, sending)
