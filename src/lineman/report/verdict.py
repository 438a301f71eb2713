"""The verdict of a run in words, and its promises in numbers."""

from __future__ import annotations

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
