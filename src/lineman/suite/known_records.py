"""The records seen, and the choice among them: by text, by type, evenly over the list."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from lineman.contract.finding import Record
from lineman.contract.operation import document
from lineman.contract.operation_parts import Filter
from lineman.contract.oracle.comparison import is_special_text
from lineman.contract.query import is_text
from lineman.contract.values import normalised

_LONGEST = 4_000
"""Characters of a text that queries are made of: the longest column of the usual databases that is no document."""
_MOST = 1_000
"""Records that queries are made of: several times as many as can be read."""


def askable(records: Sequence[Record]) -> tuple[Record, ...]:
    """The records as queries are made of them: whatever a target sends, a filter is a text that somebody may type."""
    return tuple(map(_with_short_texts, records[:_MOST]))


def _with_short_texts(record: Record) -> Record:
    if not any(isinstance(value, str) and len(value) > _LONGEST for value in record.values()):
        return record
    return {name: value[:_LONGEST] if isinstance(value, str) else value for name, value in record.items()}


@dataclass(frozen=True)
class KnownRecords:
    """Records to choose from. ``deepest`` are records from beyond the readable beginning of a long list."""

    records: tuple[Record, ...]
    random: random.Random
    deepest: tuple[Record, ...] = ()
    _with_text: dict[str, list[Record]] = field(default_factory=dict, repr=False, compare=False)
    _plain: dict[str, list[Record]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def code(self) -> Filter:
        """The text filter that most queries are built with: the first one that finds parts of texts."""
        contract = document()
        return contract.filters[next(iter(contract.fuzzy_filters or contract.text_filters))]

    @property
    def words(self) -> Filter:
        """The text filter with the longest texts, by the order of the document: the last one."""
        contract = document()
        return contract.filters[(contract.fuzzy_filters or contract.text_filters)[-1]]

    @property
    def type_(self) -> Filter | None:
        """The filter by an enumeration, if there is one."""
        contract = document()
        return contract.filters[contract.enum_filters[0]] if contract.enum_filters else None

    def type_of(self, record: Record) -> int | None:
        """The record's type where it may be asked for."""
        value = record.get(self.type_.member) if self.type_ else None
        return value if value in self.asked_types else None

    def with_text(self, name: str, *, least: int = 1) -> list[Record]:
        """Records whose text member ``name`` has at least so many characters, in the list's order."""
        return [r for r in self._texts(name) if len(r[name]) >= least]

    def _texts(self, name: str) -> list[Record]:
        """Records with a text ``name`` that can be asked for, looked for once."""
        if name not in self._with_text:
            found = (r for r in self.records if isinstance(r.get(name), str))
            self._with_text[name] = [r for r in found if is_text(r[name]) and "\x00" not in r[name]]
        return self._with_text[name]

    def spread(self, records: Sequence[Record], count: int) -> list[Record]:
        """Some records: the first, the last and others evenly between, so that deep ones are among them."""
        if len(records) <= count:
            return list(records)
        if count == 1:
            return [records[-1]]
        step = (len(records) - 1) / (count - 1)
        return [records[round(i * step)] for i in range(count)]

    def parts(self, text: str) -> dict[str, str]:
        """The start, the middle, the end and the whole of a text."""
        third = max(1, len(text) // 3)
        middle = text[third : third + max(1, third)]
        return {"start": text[:third], "middle": middle, "end": text[-third:], "whole": text}

    def plain(self, name: str) -> list[Record]:
        """Records with a text of ASCII letters, digits and spaces."""
        if name not in self._plain:
            found = self.with_text(name, least=3)
            self._plain[name] = [r for r in found if not is_special_text(r[name]) and r[name] == r[name].strip()]
        return list(self._plain[name])

    @cached_property
    def types(self) -> Counter[int]:
        """How many records are of each type."""
        member = self.type_.member if self.type_ else ""
        values = (normalised(r.get(member)) for r in self.records)
        return Counter(value for value in values if type(value) is int)

    @cached_property
    def asked_types(self) -> list[int]:
        """Types that may be asked for and that the list has, the most frequent first."""
        allowed = self.type_.values if self.type_ else ()
        return [type_ for type_, _ in self.types.most_common() if type_ in allowed]

    def deepest_with(self, name: str) -> list[Record]:
        return [r for r in self.deepest if isinstance(r.get(name), str) and r[name]]

    def longest(self, name: str) -> list[str]:
        """The longest text of a column, if any: more than it fits nothing, unless the filter is cut somewhere."""
        return sorted((str(r[name]) for r in self.with_text(name)), key=len)[-1:]
