"""Findings that only follow from others and say nothing more: they are left out."""

from __future__ import annotations

from collections.abc import Sequence

from lineman.contract.finding import Finding
from lineman.contract.operation import document


def _filters_of() -> dict[str, tuple[str, ...]]:
    """Clause to the filters that it speaks of."""
    found: dict[str, tuple[str, ...]] = {}
    for one in document().filters.values():
        found[one.clause] = (*found.get(one.clause, ()), one.name)
    return found


def without_consequences(findings: Sequence[Finding]) -> list[Finding]:
    """The findings without those that follow from others.

    A filter that is broken alone is broken in combinations and with unusual texts too, in the same way; a total that
    counts a filter's wrong matches is wrong because of the filter; where a default offset starts elsewhere, a last
    page is short; and where a list comes in another order every time, no two answers can be held side by side.
    """
    if any(f.check == "stable_order" for f in findings):
        findings = [f for f in findings if f.check == "stable_order" or not _depends_on_order(f)]
    filters = _filters_of()
    broken = {(name, f.observed) for f in findings for name in filters.get(f.clause, ()) if name in _names(f)}
    combined = {_names(f) for f in findings if f.clause.startswith("filter.")}
    clauses = {f.clause for f in findings}
    return [
        f for f in findings if not (_of_a_filter(f, broken) or _of_its_total(f, combined) or _of_a_default(f, clauses))
    ]


_OTHER_PLACES = ("other records", "another page", "reordered")
"""What a page shows whose records stand elsewhere in the list: no parameter's fault where the order changes."""


def _depends_on_order(finding: Finding) -> bool:
    if finding.observed in _OTHER_PLACES:
        return True
    return finding.clause.startswith(("order.", "offset.", "auth.app-key-", "auth.foreign-")) or (
        finding.clause == "record.unique" and finding.observed == "on two pages"
    )


def _names(finding: Finding) -> frozenset[str]:
    return frozenset(finding.parameter.split(", ")[0].split("+"))


def _of_a_filter(finding: Finding, broken: set[tuple[str, str]]) -> bool:
    if finding.clause not in ("filter.conjunction", "filter.any-text") or finding.check != "model":
        return False
    return any((name, finding.observed) in broken for name in _names(finding))


def _of_its_total(finding: Finding, combined: set[frozenset[str]]) -> bool:
    return finding.clause == "total.counts-matches" and any(names <= _names(finding) for names in combined)


def _of_a_default(finding: Finding, clauses: set[str]) -> bool:
    short = finding.clause.startswith("limit.") and finding.observed == "too few"
    return short and "offset.default" in clauses and finding.constraint.endswith("offset absent")
