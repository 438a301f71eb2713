"""Honest difficulties of the service itself: its pace, its order, its list that changes, and how it writes answers."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import Any

import anyio

from lineman.sandbox.operation import QUERY_PATH
from lineman.sandbox.pipeline import (
    ENCODE,
    HANDLE,
    REFUSE,
    RENDER,
    SELECT,
    TOKEN,
    Call,
    Document,
    Reply,
    StageHook,
    Step,
)
from lineman.sandbox.records import Record, lengthened, marked_up
from lineman.sandbox.responses import plain_error, token_document, token_lifetime
from lineman.sandbox.store import Selection
from lineman.sandbox.variants.base import Variant

_CHANGES_AFTER = (1, 2, 3, 5, 8, 13, 30, 60, 100, 150, 200, 250, 300, 350)
"""Where in a run a list may change only once: while it is first read, and in every part of the run."""

_LATE = 1.0
"""Seconds until the last server has learnt a token."""


async def _gzip(call: Call, proceed: Any) -> Reply:
    reply: Reply = await proceed(call)
    if "gzip" not in call.headers.get("accept-encoding", "") or reply.cut or not reply.body:
        return reply
    return replace(reply, body=gzip.compress(reply.body, mtime=0)).with_header("content-encoding", "gzip")


async def _close(call: Call, proceed: Any) -> Reply:
    reply: Reply = await proceed(call)
    return reply.with_header("connection", "close")


async def _slow(call: Call, proceed: Any) -> Reply:
    await anyio.sleep(0.15)
    reply: Reply = await proceed(call)
    return reply


async def _rate_limit(call: Call, proceed: Any) -> Reply:
    now = call.service.clock()
    recent: list[float] = call.service.memory.setdefault("rate-limit-25", [])
    recent[:] = [moment for moment in recent if now - 1 < moment <= now]
    if len(recent) >= 25:
        return Reply(429, b'{"error_msg":"Too many requests"}').with_header("retry-after", "1")
    recent.append(now)
    reply: Reply = await proceed(call)
    return reply


def _total_float(call: Call, proceed: Step[Document]) -> Document:
    document = proceed(call)
    document["data"]["total"] = float(document["data"]["total"])
    return document


def _order_by_code(call: Call, _proceed: Step[Selection]) -> Selection:
    return _reordered(call, _proceed, lambda record: (record.access_code, record.id), descending=False)


def _order_by_id_descending(call: Call, proceed: Step[Selection]) -> Selection:
    return _reordered(call, proceed, lambda record: (record.id, ""), descending=True)


def _reordered(call: Call, proceed: Step[Selection], key: Any, *, descending: bool) -> Selection:
    matches: tuple[Record, ...] = proceed(call.asking(limit=2**31, offset=0)).records
    ordered = sorted(matches, key=key, reverse=descending)
    start = call.query.offset
    return Selection(tuple(ordered[start : start + call.query.limit]), len(matches))


def _html_errors(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    return plain_error(reply.status, "html") if reply.status in {401, 403, 404} else reply


def _charset(call: Call, proceed: Step[Reply]) -> Reply:
    return proceed(call).with_header("content-type", "application/json;charset=UTF-8")


def _whitespace(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    text = json.dumps(json.loads(reply.body), ensure_ascii=False, indent=4)
    return replace(reply, body=f"\n {text}\t\n".encode())


def _escaped(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    return replace(reply, body=json.dumps(json.loads(reply.body), ensure_ascii=True).encode())


def _same_token(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    document = json.loads(reply.body)
    issued = call.service.tokens.find(document["AccessToken"])
    if issued is None:
        return reply
    kept = call.service.memory.setdefault("same-token", {})
    token = kept.get((issued.tenant, token_lifetime(call)))
    if token is None or not call.service.tokens.is_current(token):
        kept[issued.tenant, token_lifetime(call)] = token = issued
    left = max(1, int(token.expires - call.service.clock()))
    document = token_document(token.text, document["AppKey"], token.created, left)
    return replace(call, document=document).run(ENCODE)


def _single_token(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    tokens = call.service.tokens
    newest = tokens.find(json.loads(reply.body)["AccessToken"])
    if newest is not None:
        tokens.revoke_all(newest.tenant)
        tokens.issued[newest.text] = newest
    return reply


async def _late_replica(call: Call, proceed: Any) -> Reply:
    token = call.service.tokens.find(call.headers.get("authorization", "").removeprefix("Bearer "))
    if call.path == QUERY_PATH and token is not None and call.service.clock() < token.created + _LATE:
        refused: list[bytes] = call.service.memory.setdefault("late-replica", [])
        asked = call.service.memory["late-replica-asked"] = call.service.memory.get("late-replica-asked", 0) + 1
        if asked % 5 == 0 and call.body not in refused:
            refused.append(call.body)
            return plain_error(401, "gateway-json")
    reply: Reply = await proceed(call)
    return reply


def _changes_after(queries: int) -> Any:
    """A hook that changes the list once, before the query that follows the given number of them."""

    async def hook(call: Call, proceed: Any) -> Reply:
        if call.path == QUERY_PATH:
            seen = call.service.memory["changes-after"] = call.service.memory.get("changes-after", 0) + 1
            if seen == queries + 1:
                call.service.change(0)
        reply: Reply = await proceed(call)
        return reply

    return hook


SERVICE: tuple[Variant, ...] = (
    Variant("gzip", "Answers are compressed where the caller accepts it.", (StageHook(HANDLE, _gzip),)),
    Variant("close", "The connection is closed after every answer.", (StageHook(HANDLE, _close),)),
    Variant("total-float", "total is written 236.0: the page says Number.", (StageHook(RENDER, _total_float),)),
    Variant("order-by-code", "Records come in the order of their codes.", (StageHook(SELECT, _order_by_code),)),
    Variant("order-by-id-descending", "Records come newest id first.", (StageHook(SELECT, _order_by_id_descending),)),
    Variant("html-errors", "401, 403 and 404 are a gateway's HTML page.", (StageHook(REFUSE, _html_errors),)),
    Variant("rate-limit-25", "429 with Retry-After beyond 25 requests a second.", (StageHook(HANDLE, _rate_limit),)),
    Variant("slow-150ms", "Every answer takes 150 ms longer.", (StageHook(HANDLE, _slow),)),
    Variant("charset-parameter", "Content-Type says charset=UTF-8.", (StageHook(ENCODE, _charset),)),
    Variant("json-whitespace", "JSON is indented, with white space around it.", (StageHook(ENCODE, _whitespace),)),
    Variant("unicode-escaped", "All but ASCII is written as \\u escapes.", (StageHook(ENCODE, _escaped),)),
    Variant("moving", "The list changes twice a second, and never returns to an older state."),
    *(
        Variant(
            f"changes-after-{queries}", f"The list changes once, after {queries} queries.", (StageHook(HANDLE, hook),)
        )
        for queries in _CHANGES_AFTER
        for hook in (_changes_after(queries),)
    ),
    Variant("same-token", "The token operation gives the token that is still valid.", (StageHook(TOKEN, _same_token),)),
    Variant("single-token", "A new token makes the older ones unknown.", (StageHook(TOKEN, _single_token),)),
    Variant(
        "late-replica",
        "One of five servers knows a token only a second after it was issued; another takes the next try.",
        (StageHook(HANDLE, _late_replica),),
    ),
    Variant("long-texts", "Descriptions are thousands of characters long.", rewrite=lengthened),
    Variant("html-texts", "Descriptions are whole HTML pages.", rewrite=marked_up),
)
