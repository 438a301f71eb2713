"""Violations grouped by cause.

All violations of one clause belong together: they are ways in which one break shows. Clauses share a cause only
where that is plain: the same exchange is the smallest evidence of both, or the same smallest query got the same
class of answer. A wrong grouping would cost more trust than a missing one.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass

from lineman.report.run import Change, Violation
from lineman.text import compact


@dataclass(frozen=True, slots=True)
class BrokenClause:
    """One broken clause: the violation with the smallest request, and the further ways in which it shows."""

    lead: Violation
    others: tuple[Violation, ...]
    change: Change | None = None
    """Against the baseline: new only where the clause was not broken there in any way. None without a baseline."""

    @property
    def new_ways(self) -> int:
        """How many fingerprints the baseline did not have, of a clause that it had broken already."""
        if self.change is not Change.STILL:
            return 0
        return sum(violation.change is Change.NEW for violation in self.violations)

    @property
    def violations(self) -> tuple[Violation, ...]:
        return (self.lead, *self.others)

    @property
    def occurrences(self) -> int:
        return sum(violation.occurrences for violation in self.violations)


@dataclass(frozen=True, slots=True)
class Group:
    """Broken clauses that one fault explains, the most frequent one first."""

    breaks: tuple[BrokenClause, ...]

    @property
    def lead(self) -> Violation:
        return self.breaks[0].lead

    @property
    def new(self) -> bool:
        return any(one.change is Change.NEW for one in self.breaks)

    @property
    def occurrences(self) -> int:
        return max(one.occurrences for one in self.breaks)


def group_by_cause(violations: Iterable[Violation], broken_before: Container[str] = ()) -> list[Group]:
    """Group violations by cause: new ones first, then those that happened most often.

    ``broken_before`` holds clauses that the baseline had broken in ways that are gone.
    """
    groups: dict[int, list[BrokenClause]] = {}
    places: dict[str, int] = {}
    for number, one in enumerate(breaks(violations, broken_before)):
        keys = _keys(one.lead)
        near = sorted({places[key] for key in keys if key in places})
        groups[number] = [*(known for group in near for known in groups.pop(group)), one]
        places = {key: number if group in near else group for key, group in places.items()}
        places |= dict.fromkeys(keys, number)
    found = [Group(tuple(sorted(group, key=_rank))) for group in groups.values()]
    return sorted(found, key=lambda cause: (not cause.new, -cause.occurrences, cause.lead.clause))


def breaks(violations: Iterable[Violation], broken_before: Container[str] = ()) -> list[BrokenClause]:
    """One break per clause, in the order of the violations; see :func:`causes`."""
    by_clause: dict[str, list[Violation]] = {}
    for violation in violations:
        by_clause.setdefault(violation.clause, []).append(violation)
    found = []
    for group in by_clause.values():
        lead, *others = sorted(group, key=_size)
        found.append(BrokenClause(lead, tuple(others), _change(group, broken_before)))
    return found


def _change(group: list[Violation], broken_before: Container[str]) -> Change | None:
    changes = {violation.change for violation in group}
    if changes == {None}:
        return None
    known = Change.STILL in changes or group[0].clause in broken_before
    return Change.STILL if known else Change.NEW


def _size(violation: Violation) -> tuple[bool, int, int]:
    query = "" if violation.query is None else compact(violation.query)
    return (violation.change is Change.STILL, len(query), -violation.occurrences)


def _rank(one: BrokenClause) -> tuple[bool, int, str]:
    """The cause before what follows from it, then the most frequent."""
    is_cause = any(violation.cause == violation.fingerprint for violation in one.violations)
    return (not is_cause, -one.occurrences, one.lead.clause)


def _keys(violation: Violation) -> list[str]:
    if violation.cause:  # the run has traced it: nothing is left to guess
        return [f"cause {violation.cause}"]
    keys = [f"exchange {number}" for number in violation.exchanges[:1]]
    if violation.query is not None and violation.observed:
        keys.append(f"query {compact(violation.query)} {violation.observed}")
    return keys
