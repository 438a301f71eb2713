"""The folder of a run: every page and file that is rendered from its record."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

from lineman.report.compare import apply_baseline
from lineman.report.ctrf import ctrf
from lineman.report.figures import open_violations
from lineman.report.files import make_folder, run_text, write
from lineman.report.har import har
from lineman.report.history import read_history
from lineman.report.journal import JOURNAL_FILE
from lineman.report.junit import junit
from lineman.report.languages import language as find_language
from lineman.report.run import Run
from lineman.report.run_page import run_page
from lineman.report.summary import summary
from lineman.report.ticket import FOLDER, is_ticket_name, ticket, ticket_name, tickets


def write_run_files(run: Run, folder: Path, *, previous: Run | None = None, language: str = "en") -> list[Path]:
    """Write every file of a run into ``folder``, which is created: the page, the record and the pipeline's files.

    ``language`` is that of the tickets (``en``, ``zh``).
    With ``previous`` the run is first compared with it, unless that has happened already.

    Raises:
        ReportError: the folder or a file cannot be written; the message says what to do.
    """
    if previous is not None and run.baseline is None:
        run = apply_baseline(run, previous)
    make_folder(folder)
    if open_violations(run):
        make_folder(folder / FOLDER)
    written = [write(folder / name, data) for name, data in _contents(run, folder, language)]
    _remove_other_tickets(folder / FOLDER, {path.name for path in written})
    with contextlib.suppress(OSError):
        (folder / JOURNAL_FILE).unlink()
    return written


def _remove_other_tickets(folder: Path, written: set[str]) -> None:
    """Take away tickets of an earlier rendering whose causes this one does not have; other files there are kept."""
    if folder.is_symlink():  # what a link leads to is not ours to remove
        return
    for path in folder.glob("*.md"):
        if path.name not in written and is_ticket_name(path.name):
            with contextlib.suppress(OSError):
                path.unlink()


def _contents(run: Run, folder: Path, code: str) -> Iterator[tuple[str, bytes]]:
    said = find_language(code)
    before = [one for one in read_history(folder.parent, run.target.name) if one.started < run.started]

    yield "run.json", run_text(run).encode()
    for cause in tickets(run):
        yield (
            f"{FOLDER}/{ticket_name(cause)}",
            ticket(run, cause, said, history=before).encode("utf-8", "backslashreplace"),
        )
    yield "summary.md", summary(run).encode("utf-8", "backslashreplace")
    yield "junit.xml", junit(run)
    yield "ctrf.json", json.dumps(ctrf(run), ensure_ascii=False, indent=1).encode()
    yield "exchanges.har", har(run).encode("utf-8", "backslashreplace")
    yield (
        "index.html",
        run_page(run, raw_page=(folder / "pytest.html").exists(), history=before).encode("utf-8", "backslashreplace"),
    )
