"""JSON of a target: finite numbers, names that stand twice, and no exception but the two documented ones."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineman.json_text import parse_json


@pytest.mark.parametrize(
    "text",
    ["1e400", "-1e400", "9" * 400, "-" + "9" * 400, "9" * 5_000, "9" * 10_000_000, "1e" + "9" * 400, "9" * 400 + ".5"],
    ids=lambda text: f"{text[:8]} of {len(text)}",
)
def test_a_number_beyond_every_bound_is_finite_and_beyond_every_total(text: str) -> None:
    value = parse_json(text).value
    assert math.isfinite(value)
    assert abs(value) > 1e299
    assert (value < 0) == text.startswith("-")
    assert abs(json.loads(json.dumps({"total": float(value)}))["total"]) > 1e299


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-0", 0),
        ("5.0", 5.0),
        ("5E0", 5.0),
        ("1e-400", 5e-324),
        ("0." + "9" * 400, 0.999999999999999),
        ("0e-400", 0.0),
        ("0." + "1" * 10_000, 0.111111111111111111),
        ("1" * 30, int("1" * 30)),
        ("0." + "0" * 400 + "e-3", 0.0),
    ],
)
def test_a_number_keeps_its_class_and_value(text: str, value: float) -> None:
    read = parse_json(text).value
    assert type(read) is type(value)
    assert read == pytest.approx(value)


def test_words_that_json_does_not_have_are_named() -> None:
    read = parse_json('{"a": NaN, "b": [Infinity, -Infinity]}')
    assert read.value == {"a": None, "b": [None, None]}
    assert set(read.constants) == {"NaN", "Infinity", "-Infinity"}


def test_a_member_that_stands_twice_is_named_however_deep() -> None:
    assert parse_json('{"total": 1, "data": [{"id": 1, "id": 2}]}').repeated == ("id",)
    assert parse_json('{"total": 1, "data": {"total": 2}}').repeated == ()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(json_values)
def test_what_python_wrote_is_read_as_it_was(value: Any) -> None:
    text = json.dumps(value)
    read = parse_json(text)
    assert read.end == len(text)
    if not any(word in text for word in ("e+", "Infinity")) and not any(len(part) > 38 for part in text.split()):
        assert read.value == json.loads(text)


@given(st.text(alphabet='0123456789eE+-.,:[]{}"\\\\ntru', max_size=80))
def test_nothing_but_a_value_error_comes_of_any_text(text: str) -> None:
    try:
        parse_json(text)
    except (ValueError, RecursionError):
        return
