"""What changed between two runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lineman.report.figures import percentile, samples
from lineman.report.grouping import BrokenClause, breaks
from lineman.report.run import Change, ClauseResult, Drift, FixedViolation, Level, Run, State


@dataclass(frozen=True, slots=True)
class LatencyShift:
    """Seconds of a percentile of the whole exchange, before and after; None where a sample is too small."""

    percent: int
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class RunComparison:
    """Run ``b`` against the earlier run ``a``."""

    a: Run
    b: Run
    new: tuple[BrokenClause, ...]
    """Broken in ``b``, and not at all in ``a``."""
    still: tuple[BrokenClause, ...]
    fixed: tuple[FixedViolation, ...]
    """Not broken any more, and verified; one for each clause."""
    unseen: tuple[FixedViolation, ...]
    """Not seen any more, but not verified either; one for each clause."""
    newly_not_verified: tuple[ClauseResult, ...]
    newly_verified: tuple[ClauseResult, ...]
    drift: tuple[Drift, ...]
    """Open questions that the target answers otherwise now; ``pinned`` holds the earlier answer."""
    latency: tuple[LatencyShift, ...]
    sizes: tuple[int, int]
    """Answered queries behind the latency, before and after."""
    notes: tuple[str, ...]
    """What makes the two runs hard to compare."""


def compare(a: Run, b: Run) -> RunComparison:
    """Compare run ``b`` with the earlier run ``a``, clause by clause.

    A clause that breaks in another way than before is still broken: which ways a run meets depends on its seed.
    """
    marked = apply_baseline(b, a)
    broken = breaks(marked.violations, broken_before(marked))
    gone = gone_clauses(marked)
    before, after = samples(a).get("total", []), samples(b).get("total", [])
    return RunComparison(
        a=a,
        b=b,
        new=tuple(one for one in broken if one.change is Change.NEW),
        still=tuple(one for one in broken if one.change is Change.STILL),
        fixed=tuple(one for one in gone if one.verified),
        unseen=tuple(one for one in gone if not one.verified),
        newly_not_verified=_moved(a, b, lambda was, now: _verified(was) and not _verified(now)),
        newly_verified=_moved(a, b, lambda was, now: not _verified(was) and _verified(now)),
        drift=_drift(a, b),
        latency=tuple(LatencyShift(one, percentile(before, one), percentile(after, one)) for one in (50, 95)),
        sizes=(len(before), len(after)),
        notes=_notes(a, b),
    )


def apply_baseline(run: Run, baseline: Run) -> Run:
    """The run with every violation marked as new or still there, and with what the baseline had and it has not."""
    known = {violation.fingerprint for violation in baseline.violations}
    violations = [
        one.model_copy(update={"change": Change.STILL if one.fingerprint in known else Change.NEW})
        for one in run.violations
    ]
    return run.model_copy(
        update={"violations": violations, "fixed": _gone(baseline, run), "baseline": baseline.id},
    )


def broken_before(run: Run) -> set[str]:
    """The clauses that the run's baseline had broken in ways that are gone."""
    return {one.clause for one in run.fixed}


def gone_clauses(run: Run) -> list[FixedViolation]:
    """What the baseline had broken and the run has not: one violation for each clause, whatever the ways were."""
    broken = {violation.clause for violation in run.violations}
    first: dict[str, FixedViolation] = {}
    for one in run.fixed:
        if one.clause not in broken:
            first.setdefault(one.clause, one)
    return list(first.values())


def _verified(clause: ClauseResult) -> bool:
    return clause.state is not State.NOT_VERIFIED


def _gone(a: Run, b: Run) -> list[FixedViolation]:
    present = {violation.fingerprint for violation in b.violations}
    verified = {clause.id for clause in b.clauses if _verified(clause)}
    return [
        FixedViolation(
            clause=one.clause, fingerprint=one.fingerprint, summary=one.summary, verified=one.clause in verified
        )
        for one in a.violations
        if one.fingerprint not in present
    ]


def _moved(a: Run, b: Run, wanted: Callable[[ClauseResult, ClauseResult], bool]) -> tuple[ClauseResult, ...]:
    earlier = {clause.id: clause for clause in a.clauses}
    return tuple(now for now in b.clauses if now.id in earlier and wanted(earlier[now.id], now))


def _drift(a: Run, b: Run) -> tuple[Drift, ...]:
    titles = {clause.id: clause.title for clause in b.clauses if clause.level is Level.SILENT}
    return tuple(
        Drift(clause=id_, question=titles.get(id_, id_), pinned=a.observations[id_], observed=answer)
        for id_, answer in b.observations.items()
        if id_ in a.observations and a.observations[id_] != answer
    )


def _notes(a: Run, b: Run) -> tuple[str, ...]:
    notes = []
    sandboxes = a.target.sandbox and b.target.sandbox
    if a.target.base_url != b.target.base_url and not sandboxes:
        notes.append(f"different targets: {a.target.base_url} before, {b.target.base_url} now")
    if a.document.sha256 != b.document.sha256:
        notes.append(f"different OpenAPI documents: {a.document.version} before, {b.document.version} now")
    if a.profile != b.profile:
        notes.append(f"different profiles: {a.profile} before, {b.profile} now")
    if a.only or b.only:
        notes.append("at least one run was limited to some clauses")
    if a.started > b.started:
        notes.append("the first run is the later one")
    notes.extend(f"no verdict in run {run.id}: {run.explanation}" for run in (a, b) if run.verdict == "no-verdict")
    return tuple(notes)
