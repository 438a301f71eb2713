"""What counts as equal: values, not the texts that carry them, and of a record only what the documentation names.

A gateway may write 5.0 for 5, and one of two versions behind an address leave out what the other gives as null: each
says the same. What a record has beyond the documented members says nothing about the contract (answer.extra-members).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lineman.contract.finding import Record
from lineman.contract.operation import document


def normalised(value: Any) -> Any:
    """The value with whole numbers as integers and without members that are null, at any depth."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        return {name: normalised(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [normalised(inner) for inner in value]
    return value


def same_value(one: Any, other: Any) -> bool:
    """Equal in value and class: 5 and 5.0 are, 1 and true or "1" are not."""
    return written(one) == written(other)


def written(value: Any) -> str:
    """A text that is equal for equal values."""
    if isinstance(value, str):
        return f'"{value}"'
    if type(value) is int:
        return str(value)
    return json.dumps(normalised(value), sort_keys=True, ensure_ascii=False)


def documented(record: Record, without: Iterable[str] = ()) -> dict[str, Any]:
    """A record's documented members that are not null, but those in ``without``, with normalised values."""
    left_out = frozenset(without)
    return {
        name: normalised(record[name])
        for name in document().record_members
        if name not in left_out and record.get(name) is not None
    }


def content(record: Record, without: Iterable[str] = ()) -> str:
    """A text that is equal for records that say the same."""
    return json.dumps(documented(record, without), ensure_ascii=False)


def same_records(these: Sequence[Record], those: Sequence[Record]) -> bool:
    """True for the same records with the same content in the same order."""
    pairs = zip(these, those, strict=False)
    return len(these) == len(those) and not any(changed_members(one, other) for one, other in pairs)


def changed_members(one: Record, other: Record) -> frozenset[str]:
    """Documented members in which two records differ."""
    if one == other:
        return frozenset()
    return frozenset(name for name in document().record_members if not same_value(one.get(name), other.get(name)))
