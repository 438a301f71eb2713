"""Runs over time: the previous run on a target, and a page over all runs in a folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lineman.report.figures import STATE_WORDS, Counts, counts, percentile, samples, verdict_word
from lineman.report.files import ReportError, write
from lineman.report.run import ClauseResult, Run, State, Verdict
from lineman.times import format_instant

MOST_RUNS = 30
"""Runs in one strip."""
_DEEPEST = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """A run in a folder, without its exchanges, and the page to link to."""

    run: Run
    page: str
    word: str
    counts: Counts
    p95: float | None
    """Seconds of the 95th percentile of the answered queries; None where they were too few."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One clause in one run; ``kind`` is a state, ``gap`` where the run does not know the clause, or ``changed``."""

    kind: str
    title: str
    page: str
    """The run's page."""


@dataclass(frozen=True, slots=True)
class Strip:
    """One clause over the last runs, oldest first."""

    clause: ClauseResult
    cells: list[Cell]
    spoken: str
    restless: bool
    """True where a run with a verdict has it as anything but held or observed with the same answer."""


@dataclass(frozen=True, slots=True)
class Part:
    """One state in one run's column: from ``start`` for ``size`` of a hundred."""

    kind: str
    start: float
    size: float


@dataclass(frozen=True, slots=True)
class Column:
    """The promises of one run, stacked by their ends."""

    page: str
    title: str
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class TargetHistory:
    """All runs on one target, newest first."""

    target: str
    entries: list[Entry]
    strips: list[Strip]
    columns: list[Column]
    """The last runs, oldest first."""


def find_baseline(folder: Path, target: str) -> Run | None:
    """The latest run on a target in ``folder`` or in a folder directly in it, or None.

    Files that are no runs are passed over. Exchanges come without bodies and headers.
    """
    candidates = [(started, file) for file in _run_files(folder, 1) if (started := _started(file, target))]
    for _, file in sorted(candidates, reverse=True):
        run = _light(file)
        if isinstance(run, Run):
            return run
    return None


def _started(file: Path, target: str) -> str:
    """When a run on that target started, in UTC; empty where the file is no such run."""
    try:
        data = json.loads(file.read_bytes())
        moment = datetime.fromisoformat(data["started"]).astimezone(UTC)
        return moment.isoformat() if data["target"]["name"] == target else ""
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""


def index(folder: Path) -> Path:
    """Write ``index.html`` over all runs under ``folder`` and return its path.

    Raises:
        ReportError: the folder is not there, is a run's own folder, or cannot be written to.
    """
    from lineman.report.html import render  # noqa: PLC0415 - finding a baseline needs no templates

    if not folder.is_dir():
        raise ReportError(f"{folder} is not a folder: give the folder that holds the runs' folders")
    if (folder / "run.json").exists():
        raise ReportError(f"{folder} is the folder of one run: give the folder above it")
    entries, unreadable = _entries(folder)
    page = render(
        "history.html", scripts=("hash.js", "history.js"), histories=_histories(entries), unreadable=unreadable
    )
    return write(folder / "index.html", page.encode("utf-8", "backslashreplace"))


def _run_files(folder: Path, deepest: int) -> Iterator[Path]:
    """Every ``run.json`` down to that many folders below; a whole tree would be somebody's home folder."""
    for depth in range(deepest + 1):
        yield from sorted(folder.glob("*/" * depth + "run.json"))


def _light(file: Path) -> Run | str:
    """A run with the timing of its exchanges but without their text, or why it cannot be read."""
    try:
        data = json.loads(file.read_bytes())
        for exchange in data["exchanges"]:
            exchange |= {"request_body": None, "response_body": None, "response_headers": [], "request_headers": []}
        return Run.model_validate(data)
    except OSError as error:
        return error.strerror or str(error)
    except (ValueError, KeyError, TypeError, AttributeError):
        return "not a run of this version of lineman"


def _entries(folder: Path) -> tuple[list[Entry], list[tuple[str, str]]]:
    entries, unreadable = [], []
    for file in _run_files(folder, _DEEPEST):
        place = file.parent.relative_to(folder).as_posix()
        run = _light(file)
        if isinstance(run, Run):
            slim = run.model_copy(update={"exchanges": []})
            p95 = percentile(samples(run).get("total", []), 95)
            entries.append(Entry(slim, _link(place), verdict_word(run), counts(run), p95))
        else:
            unreadable.append((place, run))
    return sorted(entries, key=lambda entry: entry.run.started, reverse=True), unreadable


def _link(place: str) -> str:
    from urllib.parse import quote  # noqa: PLC0415 - small, and only here

    return f"./{quote(place)}/index.html"


def _histories(entries: list[Entry]) -> list[TargetHistory]:
    by_target: dict[str, list[Entry]] = {}
    for entry in entries:
        by_target.setdefault(entry.run.target.name, []).append(entry)
    return [TargetHistory(target, found, _strips(found), _columns(found)) for target, found in by_target.items()]


def _columns(entries: list[Entry]) -> list[Column]:
    return [_column(entry) for entry in entries[:MOST_RUNS][::-1]]


def _column(entry: Entry) -> Column:
    """Held at the bottom, broken on top, where the eye looks first."""
    numbers = {
        "held": entry.counts.held,
        "not-verified": entry.counts.not_verified,
        "waived": entry.counts.waived,
        "violated": entry.counts.violated,
    }
    parts, bottom = [], 100.0
    for kind, number in numbers.items():
        size = 100 * number / max(entry.counts.promised, 1)
        bottom -= size
        if number:
            parts.append(Part(kind, round(bottom, 2), round(size, 2)))
    words = {"violated": "broken", "not-verified": "not verified"}
    said = ", ".join(f"{number} {words.get(kind, kind)}" for kind, number in reversed(numbers.items()) if number)
    return Column(entry.page, f"{entry.word}, {format_instant(entry.run.started, 'short')}: {said}", parts)


def _strips(entries: list[Entry]) -> list[Strip]:
    """Strips of the clauses that the newest run knows, restless ones first."""
    shown = entries[:MOST_RUNS][::-1]
    tables = [(entry, {one.id: one for one in entry.run.clauses}) for entry in shown]
    strips = [_strip(clause, tables) for clause in shown[-1].run.clauses]
    return sorted(strips, key=lambda strip: not strip.restless)


def _strip(clause: ClauseResult, tables: list[tuple[Entry, dict[str, ClauseResult]]]) -> Strip:
    cells: list[Cell] = []
    answer: str | None = None
    for entry, table in tables:
        found = table.get(clause.id)
        cells.append(_cell(found, answer, entry))
        answer = found.answer if found and found.answer else answer
    kinds = [cell.kind for cell in cells]
    pairs = zip(cells, tables, strict=True)
    judged = [cell.kind for cell, (entry, _) in pairs if entry.run.verdict is not Verdict.NO_VERDICT]
    restless = any(kind not in {State.HELD.value, State.OBSERVED.value, "gap"} for kind in judged)
    return Strip(clause, cells, _describe_kinds(kinds), restless)


def _cell(found: ClauseResult | None, before: str | None, entry: Entry) -> Cell:
    when = format_instant(entry.run.started, "short")
    if found is None:
        return Cell("gap", f"{when}: not in this run", entry.page)
    if found.state is State.OBSERVED and before is not None and found.answer not in {None, before}:
        return Cell("changed", f"{when}: another answer: {found.answer}", entry.page)
    return Cell(found.state.value, f"{when}: {STATE_WORDS[found.state]}", entry.page)


def _describe_kinds(kinds: list[Any]) -> str:
    numbers = {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
    return f"{len(kinds)} runs, oldest first: " + ", ".join(f"{number} {kind}" for kind, number in numbers.items())
