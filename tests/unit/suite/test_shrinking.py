"""Smaller queries, and queries that tell causes apart."""

from lineman.contract.query import parse_query
from lineman.suite.shrinking import counterfactuals, explicit_query, smaller_queries, with_companions


def test_smaller_queries_leave_a_parameter_out_first() -> None:
    """The boldest step comes first, then shorter texts and smaller numbers."""
    smaller = list(smaller_queries({"accessCode": "4000", "limit": 50}))
    assert smaller[:2] == [{"limit": 50}, {"accessCode": "4000"}]
    assert {"accessCode": "40", "limit": 50} in smaller
    assert {"accessCode": "4000", "limit": 1} in smaller
    assert all(query != {"accessCode": "4000", "limit": 50} for query in smaller)


def test_a_limit_above_the_maximum_stays_above_it() -> None:
    """Otherwise another clause would be asked about."""
    limits = [query["limit"] for query in smaller_queries({"limit": 1000}) if "limit" in query]
    assert limits == [101]


def test_a_default_is_told_from_its_explicit_value() -> None:
    """limit.default asks for 100, offset.default for 0; other clauses have no explicit twin."""
    asked = parse_query({"accessCode": "4"})
    assert explicit_query("limit.default", asked) == {"accessCode": "4", "limit": 100}
    assert explicit_query("offset.default", asked) == {"accessCode": "4", "offset": 0}
    assert explicit_query("limit.zero", asked) is None


def test_each_parameter_is_tried_with_a_harmless_value() -> None:
    """The clause is the one that says that the parameter's own value is accepted."""
    tried = {
        name: (query[name], clause)
        for name, query, clause in counterfactuals(parse_query({"limit": 100, "mediatypeId": 2}))
    }
    assert tried == {"limit": (99, "limit.maximum"), "mediatypeId": (5, "filter.media-type")}


def test_companions_fill_up_the_query() -> None:
    """All five parameters, the given ones unchanged; none where all are there."""
    full = with_companions(parse_query({"accessCode": "4"}))
    assert full is not None
    assert set(full) == {"accessCode", "mediatypeId", "description", "limit", "offset"}
    assert full["accessCode"] == "4"
    assert with_companions(parse_query(full)) is None
