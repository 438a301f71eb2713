"""Faults of what a request leaves behind: a worker, or a connection, that still has part of a query that it refused."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from lineman.sandbox.faults.base import fault, peek
from lineman.sandbox.operation import QUERY_PATH
from lineman.sandbox.pipeline import HANDLE, INTERPRET, QUERY, Call, Query, Refusal, Reply, Step

_WORKERS = 4
"""Requests go to the workers in turn."""
_EMPTY = b'{"returnCode":"0","data":{"total":0,"calledRouteList":[]},"description":"success"}'


def _everybody(_call: Call) -> str:
    return "all"


def _worker(call: Call) -> str:
    return f"worker {call.number % _WORKERS}"


def _connection(call: Call) -> str:
    return call.connection


def _leftovers(call: Call, proceed: Step[Query], where: Callable[[Call], str], *names: str) -> Query:
    """Keep members of a query that is refused, and use them for the next one there that has none of its own."""
    kept: dict[str, dict[str, Any]] = call.service.memory.setdefault("leftovers", {})
    try:
        query = proceed(call)
    except Refusal:
        kept[where(call)] = {name: call.members[name] for name in names if _is_number_or_text(call.members.get(name))}
        raise
    left = kept.pop(where(call), {})
    missing = {name: value for name, value in left.items() if name not in call.members}
    if not missing:
        return query
    try:
        return proceed(replace(call, members={**call.members, **missing}))
    except Refusal:
        return query


def _is_number_or_text(value: Any) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool)


@fault(INTERPRET, "query.independent", "refused-offset-sticks", "Keeps the offset of a refused query for the next.")
def refused_offset_sticks(call: Call, proceed: Step[Query]) -> Query:
    return _leftovers(call, proceed, _everybody, "offset")


@fault(INTERPRET, "query.independent", "refused-limit-sticks", "Keeps the limit of a refused query for the next.")
def refused_limit_sticks(call: Call, proceed: Step[Query]) -> Query:
    return _leftovers(call, proceed, _everybody, "limit")


@fault(
    INTERPRET,
    "query.independent",
    "refused-page-sticks-to-worker",
    "Keeps the page of a refused query on one of four workers.",
)
def refused_page_sticks_to_worker(call: Call, proceed: Step[Query]) -> Query:
    return _leftovers(call, proceed, _worker, "limit", "offset")


@fault(
    INTERPRET,
    "query.independent",
    "refused-page-sticks-to-connection",
    "Keeps the page of a refused query on its connection.",
)
def refused_page_sticks_to_connection(call: Call, proceed: Step[Query]) -> Query:
    return _leftovers(call, proceed, _connection, "limit", "offset")


@fault(INTERPRET, "query.independent", "refused-filter-sticks", "Keeps the filters of a refused query for the next.")
def refused_filter_sticks(call: Call, proceed: Step[Query]) -> Query:
    return _leftovers(call, proceed, _everybody, "accessCode", "mediatypeId", "description")


def _empty_after(name: str, words: str, kind: str, reasons: frozenset[str]) -> None:
    """Declare the fault of a query that finds nothing after a refusal of one kind."""

    @fault(QUERY, "query.independent", f"empty-after-{name}", f"Finds nothing in the query after {words}.")
    def hook(call: Call, proceed: Step[Reply]) -> Reply:
        memory = call.service.memory
        try:
            reply = proceed(call)
        except Refusal as refusal:
            memory[f"empty-after-{name}"] = refusal.kind == kind and refusal.reason in reasons
            raise
        return Reply(200, _EMPTY) if memory.pop(f"empty-after-{name}", False) else reply


_empty_after("malformed", "a body that is no JSON", "request", frozenset(("json",)))
_empty_after("bad-type", "a member of a wrong type", "request", frozenset(("type",)))
_empty_after("bad-token", "an unknown token", "credentials", frozenset(("unknown",)))
_empty_after("no-token", "a request without a token", "credentials", frozenset(("missing",)))
_empty_after("bad-scheme", "another scheme than Bearer", "credentials", frozenset(("format",)))
_empty_after("foreign-key", "a foreign app key", "credentials", frozenset(("foreign",)))


@fault(
    HANDLE,
    "query.independent",
    "page-lost-after-unknown-path",
    "Ignores the page of the query after an unknown path.",
)
async def page_lost_after_unknown_path(call: Call, proceed: Step[Awaitable[Reply]]) -> Reply:
    memory = call.service.memory
    reply = await proceed(call)
    if call.path != QUERY_PATH:
        memory["after-unknown-path"] = reply.status in {400, 404}
        return reply
    lost = {"limit", "offset"} & peek(call).keys()
    if not memory.pop("after-unknown-path", False) or reply.status != 200 or not lost:
        return reply
    return await proceed(replace(call, body=_unpaged(call)))


def _unpaged(call: Call) -> bytes:
    members = {name: value for name, value in peek(call).items() if name not in {"limit", "offset"}}
    return json.dumps(members).encode()
