"""The model's judgement on single answers: which clause each kind of difference breaks."""

from collections.abc import Sequence
from typing import Any

import pytest
from tests.unit.exchanges import answered, page

from lineman.contract.finding import Record
from lineman.contract.model import Model, read_listing
from lineman.contract.oracle.compare import compare
from lineman.contract.query import parse_query
from lineman.exchange import Exchange, Request

RECORDS: list[dict[str, Any]] = [
    {"id": str(1000 - n), "accessCode": f"40{n:03}", "mediatypeId": (2, 5, 53)[n % 3], "description": f"line {n}"}
    for n in range(30)
]


def exchange(
    query: dict[str, Any], records: Sequence[Record], total: int, *, status: int = 200, code: str = "0"
) -> Exchange:
    """An exchange with this answer."""
    return answered(Request.of(query, "test"), status, page(records, total, code))


@pytest.fixture
def model() -> Model:
    """A list that was read whole."""
    listing = read_listing(parse_query({}), [exchange({"limit": 100}, RECORDS, 30)])
    assert listing is not None
    return Model(listings=[listing], no_match={'200 returnCode "0"'})


def honest(query: dict[str, Any]) -> tuple[list[dict[str, Any]], int]:
    """The answer that the documentation asks for."""
    found = [
        r
        for r in RECORDS
        if query.get("accessCode", "") in r["accessCode"]
        and query.get("description", "") in r["description"]
        and query.get("mediatypeId", r["mediatypeId"]) == r["mediatypeId"]
    ]
    start = query.get("offset", 0)
    return found[start : start + min(query.get("limit", 100), 100)], len(found)


QUERIES: list[dict[str, Any]] = [
    {},
    {"limit": 0},
    {"limit": 7},
    {"limit": 500},
    {"limit": 10, "offset": 20},
    {"limit": 10, "offset": 30},
    {"mediatypeId": 5},
    {"accessCode": "01"},
    {"description": "line 2", "mediatypeId": 53},
    {"accessCode": "no such code"},
]


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_the_honest_answer_is_not_accused(query: dict[str, Any], model: Model) -> None:
    """When the answer is the predicted one, then nothing is found."""
    records, total = honest(query)
    assert compare(exchange(query, records, total), model) == []


@pytest.mark.parametrize(
    ("query", "records", "total", "clause"),
    [
        ({}, RECORDS[:10], 30, "limit.default"),
        ({"limit": 100}, RECORDS[:29], 30, "limit.maximum"),
        ({"limit": 7}, RECORDS[:8], 30, "limit.page-size"),
        ({"limit": 0}, RECORDS[:1], 30, "limit.zero"),
        ({"limit": 500}, RECORDS[:20], 30, "limit.clamp"),
        ({"limit": 10, "offset": 10}, RECORDS[11:21], 30, "offset.pages"),
        ({"limit": 10}, RECORDS[5:15], 30, "offset.default"),
        ({"limit": 10, "offset": 30}, RECORDS[:10], 30, "offset.beyond-total"),
        ({"limit": 10, "offset": 0}, RECORDS[9::-1], 30, "order.stable"),
        ({"limit": 10}, RECORDS[:10], 10, "total.counts-matches"),
        ({"mediatypeId": 5}, RECORDS, 30, "filter.media-type"),
        ({"accessCode": "4000"}, [], 0, "filter.access-code"),
        ({"description": "line 2"}, [], 0, "filter.description"),
        ({"accessCode": "4000", "mediatypeId": 5}, RECORDS[:10], 10, "filter.conjunction"),
        ({"accessCode": "'"}, RECORDS[:1], 1, "filter.any-text"),
    ],
)
def test_a_difference_breaks_its_clause(
    query: dict[str, Any], records: list[dict[str, Any]], total: int, clause: str, model: Model
) -> None:
    """When the answer differs in one way, then the clause that forbids it is named first."""
    findings = compare(exchange(query, records, total), model)
    assert [finding.clause for finding in findings][:1] == [clause]


def test_a_changed_member_is_no_paging_fault(model: Model) -> None:
    """When a record shows another description than before, then the answer does not repeat itself."""
    changed = [RECORDS[0] | {"description": "other"}, *RECORDS[1:10]]
    assert [f.clause for f in compare(exchange({"limit": 10}, changed, 30), model)] == ["query.repeatable"]


@pytest.mark.parametrize(
    ("query", "clause"),
    [
        ({"limit": 0}, "limit.zero"),
        ({"limit": 101}, "limit.clamp"),
        ({"limit": 100}, "limit.maximum"),
        ({"offset": 100}, "offset.maximum"),
        ({"mediatypeId": 53}, "filter.media-type"),
        ({"description": "'"}, "filter.any-text"),
        ({}, "request.all-optional"),
    ],
)
def test_a_refused_valid_query_breaks_the_clause_of_its_parameter(query: dict[str, Any], clause: str) -> None:
    """When a certain query is refused, then its parameter's clause is broken."""
    empty = Model(no_match={'200 returnCode "0"'})
    refused = exchange(query, [], 0, status=400, code="1")
    assert [finding.clause for finding in compare(refused, empty)] == [clause]


def test_a_target_may_say_no_match_in_its_own_way(model: Model) -> None:
    """When plain queries without a match are refused with a returnCode, then so may others be."""
    model.no_match = {'200 returnCode "0404"'}
    assert compare(exchange({"description": "zzz"}, [], 0, code="0404"), model) == []
    assert compare(exchange({"description": "line"}, [], 0, code="0404"), model) != []


def test_fingerprints_name_the_break_and_not_the_data(model: Model) -> None:
    """Two queries that show the same break have one fingerprint; another break has another."""
    one, other = (compare(exchange({"limit": n}, RECORDS[: n - 1], 30), model)[0] for n in (5, 9))
    third = compare(exchange({"limit": 9}, RECORDS[:10], 30), model)[0]
    assert one.fingerprint == other.fingerprint
    assert one.fingerprint != third.fingerprint
    assert one.fingerprint.startswith("limit.page-size-")


def test_no_more_records_are_expected_than_a_page_has(model: Model) -> None:
    (finding,) = compare(exchange({"accessCode": "400", "limit": 2}, [], 0), model)
    assert finding.clause == "filter.access-code"
    assert len(finding.expected) == 2


def test_records_that_were_never_read_are_not_expected_to_be_none() -> None:
    """Of a list of 300 records 30 were read; the page at 100 shows the first ones again."""
    listing = read_listing(parse_query({}), [exchange({"limit": 30}, RECORDS, 300)])
    assert listing is not None
    found = compare(exchange({"limit": 10, "offset": 100}, RECORDS[:10], 300), Model(listings=[listing]))
    assert [finding.clause for finding in found] == ["offset.maximum"]
    assert found[0].expected != []
