"""What counts as equal."""

from __future__ import annotations

from typing import Any

import pytest

from lineman.contract.matching import LearnedBehaviour, Match, match_filter
from lineman.contract.model import record_id
from lineman.contract.values import changed_members, content, same_records, same_value

RECORD: dict[str, Any] = {"id": "7", "accessCode": "40012", "mediatypeId": 5, "numCallAttr": 1, "description": "a"}


@pytest.mark.parametrize(
    "other",
    [
        {**RECORD, "mediatypeId": 5.0},
        {**RECORD, "hotlineCode": None},
        {**RECORD, "iconUrl": "https://icons.example.test/7?signature=1"},
        {**RECORD, "numCallAttr": 1.0, "stats": {"calls": [1, None]}},
        dict(reversed(RECORD.items())),
    ],
)
def test_records_that_say_the_same_are_equal(other: dict[str, Any]) -> None:
    assert content(other) == content(RECORD)
    assert changed_members(RECORD, other) == frozenset()
    assert same_records([RECORD], [other])


@pytest.mark.parametrize(
    ("name", "value"),
    [("mediatypeId", 53), ("mediatypeId", True), ("mediatypeId", "5"), ("description", None), ("accessCode", 40012)],
)
def test_records_that_say_something_else_differ(name: str, value: Any) -> None:
    other = {**RECORD, name: value}
    assert changed_members(RECORD, other) == {name}
    assert content(other) != content(RECORD)
    assert content(other, without=[name]) == content(RECORD, without=[name])
    assert not same_records([RECORD], [other])
    assert not same_records([RECORD], [RECORD, RECORD])


def test_classes_are_told_apart() -> None:
    assert same_value(5, 5.0)
    assert same_value([5, {"a": None}], [5.0, {}])
    assert not any((same_value(1, True), same_value(0, False), same_value(1, "1"), same_value(0, None)))
    assert same_value(-0.0, 0)


@pytest.mark.parametrize(("one", "other"), [(7, 7.0), ("7", "7")])
def test_an_identity_is_a_value(one: Any, other: Any) -> None:
    assert record_id({"id": one}) == record_id({"id": other})


def test_a_record_without_identity_is_known_by_what_it_says() -> None:
    assert record_id({"accessCode": "1", "mediatypeId": 5}) == record_id(
        {"mediatypeId": 5.0, "accessCode": "1", "x": 1}
    )


@pytest.mark.parametrize(
    ("value", "match"),
    [
        (5, Match.YES),
        (5.0, Match.YES),
        ("5", Match.YES),
        (53, Match.NO),
        (5.5, Match.NO),
        (None, Match.NO),
        (True, Match.MAYBE),
        ([5], Match.MAYBE),
    ],
)
def test_a_type_is_matched_by_value_and_a_wrong_class_is_not_judged_twice(value: Any, match: Match) -> None:
    assert match_filter("mediatypeId", 5, {"mediatypeId": value}, LearnedBehaviour()) is match
