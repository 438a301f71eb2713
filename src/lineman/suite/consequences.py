"""One fault, one violation: drop findings that another finding already explains."""

from __future__ import annotations

from collections.abc import Sequence

from lineman.contract.compare import CLAUSE_OF_FILTER
from lineman.contract.finding import Finding

_OF_ONE_FILTER = {clause: name for name, clause in CLAUSE_OF_FILTER.items()}


def without_consequences(findings: Sequence[Finding]) -> list[Finding]:
    """The findings without those that follow from others.

    A filter that is broken alone is broken in combinations and with unusual texts too, in the same way; and a total
    that counts a
    filter's wrong matches is wrong because of the filter.
    """
    broken = {(_OF_ONE_FILTER[f.clause], f.observed) for f in findings if f.clause in _OF_ONE_FILTER}
    names = {name for name, _ in broken}
    return [finding for finding in findings if not _follows(finding, broken, names)]


def _follows(finding: Finding, broken: set[tuple[str, str]], names: set[str]) -> bool:
    parts = set(finding.parameter.split(", ")[0].split("+"))
    if finding.clause in ("filter.conjunction", "filter.any-text") and finding.check == "model":
        return any((name, finding.observed) in broken for name in parts)
    return finding.clause == "total.counts-matches" and bool(parts & names)
