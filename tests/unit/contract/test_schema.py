"""The validator says what another well-kept one says, whatever a target sends."""

from __future__ import annotations

import json
import math
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineman.contract.operation import document
from lineman.contract.schema import Schema

MEMBERS = [*document().record_members, "returnCode", "data", "total", document().envelope.rows, "\ud800", ""]
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2, 2.0, 5, 53, 100, -1, 10**400, 2**64, 1e300, 0.5, -0.0]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=8)
)
SCHEMAS = [document().record_schema, document().data_schema, document().success_schema]
Error = tuple[tuple[Any, ...], str, str]


def theirs(schema: Any, value: Any) -> set[Error]:
    found = jsonschema.Draft202012Validator(schema).iter_errors(value)
    return {(tuple(e.absolute_path), str(e.validator), json.dumps(e.validator_value)) for e in found}


def ours(schema: Any, value: Any) -> set[Error]:
    return {(e.path, e.keyword, json.dumps(e.wanted)) for e in Schema(schema).errors(value)}


@pytest.mark.parametrize("schema", SCHEMAS, ids=["record", "data", "success"])
@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(value=VALUES)
def test_two_validators_agree(schema: Any, value: Any) -> None:
    assert ours(schema, value) == theirs(schema, value)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_json_does_not_know_is_no_whole_number(number: float) -> None:
    """When a target sends NaN, which Python's reader takes, then it is neither a media type nor a total."""
    rows = document().envelope.rows
    (total,) = Schema(document().data_schema).errors({"total": number, rows: []})
    assert (total.path, total.keyword) == (("total",), "multipleOf")
    assert {e.keyword for e in Schema(document().record_schema).errors({"mediatypeId": number})} == {"type", "enum"}


def test_the_value_that_is_shown_is_the_target_s() -> None:
    (error,) = Schema({"properties": {"a": {"type": "string"}}}).errors({"a": math.inf})
    assert error.value == math.inf
