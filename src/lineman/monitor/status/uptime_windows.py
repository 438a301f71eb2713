"""Uptime by day and over several windows in one reading: sums where hours are summed up, single results after them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, case, func, select

from lineman.monitor.clock import DAY, HOUR
from lineman.monitor.config.maintenance import maintenance_spans
from lineman.monitor.config.models import Canary
from lineman.monitor.store.queries import first_entry, stretches
from lineman.monitor.store.schema import SUMS
from lineman.monitor.uptime import Uptime, uptime

DAYS = 90
"""How many days the page shows, today included."""
WINDOWS = (1, 7, 30, 90)
"""Days of the windows whose uptime is reported."""
Piece = tuple[int, Uptime]
"""When a piece of time begins that lies within one day and within the same windows, and what it holds."""
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
    oldest = min([oldest_day, *begins.values()])
    edge = max(first, oldest, _summed_to(connection, location, canary.name))
    cuts = sorted({first, *begins.values()})
    pieces = _summed(connection, location, canary.name, oldest, cuts)
    pieces += _recent(connection, location, canary, edge, now, cuts)
    by_day: dict[int, list[Uptime]] = {}
    for begin, piece in pieces:
        if begin >= oldest_day:
            by_day.setdefault(begin // DAY * DAY, []).append(piece)
    windows = {length: _total(piece for start, piece in pieces if start >= begin) for length, begin in begins.items()}
    return Spans(first, {day: _total(found) for day, found in by_day.items()}, windows)


def _total(pieces: Iterable[Uptime]) -> Uptime:
    """The sum of many, where one ``+`` after the other would take its time."""
    values = [(piece.up, piece.down, piece.unknown, piece.maintenance, piece.degraded) for piece in pieces]
    return Uptime(*map(sum, zip(*values, strict=True)))


def _summed_to(connection: Connection, location: str, canary: str) -> int:
    query = select(func.max(SUMS.c.hour)).where(SUMS.c.location == location, SUMS.c.canary == canary)
    latest = connection.execute(query).scalar()
    return 0 if latest is None else int(latest) + HOUR


def _recent(
    connection: Connection, location: str, canary: Canary, begin: int, end: int, cuts: Sequence[int]
) -> list[Piece]:
    """What is not summed up yet, cut at midnights and where windows begin."""
    midnights = range((begin // DAY + 1) * DAY, end, DAY)
    edges = sorted({begin, end, *midnights, *(cut for cut in cuts if begin < cut < end)})
    found = stretches(connection, location, canary.name, begin, end)
    planned = maintenance_spans(canary.maintenance, begin, end)
    pieces = []
    for left, right in itertools.pairwise(edges):
        inside = [stretch for stretch in found if stretch.begin < right and stretch.end > left]
        pieces.append((left, uptime(inside, left, right, planned)))
    return pieces


def _summed(connection: Connection, location: str, canary: str, begin: int, cuts: Sequence[int]) -> list[Piece]:
    """What is summed up, by the day and by the windows that it belongs to: the sums of hours with the same cuts."""
    day = SUMS.c.hour - SUMS.c.hour % DAY
    windows = case(*((SUMS.c.hour < cut, index) for index, cut in enumerate(cuts)), else_=len(cuts))
    query = (
        select(func.min(SUMS.c.hour), *(func.sum(column) for column in _COLUMNS))
        .where(SUMS.c.location == location, SUMS.c.canary == canary, SUMS.c.hour >= begin)
        .group_by(day, windows)
    )
    return [(int(row[0]), Uptime(*(int(value) for value in row[1:]))) for row in connection.execute(query)]
