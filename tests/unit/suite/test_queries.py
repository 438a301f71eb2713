"""Queries built from the records seen hit these records, or miss them for the reason that they were built for."""

import random
from typing import Any

import pytest

from lineman.suite.queries import QueryBuilder

RECORDS = tuple(
    {"id": str(n), "accessCode": f"40{n:04}", "mediatypeId": (2, 5, 53, 18)[n % 4], "description": f"Line {n} of Kiel"}
    for n in range(40)
)


@pytest.fixture
def builder() -> QueryBuilder:
    """A plain list."""
    return QueryBuilder(RECORDS, random.Random(1))  # noqa: S311 - reproducible choice, no secret


def found(filters: dict[str, Any]) -> int:
    """How many records an honest service finds."""
    texts = {name: value for name, value in filters.items() if isinstance(value, str)}
    return sum(
        all(text in record[name] for name, text in texts.items())  # type: ignore[operator]  # members that are texts
        and filters.get("mediatypeId", record["mediatypeId"]) == record["mediatypeId"]
        for record in RECORDS
    )


@pytest.mark.parametrize("count", [1, 2, 3, 10, 39, 40, 50])
def test_a_spread_has_the_last_record_and_no_record_twice(builder: QueryBuilder, count: int) -> None:
    some = builder.spread(RECORDS, count)
    assert len(some) == min(count, len(RECORDS))
    assert some[-1] is RECORDS[-1]
    assert len({record["id"] for record in some}) == len(some)


def test_a_text_that_no_request_can_carry_is_not_asked_for() -> None:
    records = (
        {"id": "1", "accessCode": "4\ud800"},
        {"id": "2", "accessCode": "4\x00"},
        {"id": "3", "accessCode": None},
    )
    builder = QueryBuilder(records, random.Random(1))  # noqa: S311 - reproducible choice, no secret
    assert builder.with_text("accessCode") == []
    assert builder.texts_of("accessCode") == []


def test_only_types_that_may_be_asked_for_are_asked_for_the_most_frequent_first(builder: QueryBuilder) -> None:
    assert set(builder.types) == {2, 5, 18, 53}
    assert set(builder.asked_types) == {2, 5, 53}
    assert builder.type_of(RECORDS[3]) is None


@pytest.mark.parametrize("name", ["accessCode", "description"])
def test_some_texts_are_found_and_some_nearly(builder: QueryBuilder, name: str) -> None:
    counts = [found({name: text}) for text in builder.texts_of(name)]
    assert 0 in counts
    assert len(RECORDS) >= max(counts) > 1
    assert 1 in counts


def test_conjunctions_hit_and_miss(builder: QueryBuilder) -> None:
    queries = builder.conjunctions()
    assert all(len(query) > 1 for query in queries)
    counts = [found({k: v for k, v in query.items() if k not in ("limit", "offset")}) for query in queries]
    assert 0 in counts
    assert max(counts) > 0


def test_sizes_stand_around_what_a_filter_finds(builder: QueryBuilder) -> None:
    queries = builder.filtered_sizes()
    assert queries
    for query in queries:
        count = found({k: v for k, v in query.items() if k not in ("limit", "offset")})
        assert abs(query["limit"] - count) <= 1


def test_near_misses_find_nothing_by_letter(builder: QueryBuilder) -> None:
    """Whoever takes them for patterns, trims or cuts them finds the real record."""
    assert {found(query) for query in builder.near_misses()} == {0}


def test_a_value_for_every_parameter_comes_from_one_record(builder: QueryBuilder) -> None:
    query = builder.one_of_each()
    assert set(query) == {"accessCode", "mediatypeId", "description", "limit", "offset"}
    assert found({k: v for k, v in query.items() if k not in ("limit", "offset")}) >= 1


def test_an_empty_list_builds_queries_all_the_same() -> None:
    builder = QueryBuilder((), random.Random(1))  # noqa: S311 - reproducible choice, no secret
    assert builder.conjunctions() == []
    assert builder.texts_of("accessCode") == []
    assert builder.wildcard_queries() == {}
    assert builder.varied_queries()
    assert builder.one_of_each()
