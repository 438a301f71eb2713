"""JSON from a target, read so that no number, name or nesting in it can do harm.

Python's own reader makes exceptions of forms that are valid JSON (an integer of more than 4,300 digits), infinities of
others (``1e400``), and silently drops a member that stands twice. Here a number keeps its class and stays finite, and
what is unusual is said beside the value.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

LONGEST_NUMBER = 40
"""Characters of a number that are converted exactly: twice what a 64-bit integer needs, far below Python's bound of
4,300 digits, and quick to convert."""
_BEYOND = 1e300
"""What stands for every number beyond it: finite, so that it can be calculated with and written as JSON again."""
_NEARLY_NOTHING = 5e-324
"""What stands for every number that is nearer to nothing: it is no whole number, and stays none."""
_EXACT = 15
"""Decimal places that a float keeps: with more of them 0.999… would become a whole number."""
_SHOWN_NAME = 40
"""Characters of a repeated name that are shown: enough to recognise it."""


@dataclass(frozen=True, slots=True)
class ParsedJson:
    """``value`` as Python has it; ``end`` is where it ends in the text. ``constants`` are the words in it that JSON
    does not have (``NaN``), read as None; ``repeated`` are names that stand more than once in one object.
    """

    value: Any
    end: int
    constants: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()


def parse_json(text: str) -> ParsedJson:
    """Read the JSON value at the beginning of ``text``.

    Raises:
        ValueError: there is none.
        RecursionError: it is nested too deeply for Python.
    """
    constants: list[str] = []
    repeated: list[str] = []

    def joined(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        joined = dict(pairs)
        if len(joined) < len(pairs):
            counts = Counter(name for name, _ in pairs)
            repeated.extend(name[:_SHOWN_NAME] for name, count in counts.items() if count > 1)
        return joined

    decoder = json.JSONDecoder(
        parse_int=_integer, parse_float=_number, parse_constant=constants.append, object_pairs_hook=joined
    )
    value, end = decoder.raw_decode(text)
    return ParsedJson(value, end, tuple(constants), tuple(dict.fromkeys(repeated)))


def _integer(text: str) -> int:
    if len(text) <= LONGEST_NUMBER:
        return int(text)
    return -int(_BEYOND) if text.startswith("-") else int(_BEYOND)


def _number(text: str) -> float:
    """The number; of one written at length only the beginning is read, which is exact enough for a float."""
    if len(text) > LONGEST_NUMBER:
        text = _shortened(text)
    number = float(text)
    if number == 0 and any(digit in "123456789" for digit in text.lower().partition("e")[0]):
        return _NEARLY_NOTHING
    return number if math.isfinite(number) else math.copysign(_BEYOND, number)


def _shortened(text: str) -> str:
    mantissa, _, exponent = text.lower().partition("e")
    whole, _, fraction = mantissa.partition(".")
    if len(whole) > LONGEST_NUMBER:
        return f"-{_BEYOND}" if whole.startswith("-") else str(_BEYOND)
    digits = exponent.lstrip("+-").lstrip("0")[:4] or "0"  # four digits are beyond every float already
    sign = "-" if exponent.startswith("-") else ""
    return f"{whole}.{fraction[:_EXACT] or '0'}e{sign}{digits}"
