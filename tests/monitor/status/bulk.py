"""Much history at once: one-minute results of several canaries, written straight into the tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import event
from tests.monitor.status import builders

from lineman.monitor.clock import DAY, HOUR, MINUTE
from lineman.monitor.config.models import Configuration
from lineman.monitor.status.facts import Viewpoint, gather
from lineman.monitor.store import History
from lineman.monitor.store.engine import engine_for

_RESULT = "INSERT INTO results VALUES (?, 'here', ?, 0, ?, 60000, ?, 'ok', 'none', ?, 0, 0, ?, ?)"
_SLOT = "INSERT INTO slots VALUES ('here', ?, 0, ?, ?, 60000, 'run', '')"
_VARIANTS = 97


def setup(number: int) -> Configuration:
    """Canaries of one a minute."""
    return Configuration(
        canaries={f"line-{index}": builders.canary(f"line-{index}") for index in range(number)},
    )


def prepare(path: Path) -> History:
    """An empty history."""
    history = History(str(path))
    history.open()
    return history


def write_results(path: Path, canaries: list[str], begin: int, end: int) -> None:
    """A good result a minute for each canary, as long as a real one."""
    variants = [(seconds, builders.details(seconds)) for seconds in (0.03 + n / 2_000 for n in range(_VARIANTS))]

    def results() -> Iterator[tuple[object, ...]]:
        for slot in range(begin // MINUTE * MINUTE, end, MINUTE):
            seconds, details = variants[slot // MINUTE % _VARIANTS]
            message = f"answered in {round(seconds * 1000)}ms"
            for index, name in enumerate(canaries):
                yield f"{slot:020x}{index:012x}", name, slot, slot + 40, seconds, message, details

    def slots() -> Iterator[tuple[object, ...]]:
        for slot in range(begin // MINUTE * MINUTE, end, MINUTE):
            for name in canaries:
                yield name, slot, slot

    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.executemany(_RESULT, results())
        connection.executemany(_SLOT, slots())


def a_year(path: Path, number: int, raw_days: int, now: int = builders.NOW) -> Configuration:
    """A year of hourly sums, with single results of the last ``raw_days``, not summed up for the last three hours."""
    chosen = setup(number)
    names = list(chosen.canaries)
    history = prepare(path)
    edge = now // HOUR * HOUR - 2 * HOUR
    for name in names:
        builders.write_sums(history, builders.sum_rows(name, now - 365 * DAY, edge, builders.eventful))
    history.close()
    write_results(path, names, now - raw_days * DAY, now)
    return chosen


def plans(path: Path, chosen: Configuration, now: int = builders.NOW) -> dict[str, list[str]]:
    """How SQLite goes about each query of a page, by its text."""
    asked: dict[str, tuple[Any, ...]] = {}

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if statement.startswith("SELECT"):
            asked[statement] = tuple(parameters)

    engine = engine_for(str(path))
    event.listen(engine, "before_cursor_execute", note)
    with engine.connect() as connection:
        facts = gather(connection, Viewpoint("here"), chosen.canaries, now)
        facts.with_details(connection, list(chosen.canaries))
    with closing(sqlite3.connect(path)) as raw:
        return {
            statement: [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            for statement, parameters in asked.items()
        }


def delays(path: Path, begin: int, end: int) -> tuple[list[int], int]:
    """Milliseconds from slot to probe between two instants, in order; and how many slots were missed.

    Skipped ones do not count: there the target took its time.
    """
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(
            "SELECT started - slot FROM results WHERE slot BETWEEN ? AND ? ORDER BY 1", (begin, end)
        )
        lost = connection.execute(
            "SELECT count(*) FROM slots WHERE outcome = 'missed' AND last BETWEEN ? AND ?", (begin, end)
        )
        return [row[0] for row in found], lost.fetchone()[0]
