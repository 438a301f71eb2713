"""Violations grouped by cause."""

from __future__ import annotations

from lineman.report.grouping import group_by_cause
from lineman.report.run import Change

from . import builders


def test_one_smallest_exchange_is_one_cause() -> None:
    grouped = [[one.lead.clause for one in cause.breaks] for cause in group_by_cause(builders.three_violations())]
    assert grouped == [["offset.pages", "record.unique"], ["filter.any-text"]]


def test_one_query_with_one_class_of_answer_is_one_cause() -> None:
    one = builders.violation("limit.zero", exchanges=[1], query={"limit": 0}, observed="status 500")
    two = builders.violation("limit.clamp", exchanges=[2], query={"limit": 0}, observed="status 500")
    three = builders.violation("limit.type", exchanges=[3], query={"limit": 0}, observed="records")
    assert [len(cause.breaks) for cause in group_by_cause([one, two, three])] == [2, 1]


def test_one_clause_is_one_break_led_by_its_smallest_request() -> None:
    long = builders.violation("limit.zero", fingerprint="a", exchanges=[1], query={"limit": 0, "offset": 5})
    short = builders.violation("limit.zero", fingerprint="b", exchanges=[2], query={"limit": 0})
    other = builders.violation("limit.clamp", exchanges=[1], query={"limit": 101})
    found = group_by_cause([long, short, other])
    assert [[one.lead.fingerprint for one in cause.breaks] for cause in found] == [["b"], ["limit.clamp.4c1d9a"]]
    assert [one.fingerprint for one in found[0].breaks[0].others] == ["a"]
    assert found[0].occurrences == 4


def test_a_new_way_leads_before_a_known_one() -> None:
    known = builders.violation("limit.zero", fingerprint="a", query={}, change=Change.STILL)
    new = builders.violation("limit.zero", fingerprint="b", query={"limit": 0}, change=Change.NEW)
    assert group_by_cause([known, new])[0].lead.fingerprint == "b"


def test_bridges_join_groups() -> None:
    one = builders.violation("limit.zero", exchanges=[1], query=1, observed="x")
    two = builders.violation("limit.clamp", exchanges=[2], query=2, observed="x")
    both = builders.violation("limit.type", exchanges=[1], query=2, observed="x")
    assert [len(cause.breaks) for cause in group_by_cause([one, two, both])] == [3]


def test_new_causes_come_first_then_frequent_ones() -> None:
    rare = builders.violation("limit.zero", exchanges=[1], query=1, occurrences=1, change=Change.NEW)
    often = builders.violation("limit.clamp", exchanges=[2], query=2, occurrences=50, change=Change.STILL)
    oftener = builders.violation("limit.type", exchanges=[3], query=3, occurrences=60, change=Change.STILL)
    assert [cause.lead.clause for cause in group_by_cause([often, oftener, rare])] == [
        "limit.zero",
        "limit.type",
        "limit.clamp",
    ]
