"""What the documentation promises for a query before any answer is known."""

from typing import Any

import pytest

from lineman.contract.query import parse_query


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"limit": 0},
        {"limit": 100},
        {"limit": 2**63},
        {"limit": 10, "offset": 90},
        {"offset": 100},
        {"mediatypeId": 53},
    ],
)
def test_a_valid_query_is_certain(query: dict[str, Any]) -> None:
    """When every parameter is in its range, then the answer can be predicted."""
    assert parse_query(query).is_specified


@pytest.mark.parametrize(
    ("query", "clause"),
    [
        ({"limit": -1}, "limit.negative"),
        ({"limit": "10"}, "limit.coercion"),
        ({"limit": 10.0}, "limit.coercion"),
        ({"offset": 110, "limit": 10}, "offset.over-maximum"),
        ({"offset": 5, "limit": 10}, "offset.misaligned"),
        ({"offset": -1}, "offset.negative"),
        ({"mediatypeId": 18}, "filter.media-type-undocumented"),
        ({"accessCode": ""}, "filter.empty-text"),
        ({"accessCode": None}, "request.null-property"),
        ({"pageSize": 1}, "request.unknown-property"),
    ],
)
def test_what_the_page_leaves_open_is_a_doubt(query: dict[str, Any], clause: str) -> None:
    """When the page is silent, then neither success nor refusal is expected."""
    asked = parse_query(query)
    assert clause in asked.unspecified
    assert not asked.invalid


@pytest.mark.parametrize("value", ["abc", True, False, [10], {"value": 10}])
@pytest.mark.parametrize("name", ["limit", "offset"])
def test_what_is_no_number_must_be_refused(name: str, value: object) -> None:
    """When a number is asked for and none is given, then the query is to be refused."""
    assert parse_query({name: value}).invalid == (f"{name}.type",)


@pytest.mark.parametrize(("limit", "size"), [(None, 100), (0, 0), (7, 7), (100, 100), (101, 100), (10**20, 100)])
def test_the_page_size_is_bounded(limit: int | None, size: int) -> None:
    """The default is 100, and more behaves as 100."""
    assert parse_query({} if limit is None else {"limit": limit}).page_size == size
