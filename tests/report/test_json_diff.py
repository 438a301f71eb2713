"""Two values side by side."""

from __future__ import annotations

from typing import Any

import pytest

from lineman.report.json_diff import diff_lines

from . import builders


def differing(value: Any, other: Any) -> list[str]:
    return [line.text.strip() for line in diff_lines(value, other) if line.differs]


@pytest.mark.parametrize(
    ("value", "other", "marked"),
    [
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, ['"b": 2']),
        ({"a": 1}, {}, ['"a": 1']),
        ([1, 2], [1], ["2"]),
        (1, True, ["1"]),
        (1, 1.0, []),
        ("x", "x", []),
        ('two\n"lines"', "x", ["two", '"lines"']),
        ('two\n"lines"', "two", ['"lines"']),
        ("no records", [{"id": "1"}], ["no records"]),
        ([{"id": "1"}, {"id": "2"}], "no records", ["["]),
        ({"a": {"b": [1]}}, {"a": 7}, ['"a": {']),
        ([], {}, ["[]"]),
        (None, 0, ["null"]),
    ],
)
def test_only_what_differs_is_marked(value: Any, other: Any, marked: list[str]) -> None:
    assert differing(value, other) == marked


def test_records_are_matched_by_id_whatever_their_place() -> None:
    first, second, third = (builders.record(number) for number in range(3))
    assert differing([third, first], [first, second, third]) == []
    once = ['"id": ' + f'"{id_}",' for id_ in [first["id"]]]
    assert differing([first, second], [second]) == once, "a record without a counterpart is marked once"


def test_long_agreement_is_folded_and_counted() -> None:
    values = list(range(100))
    lines = diff_lines(values, [*values[:50], -1, *values[51:]])
    assert len(lines) < 20
    assert sum(line.skipped or 1 for line in lines) == 102
    assert [line.text for line in lines if line.differs] == ["  50,"]


def test_a_flood_of_differences_is_bounded() -> None:
    lines = diff_lines(list(range(5_000)), [])
    assert len(lines) == 161
    assert lines[-1].skipped == 5_002 - 160


def test_deep_nesting_is_bounded() -> None:
    deep: Any = 1
    for _ in range(5_000):
        deep = [deep]
    lines = diff_lines(deep, 2)
    assert len(lines) < 20
    assert [line.text for line in lines if line.differs] == ["["]
