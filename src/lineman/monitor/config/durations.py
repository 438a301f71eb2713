"""Lengths of time as people write them: ``90s``, ``1m30s``, ``500ms``, ``4h``, ``30d``. Kept as milliseconds."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

_UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")


def milliseconds(value: Any) -> int:
    """Read a length of time: text such as ``1m30s``, or a number of seconds.

    Raises:
        ValueError: the value is no length of time; the message says what one looks like.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{value!r} is no length of time: write for example '30s', '5m' or '1h30m'")  # noqa: TRY004 - pydantic collects ValueError only
    if isinstance(value, int | float):
        return round(value * 1_000)
    text = value.strip().replace(" ", "")
    if not text or _PART.sub("", text):
        raise ValueError(f"{value!r} is no length of time: write for example '30s', '5m' or '1h30m'")
    return round(sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text)))


_SCHEMA = WithJsonSchema(
    {"type": ["string", "number"], "description": "A length of time such as 30s, 5m or 1h30m, or a number of seconds"}
)
Duration = Annotated[int, BeforeValidator(milliseconds), _SCHEMA]
