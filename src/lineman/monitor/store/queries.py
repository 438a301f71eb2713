"""Reading history: uptime over a window, recent results, incidents."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, case, func, select

from lineman.monitor.clock import HOUR
from lineman.monitor.config.maintenance import maintenance_spans
from lineman.monitor.config.models import LONGEST_INTERVAL, Canary
from lineman.monitor.incidents.quorum import Vote
from lineman.monitor.incidents.state import JOINT
from lineman.monitor.result import Cause, ProbeVerdict, ProbeViolation
from lineman.monitor.store.schema import RESULTS, SLOTS, SUMS
from lineman.monitor.uptime import Stretch, Uptime, uptime

_PLACES = RESULTS.c.location != JOINT


def votes_between(connection: Connection, spans: Mapping[str, tuple[int, int]]) -> dict[str, list[Vote]]:
    """The results of all locations, by canary, in the order of their slots.

    ``spans``: for each canary the slots after the first and up to the second instant.
    """
    found: dict[str, list[Vote]] = {name: [] for name in spans}
    if not spans:
        return found
    details = case((RESULTS.c.verdict == ProbeVerdict.FAILED.value, RESULTS.c.details), else_="")
    query = (
        select(
            RESULTS.c.canary,
            RESULTS.c.location,
            RESULTS.c.lap,
            RESULTS.c.slot,
            RESULTS.c.verdict,
            RESULTS.c.cause,
            RESULTS.c.message,
            RESULTS.c.seconds,
            details.label("details"),
        )
        .where(_PLACES, RESULTS.c.canary.in_(list(spans)))
        .where(RESULTS.c.slot > min(first for first, _ in spans.values()))
        .where(RESULTS.c.slot <= max(last for _, last in spans.values()))
        .order_by(RESULTS.c.slot, RESULTS.c.lap)
    )
    for row in connection.execute(query).mappings():
        first, last = spans[row["canary"]]
        if first < row["slot"] <= last:
            found[row["canary"]].append(_voice(row))
    return found


def first_after(connection: Connection, canary: str, instant: int) -> int | None:
    """The first slot after an instant of which any location has a result."""
    query = select(func.min(RESULTS.c.slot)).where(_PLACES, RESULTS.c.canary == canary, RESULTS.c.slot > instant)
    return connection.execute(query).scalar()


def _voice(row: Mapping[Any, Any]) -> Vote:
    attempts = json.loads(row["details"]).get("attempts", []) if row["details"] else []
    last = attempts[-1] if attempts else {}
    return Vote(
        row["location"],
        row["slot"],
        ProbeVerdict(row["verdict"]),
        Cause(row["cause"]),
        row["message"],
        row["seconds"],
        last.get("root"),
        tuple(ProbeViolation(**breach) for breach in last.get("breaches", [])),
        row["lap"],
    )


def stretches(connection: Connection, location: str, canary: str, begin: int, end: int) -> list[Stretch]:
    """What single results and ledger entries say about the time from ``begin`` to ``end``."""
    results = select(RESULTS.c.slot, RESULTS.c.interval, RESULTS.c.verdict, RESULTS.c.lap).where(
        RESULTS.c.location == location,
        RESULTS.c.canary == canary,
        RESULTS.c.slot < end,
        # Said again in a way that an index can use.
        RESULTS.c.slot > begin - LONGEST_INTERVAL,
        RESULTS.c.slot + RESULTS.c.interval > begin,
    )
    gaps = select(SLOTS.c.first, SLOTS.c.last, SLOTS.c.interval, SLOTS.c.lap).where(
        SLOTS.c.location == location,
        SLOTS.c.canary == canary,
        SLOTS.c.outcome.in_(("missed", "skipped")),
        SLOTS.c.first < end,
        SLOTS.c.last > begin - LONGEST_INTERVAL,
        SLOTS.c.last + SLOTS.c.interval > begin,
    )
    found = [
        Stretch(slot, slot + i, ProbeVerdict(verdict), lap)
        for slot, i, verdict, lap in connection.execute(results).all()
    ]
    found += [Stretch(first, last + i, ProbeVerdict.NOT_RUN, lap) for first, last, i, lap in connection.execute(gaps)]
    return found


def uptime_between(connection: Connection, location: str, canary: Canary, begin: int, end: int) -> Uptime:
    """Uptime of ``[begin, end)``: hourly sums where whole hours are summed up, single results elsewhere.

    Time before the canary's first ledger entry does not belong to the window.
    """
    begin = max(begin, first_entry(connection, location, canary.name) or end)
    if begin >= end:
        return Uptime()
    summed_to = _summed_to(connection, location, canary.name)
    first_hour = -(-begin // HOUR) * HOUR
    last_hour = min(end // HOUR * HOUR, summed_to)
    if last_hour <= first_hour:
        return _measured(connection, location, canary, begin, end)
    whole = _sums(connection, location, canary.name, first_hour, last_hour)
    before = _measured(connection, location, canary, begin, first_hour)
    return before + whole + _measured(connection, location, canary, last_hour, end)


def first_entry(connection: Connection, location: str, canary: str) -> int | None:
    """The instant of a canary's first ledger entry or hourly sum."""
    hour = connection.execute(
        select(func.min(SUMS.c.hour)).where(SUMS.c.location == location, SUMS.c.canary == canary)
    ).scalar()
    slot = select(func.min(SLOTS.c.first)).where(SLOTS.c.location == location, SLOTS.c.canary == canary)
    if hour is not None:
        # What is summed up need not be searched: an earlier entry ends before the first sum, or touches it.
        slot = slot.where(SLOTS.c.last < hour + HOUR)
    found = [value for value in (connection.execute(slot).scalar(), hour) if value]
    # Where the first hour is summed up its sum counts from the first slot on, so that its beginning does no harm.
    return min(found, default=None)


def recent_results(connection: Connection, location: str, canary: str, count: int) -> list[RowMapping]:
    """The latest results, newest first."""
    query = (
        select(RESULTS)
        .where(RESULTS.c.location == location, RESULTS.c.canary == canary)
        .order_by(RESULTS.c.slot.desc())
        .limit(count)
    )
    return list(connection.execute(query).mappings())


def latest_slots(connection: Connection, location: str) -> Mapping[str, Any]:
    """Each canary's latest accounted instant: the end of its last ledger entry."""
    query = (
        select(SLOTS.c.canary, func.max(SLOTS.c.last + SLOTS.c.interval))
        .where(SLOTS.c.location == location)
        .group_by(SLOTS.c.canary)
    )
    return {canary: end for canary, end in connection.execute(query)}  # noqa: C416 - rows are no pairs to a type checker


def _measured(connection: Connection, location: str, canary: Canary, begin: int, end: int) -> Uptime:
    planned = maintenance_spans(canary.maintenance, begin, end)
    return uptime(stretches(connection, location, canary.name, begin, end), begin, end, planned)


def _summed_to(connection: Connection, location: str, canary: str) -> int:
    query = select(func.max(SUMS.c.hour)).where(SUMS.c.location == location, SUMS.c.canary == canary)
    latest = connection.execute(query).scalar()
    return 0 if latest is None else latest + HOUR


def _sums(connection: Connection, location: str, canary: str, begin: int, end: int) -> Uptime:
    columns = (SUMS.c.up, SUMS.c.down, SUMS.c.unknown, SUMS.c.maintenance, SUMS.c.degraded)
    query = select(*(func.coalesce(func.sum(column), 0) for column in columns)).where(
        SUMS.c.location == location, SUMS.c.canary == canary, SUMS.c.hour >= begin, SUMS.c.hour < end
    )
    return Uptime(*(int(value) for value in connection.execute(query).one()))
