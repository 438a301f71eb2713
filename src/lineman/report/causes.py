"""Violations grouped by cause.

Two violations share a cause only where that is plain: the same exchange is the smallest evidence for both, or
the same query got the same class of answer. A wrong grouping would cost more trust than a missing one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lineman.report.run import Change, Violation
from lineman.report.text import compact


@dataclass(frozen=True, slots=True)
class Cause:
    """Violations that one fault explains; the first one is shown by the most exchanges."""

    violations: tuple[Violation, ...]

    @property
    def lead(self) -> Violation:
        return self.violations[0]

    @property
    def new(self) -> bool:
        return any(violation.change is Change.NEW for violation in self.violations)

    @property
    def occurrences(self) -> int:
        return max(violation.occurrences for violation in self.violations)


def causes(violations: Iterable[Violation]) -> list[Cause]:
    """Group violations by cause: new ones first, then those that happened most often."""
    groups: dict[int, list[Violation]] = {}
    places: dict[str, int] = {}
    for number, violation in enumerate(violations):
        keys = _keys(violation)
        near = sorted({places[key] for key in keys if key in places})
        groups[number] = [*(one for group in near for one in groups.pop(group)), violation]
        places = {key: number if group in near else group for key, group in places.items()}
        places |= dict.fromkeys(keys, number)
    found = [Cause(tuple(sorted(group, key=lambda one: (-one.occurrences, one.clause)))) for group in groups.values()]
    return sorted(found, key=lambda cause: (not cause.new, -cause.occurrences, cause.lead.clause))


def _keys(violation: Violation) -> list[str]:
    keys = [f"exchange {number}" for number in violation.exchanges[:1]]
    if violation.query is not None and violation.observed:
        keys.append(f"query {compact(violation.query)} {violation.observed}")
    return keys
