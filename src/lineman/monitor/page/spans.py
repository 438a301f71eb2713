"""Uptime by day and over several windows in one reading: sums where hours are summed up, single results after them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from lineman.monitor.clock import DAY, HOUR
from lineman.monitor.settings.maintenance import maintenance_spans
from lineman.monitor.settings.models import Canary
from lineman.monitor.store.figures import first_entry, stretches
from lineman.monitor.store.tables import SUMS
from lineman.monitor.uptime import Uptime, uptime

DAYS = 90
"""How many days the page shows, today included."""
WINDOWS = (1, 7, 30, 90)
"""Days of the windows whose uptime is told."""
_COLUMNS = (SUMS.c.up, SUMS.c.down, SUMS.c.unknown, SUMS.c.maintenance, SUMS.c.degraded)


@dataclass(frozen=True, slots=True)
class Spans:
    """``days``: uptime by the day's first instant (UTC); ``windows``: by length in milliseconds, ending now.

    A window begins on the hour, so that it is up to an hour longer than its name says.
    """

    begin: int | None = None
    """The canary's first ledger entry; None where there is none."""
    days: dict[int, Uptime] = field(default_factory=dict)
    windows: dict[int, Uptime] = field(default_factory=dict)


def spans(connection: Connection, location: str, canary: Canary, now: int, lengths: Iterable[int]) -> Spans:
    """Read what a canary's page needs; ``lengths``: the windows, in milliseconds."""
    first = first_entry(connection, location, canary.name)
    if first is None or first >= now:
        return Spans()
    begins = {length: (now - length) // HOUR * HOUR for length in lengths}
    oldest_day = now // DAY * DAY - (DAYS - 1) * DAY
    summed_to = max(first, _summed_to(connection, location, canary.name))
    edge = max(summed_to, min([oldest_day, *begins.values()]))
    pieces = _recent(connection, location, canary, edge, now, [first, *begins.values()])
    days = _days(connection, location, canary.name, oldest_day)
    for (begin, _), piece in pieces.items():
        if begin >= oldest_day:
            start = begin // DAY * DAY
            days[start] = days.get(start, Uptime()) + piece
    windows = {}
    for length, begin in begins.items():
        recent = sum((piece for (start, _), piece in pieces.items() if start >= begin), Uptime())
        windows[length] = _summed(connection, location, canary.name, begin) + recent
    return Spans(first, days, windows)


def _summed_to(connection: Connection, location: str, canary: str) -> int:
    query = select(func.max(SUMS.c.hour)).where(SUMS.c.location == location, SUMS.c.canary == canary)
    latest = connection.execute(query).scalar()
    return 0 if latest is None else int(latest) + HOUR


def _recent(
    connection: Connection, location: str, canary: Canary, begin: int, end: int, cuts: list[int]
) -> dict[tuple[int, int], Uptime]:
    """What is not summed up yet, cut at midnights and where windows begin."""
    midnights = range((begin // DAY + 1) * DAY, end, DAY)
    edges = sorted({begin, end, *midnights, *(cut for cut in cuts if begin < cut < end)})
    found = sorted(stretches(connection, location, canary.name, begin, end), key=lambda stretch: stretch.begin)
    planned = maintenance_spans(canary.maintenance, begin, end)
    pieces = {}
    for left, right in itertools.pairwise(edges):
        inside = [stretch for stretch in found if stretch.begin < right and stretch.end > left]
        pieces[left, right] = uptime(inside, left, right, planned)
    return pieces


def _days(connection: Connection, location: str, canary: str, oldest: int) -> dict[int, Uptime]:
    day = SUMS.c.hour - SUMS.c.hour % DAY
    query = (
        select(day, *(func.sum(column) for column in _COLUMNS))
        .where(SUMS.c.location == location, SUMS.c.canary == canary, SUMS.c.hour >= oldest)
        .group_by(day)
    )
    return {int(row[0]): Uptime(*(int(value) for value in row[1:])) for row in connection.execute(query)}


def _summed(connection: Connection, location: str, canary: str, begin: int) -> Uptime:
    query = select(*(func.coalesce(func.sum(column), 0) for column in _COLUMNS)).where(
        SUMS.c.location == location, SUMS.c.canary == canary, SUMS.c.hour >= begin
    )
    return Uptime(*(int(value) for value in connection.execute(query).one()))
