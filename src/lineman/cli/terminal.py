"""What a person, or a pipeline's log, sees of a run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from lineman import __version__
from lineman.files import write_atomically
from lineman.report.figures import verdict_word
from lineman.report.github import github_annotations
from lineman.report.run import Change, Run, State, Verdict
from lineman.suite.run_state import RunOptions
from lineman.suite.session import LEFT_OUT, CaseOutcome
from lineman.text import plain, plain_text, visible

if TYPE_CHECKING:
    from lineman.suite.run_state import RunOptions
    from lineman.target import Target


_COLOURS = {Verdict.PASS: "green", Verdict.FAIL: "red", Verdict.NO_VERDICT: "yellow"}
_MARKS = {"passed": "ok", "failed": "FAILED", "skipped": "not verified"}
SHOWN = 20
"""Violations shown on the terminal; the report has all."""


class Display:
    """A progress bar on a terminal, a line a test elsewhere; then the verdict."""

    def __init__(self) -> None:
        self.console = Console(highlight=False, soft_wrap=True)
        self.progress: Progress | None = None
        self.said: list[tuple[CaseOutcome, str]] = []
        """Tests whose outcome was shown, and the word for it."""

    def begin(self, known_as: str, settings: RunOptions, target: Target, notes: Iterable[str] = ()) -> None:
        """Say what is judged, and where every setting came from: the wrong target must not go unnoticed."""
        places: dict[str, list[str]] = {}
        for setting, place in target.sources:
            places.setdefault(place.removesuffix(f": {setting}").removesuffix(f": {setting}_file"), []).append(setting)
        origins = "; ".join(f"{', '.join(names)} from {place}" for place, names in places.items())
        self.console.print(
            escape(
                f"lineman {__version__}: judging {known_as}, profile {settings.profile}, seed {settings.seed}"
                + (f" ({origins})" if origins else "")
            )
        )
        for note in notes:
            self.console.print(escape(f"Note: {note}"))
        if self.console.is_terminal:
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            self.progress = Progress(*columns, console=self.console, transient=True)
            self.task = self.progress.add_task("reading the list", total=None)
            self.progress.start()

    def step(self, outcome: CaseOutcome, total: int) -> None:
        """Show that a test has ended."""
        words = _title(outcome)
        if self.progress is None:
            mark = "left out" if outcome.reason == LEFT_OUT else _MARKS[outcome.state]
            reason = f" ({outcome.reason})" if outcome.reason else ""
            self.console.print(escape(plain(f"  {mark:12} {words}{reason}")))
            self.said.append((outcome, mark))
            return
        self.progress.update(self.task, description=escape(words[:60]), total=total, advance=1)
        if outcome.state == "failed":
            self.progress.console.print(f"  [red]broken[/red]  {escape(words)}")
            self.said.append((outcome, "FAILED"))

    def _correct(self, run: Run) -> None:
        """Say again, and rightly, what the rest of the run showed otherwise than a line above."""
        states = {clause.id: clause.state for clause in run.clauses}
        corrections = [
            f"  {now:12} {_title(outcome)} (above: {word})"
            for outcome, word in self.said
            if outcome.clauses and word != "left out" and (now := _final(outcome, states)) != word
        ]
        if corrections:
            self.console.print("\nThe whole run showed these otherwise than they are said above:")
            for line in corrections:
                self.console.print(escape(plain(line)))

    def end(self, run: Run, folder: Path, *, internal: str = "") -> None:
        """Tell the verdict, what is broken, and where the report lies."""
        if self.progress is not None:
            self.progress.stop()
        self._correct(run)
        self._violations(run)
        self._counts(run)
        colour = _COLOURS[run.verdict]
        self.console.print(f"\n[bold {colour}]{verdict_word(run)}[/bold {colour}]  {_safe(run.explanation)}")
        self.console.print(f"Report: {escape(str(folder / 'index.html'))}", soft_wrap=True)
        if internal:
            with suppress(OSError):
                text = "\n".join(visible(line) for line in internal.splitlines())
                write_atomically(folder / "internal-error.txt", text.encode("utf-8", "backslashreplace"))
        if os.environ.get("GITHUB_ACTIONS") == "true":
            self.console.print(github_annotations(run), markup=False, soft_wrap=True)

    def _violations(self, run: Run) -> None:
        for violation in run.violations[:SHOWN]:
            state = "waived" if violation.waived else "broken"
            change = f", {violation.change.value}" if violation.change is Change.NEW else ""
            self.console.print(f"\n[bold]{violation.clause}[/bold] ({state}{change}): {_safe(violation.summary)}")
            self.console.print(f"  replay: {_safe(violation.replay)}")
        if len(run.violations) > SHOWN:
            self.console.print(f"\n... and {len(run.violations) - SHOWN} more violations, all in the report")
        for drift in run.drift:
            self.console.print(
                f"\n[bold]{drift.clause}[/bold] (drift): pinned {_safe(drift.pinned)}, now {_safe(drift.observed)}"
            )
        for waiver in run.waivers:
            if waiver.state != "used":
                self.console.print(f"\nwaiver for {_safe(waiver.match)} is {waiver.state} (until {waiver.until})")

    def _counts(self, run: Run) -> None:
        counts = {state: sum(c.state is state for c in run.clauses) for state in State}
        words = ", ".join(f"{count} {state.value}" for state, count in counts.items() if count)
        seconds = (run.finished - run.started).total_seconds()
        self.console.print(f"\n{words}; {run.requests} requests in {seconds:.1f} s")


def _safe(text: str) -> str:
    """Text of a target on one line of a terminal or of a pipeline's log: nothing in it moves the cursor, colours
    anything or is taken for a command of the runner.
    """
    line = visible(" ".join(plain_text(text).splitlines()))
    return escape(line.replace("##[", "## [").replace("::", ": :"))


def _title(outcome: CaseOutcome) -> str:
    return outcome.name.removeprefix("test_").replace("_", " ").partition("[")[0]


def _final(outcome: CaseOutcome, states: Mapping[str, State]) -> str:
    """What the whole run makes of a test."""
    broken = (State.VIOLATED, State.WAIVED)
    if any(states.get(id_) in broken for id_ in (*outcome.clauses, *outcome.found)):
        return _MARKS["failed"]
    if all(states[id_] is State.NOT_VERIFIED for id_ in outcome.clauses if id_ in states):
        return _MARKS["skipped"]
    return _MARKS["passed"]
