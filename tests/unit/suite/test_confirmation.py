"""A difference is proven on unchanged data, made small, and blamed on one clause; or it is not told."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.exchanges import page, record
from tests.unit.suite.lists import MemoryList, Reply, serving

from lineman.exchange import Request
from lineman.suite.preflight import open_service
from lineman.suite.service import Service

RECORDS = [record(number) | {"description": f"line {number}"} for number in range(120)]
LIST = MemoryList(RECORDS)


def judged(
    answer: Callable[[Request], Reply], query: dict[str, Any], *, asked: str = "total.counts-matches"
) -> Service:
    """Open honestly, then ask one query of a service that answers so."""
    service = serving(LIST)
    open_service(service)
    service.client.answer = answer  # type: ignore[attr-defined]  # the client in memory
    service.query("total.counts-matches", query)
    return service


def unclamped(request: Request) -> Reply:
    limit = (request.query or {}).get("limit", 100)
    return (200, page(RECORDS[:limit], len(RECORDS))) if limit > 100 else LIST(request)


def ignoring(name: str) -> Callable[[Request], Reply]:
    """As if the query had not that parameter."""
    return lambda request: LIST(Request.of({k: v for k, v in (request.query or {}).items() if k != name}))


def shifted(request: Request) -> Reply:
    """Every later page begins one record too far; the first and the last do not."""
    query = dict(request.query or {})
    return LIST(Request.of({**query, "offset": query["offset"] + 1}) if 0 < query.get("offset", 0) < 100 else request)


def short_where_filtered(request: Request) -> Reply:
    """A filter loses the last record of its page, and a page without one does not."""
    status, body = LIST(request)
    parts = json.loads(body)
    if set(request.query or {}) - {"limit", "offset"}:
        del parts["data"]["calledRouteList"][-1:]
    return status, json.dumps(parts).encode()


def boastful(request: Request) -> Reply:
    """A total that says one more than there is."""
    status, body = LIST(request)
    parts = json.loads(body)
    if "accessCode" in (request.query or {}):
        parts["data"]["total"] += 1
    return status, json.dumps(parts).encode()


def short_at_the_maximum(request: Request) -> Reply:
    """99 records where 100 are asked for by number."""
    short = (request.query or {}).get("limit") == 100 and not (request.query or {}).get("offset")
    return (200, page(RECORDS[:99], len(RECORDS))) if short else LIST(request)


@pytest.mark.parametrize(
    ("answer", "query", "clause", "smallest"),
    [
        (unclamped, {"limit": 110}, "limit.clamp", {"limit": 101}),
        (ignoring("accessCode"), {"accessCode": "40003", "limit": 50}, "filter.access-code", {"accessCode": "3"}),
        (ignoring("mediatypeId"), {"mediatypeId": 5, "limit": 20}, "filter.media-type", {"mediatypeId": 5}),
        (short_where_filtered, {"mediatypeId": 5, "limit": 20}, "filter.media-type", {"mediatypeId": 5, "limit": 100}),
        (boastful, {"accessCode": "4000", "limit": 20}, "total.counts-matches", {"accessCode": "4"}),
        (short_at_the_maximum, {"limit": 100}, "limit.maximum", {"limit": 100}),
        (shifted, {"offset": 20, "limit": 10}, "offset.pages", {"offset": 20, "limit": 1}),
    ],
)
def test_a_difference_is_blamed_on_its_clause_with_a_smaller_query(
    answer: Callable[[Request], Reply], query: dict[str, Any], clause: str, smallest: dict[str, Any]
) -> None:
    found = [finding for finding in judged(answer, query).finish() if finding.check == "model"]
    assert [finding.clause for finding in found] == [clause]
    assert found[0].exchanges[0].request.query == smallest


def test_a_record_that_was_added_meanwhile_is_no_violation() -> None:
    """The answer is right for the list as it is by then."""
    grown = MemoryList([*RECORDS, record(500)])
    service = judged(grown, {"limit": 5})
    assert service.finish() == []
    assert service.state.data_changes == 1


def test_a_list_that_changes_at_every_look_proves_nothing() -> None:
    added, everything = iter(range(500, 10_000)), list(RECORDS)

    def restless(request: Request) -> Reply:
        everything.append(record(next(added)))
        return MemoryList(everything)(request)

    service = judged(restless, {"limit": 5})
    assert service.finish() == []
    assert service.state.data_changes > 0


def test_an_answer_that_is_wrong_once_and_right_again_is_told_as_that() -> None:
    wrong = iter([True])

    def now_and_then(request: Request) -> Reply:
        hit = (request.query or {}).get("limit") == 9 and next(wrong, False)
        return (200, page(RECORDS[:8], len(RECORDS))) if hit else LIST(request)

    found = judged(now_and_then, {"limit": 9}).finish()
    assert found[0].clause == "query.repeatable"


def test_an_answer_that_belongs_to_another_query_is_told_as_that() -> None:
    """One that keeps the filter of the query before it."""
    kept: dict[str, Any] = {}

    def mixed(request: Request) -> Reply:
        query = dict(request.query or {})
        answer = LIST(Request.of({**kept, **query}))
        kept.clear()
        kept.update({"mediatypeId": query["mediatypeId"]} if "mediatypeId" in query else {})
        return answer

    service = serving(LIST)
    open_service(service)
    service.client.answer = mixed  # type: ignore[attr-defined]  # the client in memory
    service.query("query.independent", {"mediatypeId": 5, "limit": 6}, {"limit": 6}, {"mediatypeId": 2}, {"limit": 7})
    assert "query.independent" in {finding.clause for finding in service.finish()}
