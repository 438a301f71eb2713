"""``history.jsonl``: one line a run, small enough for a pipeline to carry from job to job.

The folders of runs hold everything; a clean checkout has none of them. From this file alone a run can say since when
something is broken, on which run it was last good, and how often it changes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lineman.report.figures import percentile, samples
from lineman.report.files import ReportError, write
from lineman.report.run import Run, State, Verdict

HISTORY_FILE = "history.jsonl"
STRIP = 30
"""Runs in a strip."""
_MOST_LINES = 1_000
"""Lines that are kept: three runs a day for most of a year, about 2 MB."""
_LETTERS = {State.HELD: "h", State.VIOLATED: "b", State.WAIVED: "w", State.NOT_VERIFIED: "n", State.OBSERVED: "o"}
_VERIFIED = {State.HELD, State.VIOLATED, State.WAIVED}
"""Ends that say whether the promise was kept."""
_STATES = {letter: state for state, letter in _LETTERS.items()}


class PastRun(BaseModel):
    """One line: what later runs need to know of a run."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    id: str
    target: str
    started: datetime
    verdict: Verdict
    folder: str
    """Name of the run's folder, beside the file."""
    states: dict[str, Literal["h", "b", "w", "n", "o"]] = Field(default_factory=dict)
    """Clause to held, broken, waived, not verified or observed."""
    broken: list[str] = Field(default_factory=list)
    """Fingerprints of its violations."""
    p95: float | None = None
    """Seconds of the 95th percentile of the answered queries; None where they were too few."""

    def state(self, clause: str) -> State | None:
        """The clause's state in that run; None where the run did not know it."""
        letter = self.states.get(clause)
        return _STATES[letter] if letter else None


def past_run(run: Run, folder: str) -> PastRun:
    """The line of a run that lies in ``folder``."""
    return PastRun(
        id=run.id,
        target=run.target.name,
        started=run.started,
        verdict=run.verdict,
        folder=folder,
        states={clause.id: _LETTERS[clause.state] for clause in run.clauses},  # type: ignore[misc]  # its five letters
        broken=[violation.fingerprint for violation in run.violations],
        p95=percentile(samples(run).get("total", []), 95),
    )


def read_history(folder: Path, target: str) -> list[PastRun]:
    """The runs of a target in ``folder``'s file, oldest first; empty where there is no file.

    A line that cannot be read is passed over: a job that was killed while it carried the file must cost no report.

    Raises:
        ReportError: the file is there, and cannot be read.
    """
    return sorted((run for run in _lines(folder) if run.target == target), key=lambda run: run.started)


def add_to_history(run: Run, folder: Path) -> Path:
    """Write the run's line into the file beside its folder; a run that is there already is replaced.

    Raises:
        ReportError: the file cannot be read or written.
    """
    kept = [line for line in _lines(folder.parent) if line.id != run.id]
    lines = [*kept, past_run(run, folder.name)][-_MOST_LINES:]
    text = "".join(f"{line.model_dump_json()}\n" for line in lines)
    return write(folder.parent / HISTORY_FILE, text.encode("utf-8", "backslashreplace"))


def _lines(folder: Path) -> list[PastRun]:
    try:
        text = (folder / HISTORY_FILE).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ReportError.of(error, folder / HISTORY_FILE, "read the history") from error
    found = []
    for line in text.splitlines():
        try:
            found.append(PastRun.model_validate(json.loads(line)))
        except (ValueError, ValidationError):
            continue
    return found


@dataclass(frozen=True, slots=True)
class Since:
    """A broken clause over time."""

    first_seen: PastRun | None
    """The first run of the unbroken row of runs that ends now and shows it; None where this run is the first."""
    last_good: PastRun | None
    """The last run that saw it held; None where none did."""
    changes: int
    """How often it went from held to broken or back, over the runs that verified it, this one included."""
    strip: tuple[tuple[PastRun, State | None], ...]
    """The last runs, oldest first, without this one."""


def since_when(clause: str, before: Sequence[PastRun]) -> Since:
    """Since when a clause is broken, from the runs before this one (oldest first), in which it is broken.

    A run that did not verify the clause says neither that it was broken nor that it was good.
    """
    first = last_good = None
    verified = [run for run in before if run.state(clause) in _VERIFIED]
    for run in reversed(verified):
        if run.state(clause) is State.HELD:
            last_good = run
            break
        first = run
    good = [run.state(clause) is State.HELD for run in verified] + [False]
    changes = sum(one is not other for one, other in pairwise(good))
    return Since(first, last_good, changes, tuple((run, run.state(clause)) for run in before[-STRIP:]))


@dataclass(frozen=True, slots=True)
class ClauseHistory:
    """Any promised clause over time, as the list of clauses shows it."""

    since: PastRun | None
    """The first run of the unbroken row of runs with the end of this run; None where this run is the first."""
    before: PastRun | None
    """The last run that verified it with the other end, or, where this run verified nothing, with any end."""
    before_state: State | None
    changes: int
    runs: int
    """How many earlier runs verified it."""
    strip: tuple[tuple[PastRun, State | None], ...]
    """The last runs, oldest first, without this one; empty where it is held and none of them saw it broken."""


def clause_history(clause: str, now: State, before: Sequence[PastRun]) -> ClauseHistory:
    """How a clause that ended so in this run ended in the runs before it (oldest first)."""
    verified = [run for run in before if run.state(clause) in _VERIFIED]
    ends = [run.state(clause) is State.HELD for run in verified]
    since = other = None
    for run in reversed(verified):
        if now not in _VERIFIED or (run.state(clause) is State.HELD) is not (now is State.HELD):
            other = run
            break
        since = run
    changes = sum(one is not following for one, following in pairwise([*ends, now is State.HELD][: _upto(now, ends)]))
    strip = tuple((run, run.state(clause)) for run in before[-STRIP:])
    calm = now is State.HELD and not any(state in {State.VIOLATED, State.WAIVED} for _, state in strip)
    state = other.state(clause) if other else None
    return ClauseHistory(since, other, state, changes, len(verified), () if calm else strip)


def _upto(now: State, ends: list[bool]) -> int:
    """How many ends there are: this run's counts only where it verified the clause."""
    return len(ends) + (now in _VERIFIED)
