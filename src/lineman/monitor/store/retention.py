"""Keeping history bounded: whole hours are summed up, old single results go, the file gives space back."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import quantiles

from sqlalchemy import Connection, delete, func, select

from lineman.monitor.clock import DAY, HOUR
from lineman.monitor.config.maintenance import maintenance_spans
from lineman.monitor.config.models import Canary, MonitorSettings
from lineman.monitor.result import ProbeVerdict
from lineman.monitor.store.history import History
from lineman.monitor.store.queries import first_entry, stretches
from lineman.monitor.store.schema import DRIFT, INCIDENTS, OUTBOX, RESULTS, SLOTS, SUMS
from lineman.monitor.uptime import uptime

_SETTLED_FOR = 2 * HOUR
"""An hour is summed up when it is so long past: no slow probe can add to it any more."""


def tidy(history: History, canaries: Iterable[Canary], settings: MonitorSettings, now: int) -> None:
    """Sum up, delete and shrink; each canary in a transaction of its own, so that nobody waits for long."""
    for canary in canaries:
        with history.transaction() as connection:
            _sum_up(connection, history.location, canary, now)
    with history.transaction() as connection:
        _forget(connection, history.location, now - settings.keep, now - settings.keep_sums)
    _shrink(history, settings.max_megabytes * 1_000_000, now)


def tidy_when_due(history: History, canary: Canary, settings: MonitorSettings, now: int) -> None:
    """Tidy where a whole hour of the canary is not summed up yet: for one-shot probes, which nobody tidies after."""
    with history.reading() as connection:
        due = _next_hour(connection, history.location, canary)
    if due is not None and due + HOUR + _SETTLED_FOR <= now:
        tidy(history, [canary], settings, now)


def _next_hour(connection: Connection, location: str, canary: Canary) -> int | None:
    """The first hour that is not summed up; None where nothing is known."""
    begin = first_entry(connection, location, canary.name)
    if begin is None:
        return None
    done = select(func.max(SUMS.c.hour)).where(SUMS.c.location == location, SUMS.c.canary == canary.name)
    latest = connection.execute(done).scalar()
    return begin // HOUR * HOUR if latest is None else int(latest) + HOUR


def _sum_up(connection: Connection, location: str, canary: Canary, now: int) -> None:
    begin, hour = first_entry(connection, location, canary.name), _next_hour(connection, location, canary)
    if begin is None or hour is None:
        return
    while hour + HOUR + _SETTLED_FOR <= now:
        _sum_hour(connection, location, canary, max(hour, begin), hour)
        hour += HOUR


def _sum_hour(connection: Connection, location: str, canary: Canary, begin: int, hour: int) -> None:
    end = hour + HOUR
    found = stretches(connection, location, canary.name, begin, end)
    sums = uptime(found, begin, end, maintenance_spans(canary.maintenance, begin, end))
    query = select(RESULTS.c.seconds, RESULTS.c.after_retry, RESULTS.c.verdict).where(
        RESULTS.c.location == location, RESULTS.c.canary == canary.name, RESULTS.c.slot >= hour, RESULTS.c.slot < end
    )
    results = connection.execute(query).all()
    good = [row.seconds for row in results if row.verdict in (ProbeVerdict.OK, ProbeVerdict.DEGRADED)]
    cuts = quantiles(good, n=100, method="inclusive") if len(good) > 1 else [good[0]] * 99 if good else [None] * 99
    connection.execute(
        SUMS.insert(),
        {
            "location": location,
            "canary": canary.name,
            "hour": hour,
            "up": sums.up,
            "down": sums.down,
            "unknown": sums.unknown,
            "maintenance": sums.maintenance,
            "degraded": sums.degraded,
            "probes": len(results),
            "retried": sum(row.after_retry for row in results),
            "latency_median": cuts[49],
            "latency_95": cuts[94],
            "latency_99": cuts[98],
        },
    )


def _forget(connection: Connection, location: str, before: int, sums_before: int) -> None:
    connection.execute(delete(RESULTS).where(RESULTS.c.location == location, RESULTS.c.slot < before))
    connection.execute(delete(SLOTS).where(SLOTS.c.location == location, SLOTS.c.last < before))
    connection.execute(delete(SUMS).where(SUMS.c.location == location, SUMS.c.hour < sums_before))
    connection.execute(delete(INCIDENTS).where(INCIDENTS.c.location == location, INCIDENTS.c.ended < sums_before))
    connection.execute(delete(OUTBOX).where(OUTBOX.c.location == location, OUTBOX.c.settled < before))
    connection.execute(delete(DRIFT).where(DRIFT.c.location == location, DRIFT.c.last < sums_before))


def _shrink(history: History, limit: int, now: int) -> None:
    """Give free pages back; above the limit, let single results go a tenth at a time, the last two days excepted."""
    for _ in range(10):
        with history.transaction() as connection:
            if connection.dialect.name != "sqlite":
                return
            size = _size(connection)
            if size > limit:
                oldest = connection.execute(select(func.min(RESULTS.c.slot))).scalar()
                if oldest is not None and oldest < now - 2 * DAY:
                    _forget(connection, history.location, oldest + (now - 2 * DAY - oldest) // 10 + 1, 0)
        with history.transaction() as connection:
            cursor = connection.connection.cursor()
            cursor.execute("PRAGMA incremental_vacuum(20000)")
            cursor.fetchall()  # it frees a page at each step
            cursor.close()
        if size <= limit:
            return


def _size(connection: Connection) -> int:
    pages, free, length = (
        int(connection.exec_driver_sql(f"PRAGMA {name}").scalar() or 0)
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * length
