"""Does a request that was refused leave something behind? Each kind of refusal, and valid queries directly after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from lineman.contract.answer import AnswerKind, answer_kind
from lineman.contract.finding import Finding
from lineman.contract.operation import document
from lineman.contract.oracle.comparison import describe
from lineman.exchange import AppKey, Credential, Exchange, Request
from lineman.message import Message
from lineman.suite.mismatch import Mismatch, Requery
from lineman.suite.queries import QueryBuilder

CLAUSE = "query.independent"
_ON_OTHERS = 4
"""Queries sent together after a refused page: as many as a small service has workers, so that the one that was left
with it is among those that answer."""
_NEAR = 12
"""How many requests before a wrong answer a refusal may have been: a few are on their way at a time."""
_KINDS = 3
"""Refusals of different kinds that are tried for one wrong answer."""
_MOST_TRIED = 6
"""Refusals tried in a run; each costs seven requests."""
_REFUSALS = (AnswerKind.REFUSAL, AnswerKind.UNAUTHORISED, AnswerKind.NOT_FOUND)
_NOTE = "directly after a refusal"


def refusals_and_queries(data: QueryBuilder) -> Iterator[tuple[Request, tuple[Request, ...]]]:
    """Requests that must be refused, each with the valid queries that follow it."""
    paging = document().paging
    unpaged, paged = _valid({}), _valid(paging.page(5, 5))
    for refused in _refused_pages(data):
        yield refused, (unpaged,) * _ON_OTHERS
    yield _refused_filters(data), (unpaged,)
    for refused in _other_refusals():
        yield refused, (paged,)


def _valid(query: dict[str, Any]) -> Request:
    return Request.of(query, CLAUSE, note=_NOTE)


def _refused_pages(data: QueryBuilder) -> Iterator[Request]:
    """A good page beside a filter of a wrong type: what was read of it may stay behind."""
    query = {**document().paging.page(7, 14), data.code.name: [12]}
    yield Request.of(query, "error.no-internals", note="a page beside a filter of a wrong type", retry=False)


def _refused_filters(data: QueryBuilder) -> Request:
    """Good filters beside a limit that is no number."""
    values = data.one_of_each()
    size = document().paging.size
    query = {**{name: values[name] for name in document().filters if name in values}, size: "abc'\""}
    return Request.of(query, "limit.type", note="filters beside a limit that is no number", retry=False)


def _other_refusals() -> Iterator[Request]:
    yield Request(("request.malformed-json",), body=b'{"', note="cut short in a name", retry=False)
    yield Request.of({}, "auth.required", credential=Credential.NONE, note="no Authorization header")
    yield _given("Digest {token}", "auth.bearer-format", "another scheme of six letters, Digest")
    yield _given("Bearer {unknown}", "auth.unknown-token", "a token never issued")
    yield Request.of({}, "auth.foreign-app-key", app_key=AppKey.UNKNOWN, note="with nobody's X-APP-Key")
    yield Request.of({}, "request.path", path=f"{document().query_path}/none", note="a path below it")


def _given(template: str, clause: str, note: str) -> Request:
    return Request.of({}, clause, credential=Credential.GIVEN, authorization=template, note=note)


def left_behind(requery: Requery, mismatch: Mismatch) -> Finding | None:
    """A wrong answer that comes again directly after a refusal, and only there: what the refused request left."""
    mine = mismatch.exchange.request
    for refused in _refused_before(requery, mismatch.exchange):
        if requery.refusals_tried >= _MOST_TRIED:
            return None
        requery.refusals_tried += 1
        before = requery.ask([mine])
        (refusal,) = requery.ask([refused.request])
        after = requery.ask([mine] * _ON_OTHERS)
        wrong = requery.mismatches(after)
        if requery.mismatches(before):
            return None
        if wrong and not requery.mismatches(requery.ask([mine])):
            return _left(wrong[0], refusal, before[0])
    return None


def _refused_before(requery: Requery, exchange: Exchange) -> list[Exchange]:
    """The last refusals of different kinds before an exchange, the latest first."""
    near = [
        other
        for other in requery.recorder.exchanges
        if exchange.number - _NEAR <= other.number < exchange.number and answer_kind(other) in _REFUSALS
    ]
    return list({(other.request.clauses, other.status): other for other in near}.values())[::-1][:_KINDS]


def _left(wrong: Mismatch, refusal: Exchange, right: Exchange) -> Finding:
    said = refusal.request.note or "of another query"
    return replace(
        wrong.findings[0],
        clause=CLAUSE,
        summary=Message.of(
            "Directly after a request that was refused ({refused}) the query ({query}) is answered otherwise.",
            refused=said,
            query=describe(wrong.asked),
        ),
        exchanges=(wrong.exchange, refusal, right),
        parameter="refusal",
        constraint="leaves nothing behind",
        observed="another answer",
    )
