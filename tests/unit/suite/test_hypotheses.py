"""Known mistakes: each explains the answers of a service that makes it, and of no honest one."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.contract.test_oracle import RECORDS, exchange, honest

from lineman.contract.model import Model, read_listing
from lineman.contract.oracle.compare import compare
from lineman.contract.query import parse_query
from lineman.exchange import Exchange
from lineman.suite.hypotheses import Explanation, explain

Row = dict[str, Any] | None
Answer = Callable[[dict[str, Any]], list[Row]]

QUERIES: list[dict[str, Any]] = [
    {},
    {"limit": 5},
    *({"limit": size, "offset": size * page} for size in (5, 7, 10) for page in (1, 2, 3)),
    {"mediatypeId": 2},
    {"mediatypeId": 2, "limit": 4},
    {"mediatypeId": 2, "limit": 4, "offset": 4},
]


def page(query: dict[str, Any]) -> list[Row]:
    return list(honest(query)[0])


def _everything(query: dict[str, Any]) -> list[Row]:
    filters = {name: value for name, value in query.items() if name not in ("limit", "offset")}
    return list(honest(filters)[0])


def _page_at(query: dict[str, Any], start: int) -> list[Row]:
    return _everything(query)[start:][: query.get("limit", 100)]


def page_number(query: dict[str, Any]) -> list[Row]:
    return _page_at(query, query.get("offset", 0) * query.get("limit", 100))


def page_number_from_one(query: dict[str, Any]) -> list[Row]:
    return _page_at(query, max(0, query.get("offset", 0) - 1) * query.get("limit", 100))


def first_again(query: dict[str, Any]) -> list[Row]:
    return _page_at(query, 0)


def loses_last(query: dict[str, Any]) -> list[Row]:
    found = page(query)
    return found[:-1] if len(found) > 5 else found


def filter_after_paging(query: dict[str, Any]) -> list[Row]:
    cut = RECORDS[query.get("offset", 0) :][: query.get("limit", 100)]
    return [r for r in cut if query.get("mediatypeId", r["mediatypeId"]) == r["mediatypeId"]]


def null_for_a_record(query: dict[str, Any]) -> list[Row]:
    return [None if row and row["id"] in ("993", "984") else row for row in page(query)]


def another_query(query: dict[str, Any]) -> list[Row]:
    """The answer to the query of the list before this one, where that has an offset."""
    before = QUERIES[QUERIES.index(query) - 1] if query in QUERIES else query
    return page(before if query.get("offset") else query)


def ask(answer: Answer) -> tuple[list[Exchange], set[int], Model]:
    """The answers of such a service, the numbers of the wrong ones, and the list as an honest reading has it."""
    listing = read_listing(parse_query({}), [exchange({"limit": 100}, RECORDS, len(RECORDS))])
    assert listing is not None
    model = Model(listings=[listing])
    exchanges = [
        replace(exchange(query, answer(query), honest(query)[1]), number=number)  # type: ignore[arg-type]
        for number, query in enumerate(QUERIES, start=1)
    ]
    return exchanges, {e.number for e in exchanges if compare(e, model)}, model


def explanation(answer: Answer) -> Explanation | None:
    return explain(*ask(answer))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (page_number, "offset is taken as the number of a page, counted from 0"),
        (page_number_from_one, "offset is taken as the number of a page, counted from 1"),
        (first_again, "the first page comes whatever offset says"),
        (loses_last, "every page with more than 5 records loses its last one"),
        (filter_after_paging, "the filter is applied after the page was cut out"),
        (another_query, "answers belong to other queries of the same run"),
        (null_for_a_record, "null comes in place of a record"),
    ],
)
def test_a_mistake_explains_every_answer_that_differs(answer: Answer, words: str) -> None:
    found = explanation(answer)
    assert found is not None
    assert found.hypothesis.words.startswith(words)
    _, wrong, _ = ask(answer)
    assert found.explained == wrong
    assert found.words.endswith(f"explains {len(wrong)} of {len(wrong)} answers that differ")


def test_an_honest_service_makes_no_mistake() -> None:
    assert explanation(page) is None


def test_one_right_answer_that_the_mistake_would_make_wrong_refutes_it() -> None:
    """Two sizes go wrong, the third does not: no known mistake says so."""

    def sometimes(query: dict[str, Any]) -> list[Row]:
        late = query.get("limit") == 5 and query.get("offset", 0) > 0
        return _page_at(query, query["offset"] + 1) if late else page(query)

    assert explanation(sometimes) is None
