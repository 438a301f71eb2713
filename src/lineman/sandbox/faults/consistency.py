"""Faults of answers that differ from one time to the next, or belong to another query."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import anyio

from lineman.sandbox.faults.base import every_nth, fault, is_success
from lineman.sandbox.pipeline import ENCODE, HANDLE, INTERPRET, RENDER, SELECT, Call, Document, Query, Reply, Step
from lineman.sandbox.store import Selection

_WINDOW = 0.02
"""Seconds between the filling of what requests share and its use: without a wait no two would overlap."""

SMALL = 50
"""Pages of fewer records than this are small."""


@fault(SELECT, "query.repeatable", "seventh-loses-last", "Loses the last record of every seventh answer.")
def seventh_loses_last(call: Call, proceed: Step[Selection]) -> Selection:
    selection = proceed(call)
    return replace(selection, records=selection.records[:-1]) if every_nth(call, "seventh-loses-last", 7) else selection


@fault(SELECT, "query.repeatable", "thirteenth-empty", "Finds nothing in every thirteenth answer.")
def thirteenth_empty(call: Call, proceed: Step[Selection]) -> Selection:
    return Selection((), 0) if every_nth(call, "thirteenth-empty", 13) else proceed(call)


@fault(
    RENDER,
    "query.repeatable",
    "old-service-number",
    "Shows an old service number of the first record now and then.",
    sole=True,
)
def old_service_number(call: Call, proceed: Step[Document]) -> Document:
    document = proceed(call)
    if document["data"]["calledRouteList"] and every_nth(call, "old-service-number", 13):
        document["data"]["calledRouteList"][0]["n400Number"] = "4009990000"
    return document


@fault(RENDER, "query.repeatable", "total-wavers", "Counts one record more in every second answer.")
def total_wavers(call: Call, proceed: Step[Document]) -> Document:
    document = proceed(call)
    document["data"]["total"] += every_nth(call, "total-wavers", 2)
    return document


@fault(SELECT, "query.repeatable", "stale-replica", "Answers every fifth query from the list as it was at first.")
def stale_replica(call: Call, proceed: Step[Selection]) -> Selection:
    memory: dict[int, Any] = call.service.memory.setdefault("stale-replica", {})
    first = memory.setdefault(call.tenant, call.service.store.everything(call.tenant))
    if not every_nth(call, "stale-turn", 5):
        return proceed(call)
    selection = proceed(call)
    old = {record.id: record for record in first[: len(first) - 3]}
    kept = tuple(old[record.id] for record in selection.records if record.id in old)
    return Selection(kept, max(len(kept), selection.total - 3))


@fault(
    SELECT,
    "query.repeatable",
    "two-lists-in-turn",
    "Answers a dozen queries from the list, then a dozen from an older one.",
)
def two_lists_in_turn(call: Call, proceed: Step[Selection]) -> Selection:
    asked = call.service.memory["two-lists"] = call.service.memory.get("two-lists", 0) + 1
    if asked // 12 % 2 == 0:
        return proceed(call)
    newest = max(record.id for record in call.service.store.everything(call.tenant))
    matches = proceed(call.asking(limit=2**31, offset=0)).records
    kept = tuple(record for record in matches if record.id != newest)
    start = call.query.offset
    return Selection(kept[start : start + call.query.limit], len(kept))


def _remembered(call: Call, proceed: Step[Selection], key: Callable[[Query], object]) -> Selection:
    """The answer before, where its query is the same but for what the key leaves out."""
    last: dict[int, tuple[object, Selection]] = call.service.memory.setdefault("cache", {})
    wanted = key(call.query)
    known = last.get(call.tenant)
    if known is not None and known[0] == wanted:
        return known[1]
    selection = proceed(call)
    last[call.tenant] = (wanted, selection)
    return selection


@fault(SELECT, "query.independent", "cache-without-offset", "Remembers its last answer without the offset.")
def cache_without_offset(call: Call, proceed: Step[Selection]) -> Selection:
    return _remembered(call, proceed, lambda query: (query.criteria, query.limit))


@fault(
    SELECT, "query.independent", "cache-without-description", "Remembers its last small page without the description."
)
def cache_without_description(call: Call, proceed: Step[Selection]) -> Selection:
    if call.query.limit >= SMALL:
        return proceed(call)
    return _remembered(call, proceed, lambda query: replace(query, criteria=replace(query.criteria, description=None)))


@fault(SELECT, "query.independent", "cache-without-limit", "Remembers its last answer without the limit.")
def cache_without_limit(call: Call, proceed: Step[Selection]) -> Selection:
    return _remembered(call, proceed, lambda query: (query.criteria, query.offset))


@fault(SELECT, "query.independent", "cache-without-media-type", "Remembers its last small page without the media type.")
def cache_without_media_type(call: Call, proceed: Step[Selection]) -> Selection:
    if call.query.limit >= SMALL:
        return proceed(call)
    return _remembered(call, proceed, lambda query: replace(query, criteria=replace(query.criteria, media_type=None)))


@fault(INTERPRET, "query.independent", "media-type-sticks", "Keeps the media type of the query before for small pages.")
def media_type_sticks(call: Call, proceed: Step[Query]) -> Query:
    query = proceed(call)
    before = call.service.memory.get("media-type-sticks")
    call.service.memory["media-type-sticks"] = query.criteria.media_type
    if query.criteria.media_type is None and before is not None and query.limit < SMALL:
        return replace(query, criteria=replace(query.criteria, media_type=before))
    return query


@fault(INTERPRET, "query.independent", "offset-sticks", "Keeps the offset of the query before where there is none.")
def offset_sticks(call: Call, proceed: Step[Query]) -> Query:
    query = proceed(call)
    before = call.service.memory.get("offset-sticks", 0)
    call.service.memory["offset-sticks"] = query.offset
    return replace(query, offset=before) if "offset" not in call.members else query


@fault(HANDLE, "query.independent", "shared-buffer", "Keeps answers in one buffer for all requests in flight.")
async def shared_buffer(call: Call, proceed: Step[Awaitable[Reply]]) -> Reply:
    reply = await proceed(call)
    if b'"calledRouteList"' not in reply.body:
        return reply
    call.service.memory["buffer"] = reply
    await anyio.sleep(_WINDOW)
    shared: Reply = call.service.memory["buffer"]
    return shared


@fault(HANDLE, "query.independent", "shared-total", "Mixes totals of requests that are in flight together.")
async def shared_total(call: Call, proceed: Step[Awaitable[Reply]]) -> Reply:
    reply = await proceed(call)
    head, member, tail = reply.body.partition(b'"total":')
    if not member:
        return reply
    own = tail.partition(b",")[0]
    call.service.memory["buffered-total"] = own
    await anyio.sleep(_WINDOW)
    shared: bytes = call.service.memory["buffered-total"]
    return replace(reply, body=head + member + shared + tail[len(own) :])


@fault(HANDLE, "query.independent", "shared-request", "Reads the body of another request that is in flight.")
async def shared_request(call: Call, proceed: Step[Awaitable[Reply]]) -> Reply:
    if "authorization" not in call.headers or not call.body.startswith(b"{") or b"app_" in call.body:
        return await proceed(call)
    call.service.memory["body"] = call.body
    await anyio.sleep(_WINDOW)
    return await proceed(replace(call, body=call.service.memory["body"]))


@fault(ENCODE, "query.independent", "previous-answer-now-and-then", "Sends the answer before in every seventh answer.")
def previous_answer_now_and_then(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    if not is_success(call):
        return reply
    name = f"previous-{call.tenant}"
    before: Reply = call.service.memory.get(name, reply)
    call.service.memory[name] = reply
    return before if every_nth(call, "previous-answer", 7) else reply


@fault(
    ENCODE,
    "query.independent",
    "rare-mix-up",
    "Sends the answer to another query once in some forty answers.",
    sole=True,
)
def rare_mix_up(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    if not is_success(call) or not call.selection.records:
        return reply
    memory, name = call.service.memory, f"rare-mix-up-{call.tenant}"
    total, before = memory.get(name, (call.selection.total, reply))
    memory[name] = (call.selection.total, reply)
    memory["since-mix-up"] = since = memory.get("since-mix-up", 0) + 1
    if since < 43 or total == call.selection.total:
        return reply
    memory["since-mix-up"] = 0
    mixed: Reply = before
    return mixed
