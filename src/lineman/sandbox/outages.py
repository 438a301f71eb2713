"""Ways in which a service is down, or says nothing that could be judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from lineman.sandbox.operation import QUERY_PATH, TOKEN_PATH
from lineman.sandbox.pipeline import HANDLE, Call, Reply, StageHook

HALF_WAY = 60
"""Requests after which the outages that come half-way begin."""
_HTML = (("content-type", "text/html; charset=utf-8"),)
_LOGIN = b"<html><head><title>Sign in</title></head><body><form><input name=user></form></body></html>"


@dataclass(frozen=True, slots=True)
class Outage:
    """One way to be down."""

    name: str
    summary: str
    hooks: tuple[StageHook[Any], ...]


def _always(reply: Reply) -> StageHook[Any]:
    async def hook(call: Call, proceed: Any) -> Reply:
        return reply

    return StageHook(HANDLE, hook)


def _on_path(path: str, reply: Reply, after: int = 0) -> StageHook[Any]:
    """The reply for one path, from the request after the given number on."""

    async def hook(call: Call, proceed: Any) -> Reply:
        if call.path == path:
            seen = call.service.memory["outage"] = call.service.memory.get("outage", 0) + 1
            if seen > after:
                return reply
        honest: Reply = await proceed(call)
        return honest

    return StageHook(HANDLE, hook)


def _after(requests: int, reply: Reply) -> StageHook[Any]:
    async def hook(call: Call, proceed: Any) -> Reply:
        seen = call.service.memory["outage"] = call.service.memory.get("outage", 0) + 1
        if seen > requests:
            return reply
        honest: Reply = await proceed(call)
        return honest

    return StageHook(HANDLE, hook)


def _page(status: int, title: str) -> Reply:
    body = f"<html><head><title>{status} {title}</title></head><body><h1>{status} {title}</h1></body></html>"
    return Reply(status, body.encode(), _HTML)


_TOO_MANY = _page(429, "Too Many Requests").with_header("retry-after", "1")
_TO_LOGIN = _page(302, "Found").with_header("location", "https://login.example.test/")
_HANG = Reply(200, b"", hang=True)
_CUT = Reply(200, b'{"ret', cut=True)
_NOT_GZIP = Reply(200, b"\x1f\x8b no gzip at all", (("content-type", "application/json"), ("content-encoding", "gzip")))
_ALL = (
    Outage(
        "login-page",
        "A login page, as text/html with status 200, for everything.",
        (_always(Reply(200, _LOGIN, _HTML)),),
    ),
    Outage(
        "login-page-query",
        "A login page with status 200 for every query; the token operation works.",
        (_on_path(QUERY_PATH, Reply(200, _LOGIN, _HTML)),),
    ),
    Outage("all-403", "Everything is answered 403.", (_always(_page(403, "Forbidden")),)),
    Outage("all-429", "Everything is answered 429.", (_always(_TOO_MANY),)),
    Outage("all-500", "Everything is answered 500.", (_always(_page(500, "Internal Server Error")),)),
    Outage("all-503", "Everything is answered 503.", (_always(_page(503, "Service Unavailable")),)),
    Outage(
        "query-503",
        "The query is answered 503, the token operation works.",
        (_on_path(QUERY_PATH, _page(503, "Service Unavailable")),),
    ),
    Outage("dies-half-way", f"503 after {HALF_WAY} requests.", (_after(HALF_WAY, _page(503, "Service Unavailable")),)),
    Outage(
        "cut-half-way",
        f"Connections are cut after {HALF_WAY} requests.",
        (_after(HALF_WAY, Reply(200, b'{"ret', cut=True)),),
    ),
    Outage(
        "credentials-refused-half-way",
        f"Credentials are refused after {HALF_WAY} queries.",
        (_on_path(QUERY_PATH, _page(403, "Forbidden"), HALF_WAY),),
    ),
    Outage(
        "login-page-half-way",
        f"A login page with status 200 for every query after {HALF_WAY} of them.",
        (_on_path(QUERY_PATH, Reply(200, _LOGIN, _HTML), HALF_WAY),),
    ),
    Outage(
        "redirect-half-way",
        f"A redirect to a login page for every query after {HALF_WAY} of them.",
        (_on_path(QUERY_PATH, _TO_LOGIN, HALF_WAY),),
    ),
    Outage(
        "token-service-down",
        "The token operation is answered 503.",
        (_on_path(TOKEN_PATH, _page(503, "Service Unavailable")),),
    ),
    Outage(
        "token-403", "The token operation refuses all credentials.", (_on_path(TOKEN_PATH, _page(403, "Forbidden")),)
    ),
    Outage("all-401", "Everything is answered 401.", (_always(_page(401, "Unauthorized")),)),
    Outage("all-404", "Everything is answered 404, as at a wrong address.", (_always(_page(404, "Not Found")),)),
    Outage("all-502", "Everything is answered 502.", (_always(_page(502, "Bad Gateway")),)),
    Outage("all-504", "Everything is answered 504.", (_always(_page(504, "Gateway Time-out")),)),
    Outage("all-cut", "Every connection is cut.", (_always(_CUT),)),
    Outage("all-redirect", "Everything is redirected to a login page.", (_always(_TO_LOGIN),)),
    Outage("all-not-gzip", "Everything is said to be gzip, and is not.", (_always(_NOT_GZIP),)),
    Outage("all-hang", "Nothing is ever answered.", (_always(_HANG),)),
    Outage("query-hangs", "Queries are never answered; the token operation works.", (_on_path(QUERY_PATH, _HANG),)),
    Outage("query-cut", "Queries are cut; the token operation works.", (_on_path(QUERY_PATH, _CUT),)),
    Outage("query-429", "Queries are answered 429; the token operation works.", (_on_path(QUERY_PATH, _TOO_MANY),)),
    Outage(
        "query-redirect",
        "Queries are redirected to a login page; the token operation works.",
        (_on_path(QUERY_PATH, _TO_LOGIN),),
    ),
    Outage(
        "query-not-gzip",
        "Queries' answers are said to be gzip, and are not; the token operation works.",
        (_on_path(QUERY_PATH, _NOT_GZIP),),
    ),
    Outage("hangs-half-way", f"Nothing is answered after {HALF_WAY} requests.", (_after(HALF_WAY, _HANG),)),
    Outage("all-502-half-way", f"502 after {HALF_WAY} requests.", (_after(HALF_WAY, _page(502, "Bad Gateway")),)),
    Outage("all-429-half-way", f"429 after {HALF_WAY} requests.", (_after(HALF_WAY, _TOO_MANY),)),
    Outage("token-hangs", "The token operation never answers.", (_on_path(TOKEN_PATH, _HANG),)),
    Outage("token-redirect", "The token operation redirects to a login page.", (_on_path(TOKEN_PATH, _TO_LOGIN),)),
    Outage("token-429", "The token operation is answered 429.", (_on_path(TOKEN_PATH, _TOO_MANY),)),
)
OUTAGES: Mapping[str, Outage] = MappingProxyType({outage.name: outage for outage in _ALL})
