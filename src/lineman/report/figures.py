"""The verdict of a run in words, and its promises in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lineman.report.run import Level, Run, State, Verdict, Violation

STATE_WORDS = {
    State.VIOLATED: "broken",
    State.NOT_VERIFIED: "not verified",
    State.WAIVED: "waived",
    State.HELD: "held",
    State.OBSERVED: "observed",
}
"""How people read a clause's state, most urgent first."""

STATE_MARKS = {
    State.VIOLATED: "✕",
    State.NOT_VERIFIED: "?",
    State.WAIVED: "~",
    State.HELD: "✓",
    State.OBSERVED: "·",
}


@dataclass(frozen=True, slots=True)
class Counts:
    """How many promised clauses ended in which state, and how many open questions were answered."""

    promised: int
    held: int
    violated: int
    waived: int
    not_verified: int
    silent: int
    observed: int


def verdict_word(run: Run) -> str:
    """PASS, FAIL, PASS WITH WAIVERS or NO VERDICT."""
    if run.verdict is Verdict.FAIL:
        return "FAIL"
    if run.verdict is Verdict.NO_VERDICT:
        return "NO VERDICT"
    waived = any(clause.state is State.WAIVED for clause in run.clauses)
    return "PASS WITH WAIVERS" if waived else "PASS"


def counts(run: Run) -> Counts:
    """Count the clauses of a run by state."""
    promised = [clause for clause in run.clauses if clause.level is Level.PROMISED]
    silent = [clause for clause in run.clauses if clause.level is Level.SILENT]

    def number(state: State) -> int:
        return sum(clause.state is state for clause in promised)

    return Counts(
        promised=len(promised),
        held=number(State.HELD),
        violated=number(State.VIOLATED),
        waived=number(State.WAIVED),
        not_verified=number(State.NOT_VERIFIED),
        silent=len(silent),
        observed=sum(clause.state is State.OBSERVED for clause in silent),
    )


def open_violations(run: Run) -> list[Violation]:
    """The violations that nobody has accepted."""
    return [violation for violation in run.violations if not violation.waived]


def tally(run: Run) -> str:
    """One line with the numbers of :func:`counts`, for text outputs."""
    number = counts(run)
    parts = [
        f"{number.held} held",
        f"{number.violated} broken",
        f"{number.waived} waived",
        f"{number.not_verified} not verified",
    ]
    return (
        f"{number.promised} promises: {', '.join(parts)}; {number.observed} of {number.silent} open questions answered"
    )


PHASES = ("resolve", "connect", "tls", "send", "wait", "receive", "total")
NEEDED = {50: 1, 90: 10, 95: 20, 99: 100}
"""How many measurements a percentile needs, so that at least one lies beyond it."""


@dataclass(frozen=True, slots=True)
class PhaseFigures:
    """Seconds that one phase took over ``size`` exchanges; None where the sample is too small for a percentile."""

    phase: str
    size: int
    percentiles: dict[int, float | None]
    most: float


def samples(run: Run) -> dict[str, list[float]]:
    """Sorted seconds by phase, of the answered queries of a run (token requests and failures left out)."""
    found: dict[str, list[float]] = {phase: [] for phase in PHASES}
    for exchange in run.exchanges:
        if exchange.operation == "query" and exchange.status is not None:
            for phase, seconds in exchange.phases.items():
                if phase in found:
                    found[phase].append(seconds)
    return {phase: sorted(seconds) for phase, seconds in found.items() if seconds}


def percentile(ordered: Sequence[float], percent: int) -> float | None:
    """The nearest-rank percentile of sorted values; None where there are too few of them."""
    if len(ordered) < NEEDED[percent]:
        return None
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(rank, 1) - 1]


def figures(run: Run) -> list[PhaseFigures]:
    """Sample size, percentiles and maximum of every phase that was measured."""
    return [
        PhaseFigures(
            phase=phase,
            size=len(seconds),
            percentiles={percent: percentile(seconds, percent) for percent in NEEDED},
            most=seconds[-1],
        )
        for phase, seconds in samples(run).items()
    ]
