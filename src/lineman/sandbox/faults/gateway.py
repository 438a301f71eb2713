"""Faults of one kind of request that always ends at the gateway, while every other is answered.

Behind nginx a worker that crashes on certain requests looks exactly like this. The family is the product of two tables,
what happens and to which requests; its faults are named ``gateway-HAPPENING-REQUESTS``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from lineman.sandbox.faults.base import document_of, fault, peek
from lineman.sandbox.operation import QUERY_PATH, TOKEN_PATH
from lineman.sandbox.pipeline import AUTHENTICATE, HANDLE, LARGEST_OFFSET, PAGE_SIZE, QUERY, Call, Refusal, Reply, Step

Happens = Callable[[Call, dict[str, Any]], bool]


def _page(status: int, title: str) -> Reply:
    body = f"<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>{status} {title}</body>\r\n</html>\r\n"
    return Reply(status, body.encode(), (("content-type", "text/html"),))


HAPPENINGS: Mapping[str, tuple[Reply, str]] = MappingProxyType(
    {
        "502": (_page(502, "Bad Gateway"), "502 for"),
        "503": (_page(503, "Service Temporarily Unavailable"), "503 for"),
        "504": (_page(504, "Gateway Time-out"), "504 for"),
        "cut": (Reply(200, b'{"ret', cut=True), "Cuts the connection on"),
        "hang": (Reply(200, b"", hang=True), "Never answers"),
        "401": (_page(401, "Unauthorized"), "401, with good credentials, for"),
        "403": (_page(403, "Forbidden"), "403, with good credentials, for"),
        "429": (_page(429, "Too Many Requests"), "429, however slowly it is asked, for"),
    }
)
"""What happens: the reply, and how it is said."""


@dataclass(frozen=True, slots=True)
class Requests:
    """A kind of request: which they are, in words too, and the clause that they are asked for."""

    clause: str
    words: str
    are: Happens
    credentials: str = "good"
    """``good`` where only requests with good credentials count, ``any``, or the reason why they are refused."""


def _text_with(wanted: Callable[[str], bool]) -> Happens:
    def are(_call: Call, members: dict[str, Any]) -> bool:
        texts = (members.get("accessCode"), members.get("description"))
        return any(isinstance(text, str) and wanted(text) for text in texts)

    return are


def _has(*names: str) -> Happens:
    return lambda _call, members: all(members.get(name) not in {None, ""} for name in names)


def _equals(name: str, *values: int) -> Happens:
    return lambda _call, members: type(members.get(name)) is int and members[name] in values


def _above(name: str, least: int, most: float = float("inf")) -> Happens:
    return lambda _call, members: type(members.get(name)) is int and least < members[name] <= most


def _no_number(name: str) -> Happens:
    return lambda _call, members: isinstance(members.get(name), str | bool | list | dict)


def _body(*starts: bytes) -> Happens:
    """Bodies that are no JSON object, by how they begin; with none given, all of them."""

    def are(call: Call, members: dict[str, Any]) -> bool:
        body = call.body.strip()
        return not members and bool(body) and body != b"{}" and (not starts or body.startswith(starts))

    return are


def _is_query(call: Call) -> bool:
    return call.path == QUERY_PATH and call.method == "POST"


_BARE = b'-0123456789tfn"'
_KINDS: Mapping[str, Requests] = MappingProxyType(
    {
        "code": Requests("filter.access-code", "queries with an access code", _has("accessCode")),
        "description": Requests("filter.description", "queries with a description", _has("description")),
        "media-type": Requests("filter.media-type", "queries with a media type", _has("mediatypeId")),
        "media-type-2": Requests("filter.media-type", "media type 2", _equals("mediatypeId", 2)),
        "media-type-5": Requests("filter.media-type", "media type 5", _equals("mediatypeId", 5)),
        "media-type-53": Requests("filter.media-type", "media type 53", _equals("mediatypeId", 53)),
        "code-and-description": Requests("filter.conjunction", "both texts", _has("accessCode", "description")),
        "code-and-media-type": Requests("filter.conjunction", "a code and a type", _has("accessCode", "mediatypeId")),
        "description-and-media-type": Requests(
            "filter.conjunction", "a description and a type", _has("description", "mediatypeId")
        ),
        "cjk": Requests("filter.any-text", "texts in Chinese", _text_with(lambda t: any("一" <= c <= "鿿" for c in t))),
        "emoji": Requests("filter.any-text", "emoji", _text_with(lambda t: any(ord(c) > 0xFFFF for c in t))),
        "not-ascii": Requests("filter.any-text", "texts beyond ASCII", _text_with(lambda t: not t.isascii())),
        "combining": Requests(
            "filter.any-text", "combining marks", _text_with(lambda t: "\u0301" in t or "\u0308" in t)
        ),
        "quote": Requests("filter.any-text", "apostrophes", _text_with(lambda t: "'" in t)),
        "double-quote": Requests("filter.any-text", "double quotes", _text_with(lambda t: '"' in t)),
        "backslash": Requests("filter.any-text", "backslashes", _text_with(lambda t: "\\" in t)),
        "percent": Requests("filter.any-text", "percent signs", _text_with(lambda t: "%" in t)),
        "underscore": Requests("filter.any-text", "underscores", _text_with(lambda t: "_" in t)),
        "bracket": Requests("filter.any-text", "brackets", _text_with(lambda t: any(c in t for c in "[(<{"))),
        "nul": Requests("filter.any-text", "NUL", _text_with(lambda t: "\0" in t)),
        "long-text": Requests("filter.any-text", "texts of over 200 characters", _text_with(lambda t: len(t) > 200)),
        "no-match": Requests("answer.status", "texts that nothing has", lambda call, _members: _finds_nothing(call)),
        "limit": Requests("limit.page-size", "queries with a limit below 100", _above("limit", 0, PAGE_SIZE - 1)),
        "limit-zero": Requests("limit.zero", "limit 0", _equals("limit", 0)),
        "limit-one": Requests("limit.page-size", "limit 1", _equals("limit", 1)),
        "limit-hundred": Requests("limit.maximum", "limit 100", _equals("limit", PAGE_SIZE)),
        "limit-none": Requests(
            "limit.default", "queries without a limit", lambda _call, members: "limit" not in members
        ),
        "limit-over": Requests("limit.clamp", "limit above 100", _above("limit", PAGE_SIZE)),
        "limit-101": Requests("limit.clamp", "limit 101", _equals("limit", 101)),
        "limit-31-bits": Requests("limit.clamp", "limit from 2^31 on", _above("limit", 2**31 - 1)),
        "limit-63-bits": Requests("limit.clamp", "limit from 2^63 on", _above("limit", 2**63 - 1)),
        "limit-no-number": Requests("limit.type", "a limit that is no number", _no_number("limit")),
        "offset-none": Requests(
            "offset.default", "queries without an offset", lambda _call, members: "offset" not in members
        ),
        "offset-zero": Requests("offset.default", "offset 0", _equals("offset", 0)),
        "offset": Requests("offset.pages", "queries with an offset from 1 to 100", _above("offset", 0, LARGEST_OFFSET)),
        "offset-hundred": Requests("offset.maximum", "offset 100", _equals("offset", LARGEST_OFFSET)),
        "offset-beyond": Requests(
            "offset.beyond-total", "pages behind the last record", lambda call, _members: _is_beyond(call)
        ),
        "offset-no-number": Requests("offset.type", "an offset that is no number", _no_number("offset")),
        "empty-object": Requests(
            "request.all-optional", "queries without a member", lambda call, _members: call.body.strip() == b"{}"
        ),
        "example": Requests(
            "request.example",
            "the documented example",
            _has("accessCode", "mediatypeId", "description", "limit"),
        ),
        "malformed": Requests("request.malformed-json", "bodies that are no JSON object", _body()),
        "malformed-object": Requests("request.malformed-json", "objects that do not end", _body(b"{")),
        "malformed-array": Requests("request.malformed-json", "arrays", _body(b"[")),
        "malformed-scalar": Requests(
            "request.malformed-json", "single values", _body(*(bytes([each]) for each in _BARE))
        ),
        "get": Requests(
            "request.method",
            "GET",
            lambda call, _members: call.path == QUERY_PATH and call.method == "GET",
            "any",
        ),
        "unknown-path": Requests(
            "request.path", "unknown paths", lambda call, _members: call.path not in {QUERY_PATH, TOKEN_PATH}, "any"
        ),
        "no-credentials": Requests("auth.required", "callers without a token", lambda *_: True, "missing"),
        "bad-scheme": Requests("auth.bearer-format", "other schemes than Bearer", lambda *_: True, "format"),
        "unknown-token": Requests("auth.unknown-token", "unknown tokens", lambda *_: True, "unknown"),
        "expired-token": Requests("auth.expired-token", "expired tokens", lambda *_: True, "expired"),
        "app-key": Requests(
            "auth.app-key-optional", "queries with X-APP-Key", lambda call, _members: "x-app-key" in call.headers
        ),
        "foreign-app-key": Requests("auth.foreign-app-key", "foreign app keys", lambda *_: True, "foreign"),
    }
)
_REPRESENTATIVES = frozenset(
    (
        *(("502", kind) for kind in ("limit-zero", "code", "media-type-53", "limit-over", "malformed-array")),
        *(("504", kind) for kind in ("description", "offset-hundred", "unknown-token")),
        *(("503", kind) for kind in ("limit-none", "offset-beyond", "limit-no-number")),
        *(("cut", kind) for kind in ("cjk", "nul", "malformed-object", "example")),
        *(("hang", kind) for kind in ("emoji", "limit-hundred", "code-and-media-type")),
        *(("401", kind) for kind in ("description", "limit-zero")),
        *(("403", kind) for kind in ("offset", "quote", "limit-101")),
        ("429", "media-type"),
    )
)
"""Each happening, and each table of requests, more than once."""
_LOOK_LIKE_REFUSALS = frozenset(("401", "403"))
_CREDENTIAL_CLAUSES = "auth."


def _finds_nothing(call: Call) -> bool:
    """Whether a query with a text is answered that nothing matches."""
    members = peek(call)
    if not (members.get("accessCode") or members.get("description")):
        return False
    return _answered_total(call) == 0


def _is_beyond(call: Call) -> bool:
    offset = peek(call).get("offset")
    if type(offset) is not int or not 0 < offset <= LARGEST_OFFSET:
        return False
    total = _answered_total(call)
    return total is not None and 0 < total <= offset


def _answered_total(call: Call) -> int | None:
    """The total of the honest answer; None where it is refused."""
    try:
        data = document_of(call.run(QUERY)).get("data") or {}
    except (Refusal, ValueError):
        return None
    total: int | None = data.get("total")
    return total


def _credentials(call: Call) -> str:
    """``good``, or the reason why they are refused."""
    try:
        call.run(AUTHENTICATE)
    except Refusal as refusal:
        return refusal.reason
    return "good"


def _concerns(requests: Requests, call: Call) -> bool:
    if requests.credentials == "any":
        return requests.are(call, peek(call))
    return _is_query(call) and _credentials(call) == requests.credentials and requests.are(call, peek(call))


def _family() -> Iterator[tuple[str, str]]:
    """Every happening with every kind of request; 401 and 403 are the right answers to bad credentials."""
    for happening in HAPPENINGS:
        for kind, requests in _KINDS.items():
            if happening not in _LOOK_LIKE_REFUSALS or not requests.clause.startswith(_CREDENTIAL_CLAUSES):
                yield happening, kind


def _declare(happening: str, kind: str) -> None:
    reply, says = HAPPENINGS[happening]
    requests = _KINDS[kind]

    @fault(
        HANDLE,
        requests.clause,
        f"gateway-{happening}-{kind}",
        f"{says} {requests.words}; all else is answered.",
        representative=(happening, kind) in _REPRESENTATIVES,
    )
    async def hook(call: Call, proceed: Step[Awaitable[Reply]]) -> Reply:
        return reply if _concerns(requests, call) else await proceed(call)


for _happening, _kind in _family():
    _declare(_happening, _kind)
