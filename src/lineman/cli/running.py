"""One run from the folder for its files to the verdict on the terminal, whatever interrupts it."""

from __future__ import annotations

import itertools
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import typer

from lineman.cli.terminal import Display
from lineman.report.compare import apply_baseline
from lineman.report.files import ReportError, load_run, make_folder
from lineman.report.history import HISTORY_FILE, add_to_history
from lineman.report.plot_worker import warm_worker
from lineman.report.run import Run
from lineman.report.run_folder import write_run_files
from lineman.report.runs_index import find_baseline
from lineman.suite.pins import read_pins, write_pins
from lineman.suite.requirements import check_target
from lineman.suite.run_state import RunOptions
from lineman.suite.runner import prepare, run_suite
from lineman.suite.waiting import wait_until_up
from lineman.target import Target
from lineman.times import format_instant

REPORTS = Path("reports")


def run_and_report(
    settings: RunOptions,
    target: Target,
    known_as: str,
    report_dir: Path | None,
    baseline: Path | None,
    pytest_args: list[str],
    *,
    wait: float = 0,
) -> int:
    """Judge, write the files, show the verdict, and return the exit code.

    Raises:
        ConfigurationError, UnknownClauseError: a setting or a glob is wrong; nothing was sent.
        ReportError: the baseline cannot be read, or the folder cannot be made.
    """
    check_target(settings, target)
    if wait:
        wait_until_up(target, wait, lambda reason: typer.echo(f"lineman test: {reason}"))
    plugin = prepare(settings, target=target)
    earlier = _earlier(baseline, (report_dir or REPORTS / "run").parent, target.name)
    folder = report_dir or _own_folder(target.name)
    make_folder(folder)
    display = Display()
    display.begin(known_as, settings, target, _notes(settings, target, earlier))
    with _interrupts() as interrupts, warm_worker():
        result = run_suite(
            plugin,
            report_dir=folder,
            progress=display.step,
            pytest_args=pytest_args,
            sandbox=bool(settings.sandbox_options),
        )
        interrupts.ignored = True  # whoever is impatient now would lose the report of what was found
        run = result.run if earlier is None else apply_baseline(result.run, earlier)
        unwritten = _write(run, folder, earlier)
    if settings.pin and run.observations:
        write_pins(settings.pins, target.name, run.observations, default=settings.default_target)
        typer.echo(f"{len(run.observations)} answers pinned for {target.name} in {settings.pins}: commit it")
    display.end(run, folder, internal=plugin.session.internal_trace)
    if unwritten:
        typer.echo(f"lineman test: the verdict above stands, and its report is not complete: {unwritten}", err=True)
    return run.exit_code


def _write(run: Run, folder: Path, earlier: Run | None) -> str:
    """Write the run's files; why they could not be written, which takes nothing from the verdict."""
    try:
        write_run_files(run, folder, previous=earlier)
        if keeps_history(folder):
            add_to_history(run, folder)
    except (ReportError, OSError) as error:
        return str(error)
    return ""


def keeps_history(folder: Path) -> bool:
    """True in a folder of reports: nobody expects a file beside any other ``--report-dir``, unless one is there."""
    home = folder.absolute().parent
    return home.name == REPORTS.name or (home / HISTORY_FILE).exists()


def _own_folder(name: str) -> Path:
    """Make a folder below ``reports`` that no other run has, though two begin in the same second."""
    make_folder(REPORTS)
    fit = "".join(c if c.isalnum() or c in "-._" else "_" for c in name)
    first = f"{format_instant(datetime.now(UTC), 'name')}-{fit}"
    for number in itertools.count(1):
        folder = REPORTS / (first if number == 1 else f"{first}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise AssertionError("counting has no end")


def _earlier(given: Path | None, folder: Path, name: str) -> Run | None:
    return load_run(given) if given is not None else find_baseline(folder, name)


def _notes(settings: RunOptions, target: Target, earlier: Run | None) -> list[str]:
    """What a person should know before the run begins."""
    notes = [read_pins(settings.pins).note(target.name, default=settings.default_target)]
    if earlier is not None and earlier.target.name != target.name:
        notes.append(f"the baseline is a run of {earlier.target.name}, and this run judges {target.name}")
    return [note for note in notes if note]


class _Interrupts:
    """What an interrupt does: end the run, and from then on nothing."""

    def __init__(self) -> None:
        self.ignored = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """The handler of a signal."""
        if not self.ignored:
            self.ignored = True
            raise KeyboardInterrupt


@contextmanager
def _interrupts() -> Iterator[_Interrupts]:
    """Let SIGTERM, with which pipelines and containers end a job, do what Ctrl-C does: end the run with its reports."""
    handler = _Interrupts()
    if threading.current_thread() is not threading.main_thread():
        yield handler  # signals are the main thread's
        return
    before = {number: signal.signal(number, handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield handler
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
