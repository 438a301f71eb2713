"""Two JSON values side by side, line by line, with the lines that differ marked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lineman.text import clip, plain

_ABSENT = object()
_ALIKE = object()
"""The counterpart of what is inside a value that is marked already."""
_LONGEST_LINE = 2000
_CONTEXT = 3
_MOST_LINES = 160


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a pretty-printed value. ``skipped`` counts the lines that this one stands for, else 0."""

    text: str
    differs: bool
    skipped: int = 0


def diff_lines(value: Any, other: Any) -> list[Line]:
    """Pretty-print ``value`` and mark what differs from ``other``; long stretches without a difference are folded.

    A value that is a text as a whole stands there as it is, without quotes. What has no counterpart is marked once,
    where it begins: that all of it differs goes without saying.
    """
    if isinstance(value, str):
        texts = plain(value).split("\n")
        others = other.split("\n") if isinstance(other, str) else []
        beyond = [at >= len(others) or text != others[at] for at, text in enumerate(texts)]
        marks = beyond if isinstance(other, str) else [at == 0 for at in range(len(texts))]
        return _fold([Line(clip(text, _LONGEST_LINE), mark) for text, mark in zip(texts, marks, strict=True)])
    return _fold(list(_lines(plain(value), plain(other), _Place())))


def _scalar(value: Any) -> str:
    return clip(json.dumps(value, ensure_ascii=False), _LONGEST_LINE)


@dataclass(frozen=True, slots=True)
class _Place:
    """What stands before and after a value on its lines."""

    indent: str = ""
    label: str = ""
    comma: str = ""


def _lines(value: Any, other: Any, place: _Place) -> Iterator[Line]:
    if isinstance(value, dict) and value:
        others = other if isinstance(other, dict) else None
        pairs = [
            (f"{_scalar(key)}: ", member, _ALIKE if others is None else others.get(key, _ABSENT))
            for key, member in value.items()
        ]
        yield from _block("{}", pairs, others is None and other is not _ALIKE, place)
    elif isinstance(value, list) and value:
        partners = _partners(value, other) if isinstance(other, list) else None
        members = [("", member, _ALIKE if partners is None else partners[at]) for at, member in enumerate(value)]
        yield from _block("[]", members, partners is None and other is not _ALIKE, place)
    else:
        yield Line(f"{place.indent}{place.label}{_scalar(value)}{place.comma}", not _same(value, other))


def _same(value: Any, other: Any) -> bool:
    """Equality of JSON values: true is not 1, but 1 is 1.0."""
    return other is _ALIKE or (isinstance(value, bool) == isinstance(other, bool) and bool(value == other))


def _block(brackets: str, pairs: list[tuple[str, Any, Any]], differs: bool, place: _Place) -> Iterator[Line]:
    yield Line(f"{place.indent}{place.label}{brackets[0]}", differs)
    last = len(pairs) - 1
    for at, (name, member, partner) in enumerate(pairs):
        yield from _lines(member, partner, _Place(place.indent + "  ", name, "," if at < last else ""))
    yield Line(f"{place.indent}{brackets[1]}{place.comma}", False)


def _partners(value: list[Any], other: list[Any]) -> list[Any]:
    """For each member its counterpart: records by ``id`` where every record has one, else by position.

    A record without a counterpart gets itself without its id, so that its id is what is marked.
    """
    if _are_records(value) and _are_records(other):
        by_id = {record["id"]: record for record in other}
        return [by_id.get(record["id"], {**record, "id": _ABSENT}) for record in value]
    return [other[at] if at < len(other) else _ABSENT for at in range(len(value))]


def _are_records(values: list[Any]) -> bool:
    return bool(values) and all(isinstance(value, dict) and isinstance(value.get("id"), str) for value in values)


def _fold(lines: list[Line]) -> list[Line]:
    """Keep the lines that differ with some around them; fold the rest where it is long."""
    if len(lines) <= 4 * _CONTEXT:
        return lines
    wanted = {near for at, line in enumerate(lines) if line.differs for near in range(at - _CONTEXT, at + _CONTEXT + 1)}
    wanted |= set(range(_CONTEXT)) | set(range(len(lines) - _CONTEXT, len(lines)))
    folded: list[Line] = []
    skipped = 0
    for at, line in enumerate(lines):
        if at not in wanted:
            skipped += 1
            continue
        if skipped:
            folded.append(Line("", False, skipped))
            skipped = 0
        folded.append(line)
    if len(folded) > _MOST_LINES:
        return [*folded[:_MOST_LINES], Line("", True, len(folded) - _MOST_LINES)]
    return folded
