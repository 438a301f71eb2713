"""JSON Schema, by the validator that Schemathesis brings along: one library fewer to install than with another one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from jsonschema_rs import Draft202012Validator

_JUST_A_NUMBER = 0.5
"""Stands in for NaN and infinities, which Python reads and JSON does not know: a number, and not a whole one."""


@dataclass(frozen=True, slots=True)
class SchemaError:
    """One keyword of a schema that a value does not hold."""

    path: tuple[str | int, ...]
    """Where in the value."""
    keyword: str
    wanted: Any
    """The keyword's value in the schema."""
    value: Any
    """What stands there."""


class Schema:
    """A schema that values are held to. The values are a target's: whatever Python's JSON reader gives."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._validator = Draft202012Validator(dict(schema))

    def errors(self, value: Any) -> Iterator[SchemaError]:
        """What is wrong with a value."""
        for error in self._validator.iter_errors(_encodable(value)):
            path = tuple(error.instance_path)
            yield SchemaError(
                path=path,
                keyword=str(error.schema_path[-1]),
                wanted=_at(self._schema, error.schema_path),
                value=_at(value, path),
            )


def _at(value: Any, path: Sequence[str | int]) -> Any:
    return reduce(lambda inner, key: inner[key], path, value)


def _encodable(value: Any) -> Any:
    """The value with what the validator cannot take replaced by something of the same type."""
    if isinstance(value, float) and not math.isfinite(value):
        return _JUST_A_NUMBER
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_encodable(key): _encodable(inner) for key, inner in value.items()}
    return [_encodable(inner) for inner in value] if isinstance(value, list) else value
