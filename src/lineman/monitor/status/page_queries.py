"""What else the page reads from history. Every query is bounded by an index or by a number of rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from sqlalchemy import Connection, Row, RowMapping, bindparam, func, select

from lineman.monitor.clock import DAY, HOUR
from lineman.monitor.incidents.drift import CHANGING
from lineman.monitor.result import PHASES, Cause, CertificateSeen, ProbeResult, ProbeVerdict
from lineman.monitor.status.wording import public
from lineman.monitor.store.schema import DRIFT, INCIDENTS, OUTBOX, RESULTS, SLOTS, SUMS, TRACKS


@dataclass(frozen=True, slots=True)
class Latest:
    """What a probe found, fit to be shown. ``started`` in milliseconds, times in seconds."""

    started: int
    verdict: ProbeVerdict
    cause: Cause
    message: str
    seconds: float
    after_retry: bool
    target: str
    certificate: CertificateSeen | None = None
    clauses: Mapping[str, str] = field(default_factory=dict)
    """Broken clauses by the fingerprint of the violation."""


def of_result(result: ProbeResult) -> Latest:
    """From the running monitor."""
    return _latest(result.as_dict())


def of_row(row: RowMapping | Mapping[str, Any]) -> Latest:
    """From history."""
    return _latest({**dict(row), **json.loads(row["details"])})


def _latest(values: Mapping[str, Any]) -> Latest:
    seen = values.get("certificate")
    attempts = values.get("attempts") or ()
    breaches = attempts[-1]["breaches"] if attempts else ()
    return Latest(
        started=values["started"],
        verdict=ProbeVerdict(values["verdict"]),
        cause=Cause(values["cause"]),
        message=public(values["message"]),
        seconds=values["seconds"],
        after_retry=bool(values["after_retry"]),
        target=values.get("target") or "",
        certificate=CertificateSeen(**seen) if seen else None,
        clauses={breach["fingerprint"]: breach["clause"] for breach in breaches},
    )


PHASE_SAMPLE = 240
"""The latest good probes from which phases are measured."""
CHECKS = 30
"""The latest results whose verdicts the list shows one by one."""
HOURS_DAYS = 7
"""Days of the hourly latency plot."""
_RAN = ("run", "late")
_MOST_NOTICES = 500
_MOST_RESULTS = 10_000
"""Single results from which the latest hours' latency is made: three hours of one a second."""
_MOST_GAPS = 10
_MOST_GAP_ROWS = 300


def ledger_end(connection: Connection, location: str, canary: str) -> int:
    """The instant up to which a canary's ledger speaks; 0 where it has none."""
    query = (
        select(SLOTS.c.last, SLOTS.c.interval)
        .where(SLOTS.c.location == location, SLOTS.c.canary == canary)
        .order_by(SLOTS.c.last.desc())
        .limit(1)
    )
    found = connection.execute(query).first()
    return 0 if found is None else int(found.last + found.interval)


def latest_result(connection: Connection, location: str, canary: str) -> Latest | None:
    """A canary's latest result at a location."""
    ran = (
        select(SLOTS.c.first)
        .where(SLOTS.c.location == location, SLOTS.c.canary == canary, SLOTS.c.outcome.in_(_RAN))
        .order_by(SLOTS.c.lap.desc(), SLOTS.c.first.desc())
        .limit(1)
    )
    slot = connection.execute(ran).scalar()
    query = (
        select(RESULTS)
        .where(RESULTS.c.canary == canary, RESULTS.c.location == location, RESULTS.c.slot == slot)
        .order_by(RESULTS.c.started.desc())
        .limit(1)
    )
    row = connection.execute(query).mappings().first()
    return None if row is None else of_row(row)


def locations(connection: Connection) -> list[str]:
    """Every place from which a canary was judged."""
    return sorted(connection.execute(select(TRACKS.c.location).distinct()).scalars())


def standing_since(connection: Connection, location: str) -> dict[tuple[str, str], tuple[int | None, int | None]]:
    """Since when each canary and kind is bad, and good (instants), where it is."""
    query = select(TRACKS.c.canary, TRACKS.c.kind, TRACKS.c.bad_since, TRACKS.c.good_since).where(
        TRACKS.c.location == location
    )
    return {(row.canary, row.kind): (row.bad_since, row.good_since) for row in connection.execute(query)}


def hourly_latency(connection: Connection, location: str, canary: str, now: int) -> list[tuple[int, float, float]]:
    """Hour, median and 95th percentile in seconds, of the last seven days' summed hours with a good probe."""
    query = (
        select(SUMS.c.hour, SUMS.c.latency_median, SUMS.c.latency_95)
        .where(
            SUMS.c.location == location,
            SUMS.c.canary == canary,
            SUMS.c.hour >= now - HOURS_DAYS * DAY,
            SUMS.c.latency_median.is_not(None),
            SUMS.c.latency_95.is_not(None),
        )
        .order_by(SUMS.c.hour)
    )
    return [(row[0], row[1], row[2]) for row in connection.execute(query)]


_HERE = (RESULTS.c.canary == bindparam("canary"), RESULTS.c.location == bindparam("location"))
# Made once: for every canary of a page, making them costs more than asking.
_SINGLE = (
    select(RESULTS.c.slot, RESULTS.c.seconds)
    .where(*_HERE, RESULTS.c.slot >= bindparam("begin"))
    .where(RESULTS.c.verdict.in_((ProbeVerdict.OK.value, ProbeVerdict.DEGRADED.value)))
    .order_by(RESULTS.c.slot.desc())
    .limit(_MOST_RESULTS)
)
_CHECKS = select(RESULTS.c.slot, RESULTS.c.verdict).where(*_HERE).order_by(RESULTS.c.slot.desc()).limit(CHECKS)


def day_latency(
    connection: Connection, location: str, canary: str, now: int, hours: Sequence[tuple[int, float, float]]
) -> list[tuple[int, float, float]]:
    """Hour, median and 95th percentile in seconds, of the last 24 hours; ``hours``: those that are summed up.

    Only the latest hours, which are not summed up yet, are read result by result.
    """
    summed = [hour for hour in hours if hour[0] > now - DAY]
    begin = summed[-1][0] + HOUR if summed else now - DAY
    single: dict[int, list[float]] = {}
    for slot, seconds in connection.execute(_SINGLE, {"canary": canary, "location": location, "begin": begin}).all():
        single.setdefault(slot // HOUR * HOUR, []).append(seconds)
    found = [(hour, median(values), quantile(values, 95)) for hour, values in sorted(single.items())]
    return [*summed, *found]


def quantile(values: Sequence[float], percent: int) -> float:
    """The value that so many percent of the others do not exceed; of few values the largest."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def latest_checks(connection: Connection, location: str, canary: str) -> list[tuple[int, str]]:
    """Slot and verdict of a canary's latest results, the oldest first."""
    rows = connection.execute(_CHECKS, {"canary": canary, "location": location}).all()
    return [(int(slot), str(verdict)) for slot, verdict in reversed(rows)]


def latest_message(connection: Connection, location: str, canary: str, verdicts: Sequence[str], since: int) -> str:
    """What the latest result with one of the verdicts says; empty where there is none any more."""
    query = (
        select(RESULTS.c.message)
        .where(RESULTS.c.canary == canary, RESULTS.c.location == location, RESULTS.c.slot >= since)
        .where(RESULTS.c.verdict.in_(verdicts))
        .order_by(RESULTS.c.slot.desc())
        .limit(1)
    )
    return connection.execute(query).scalar() or ""


def phase_samples(connection: Connection, location: str, canary: str, now: int) -> dict[str, list[float]]:
    """Sorted seconds by phase of the latest good probes of the last seven days; ``token`` where one was issued."""
    query = (
        select(RESULTS.c.seconds, RESULTS.c.details)
        .where(
            RESULTS.c.canary == canary,
            RESULTS.c.location == location,
            RESULTS.c.slot > now - HOURS_DAYS * DAY,
            RESULTS.c.verdict.in_((ProbeVerdict.OK.value, ProbeVerdict.DEGRADED.value)),
        )
        .order_by(RESULTS.c.slot.desc())
        .limit(PHASE_SAMPLE)
    )
    found: dict[str, list[float]] = {name: [] for name in (*PHASES, "total", "token")}
    for seconds, details in connection.execute(query).all():
        read = json.loads(details)
        for name, value in (read["attempts"][-1]["phases"] if read["attempts"] else {}).items():
            if name in found:
                found[name].append(value)
        found["total"].append(seconds)
        if read["token"] is not None:
            found["token"].append(read["token"]["seconds"])
    return {name: sorted(values) for name, values in found.items() if values}


def violations(connection: Connection, location: str, canary: str, since: int) -> list[tuple[RowMapping, str]]:
    """The violations of the contract seen last, newest first, each with its clause."""
    query = select(DRIFT).where(DRIFT.c.canary == canary, DRIFT.c.last >= since).order_by(DRIFT.c.last.desc()).limit(10)
    return [
        (row, "" if row["fingerprint"] == CHANGING else row["fingerprint"].rpartition("-")[0])
        for row in connection.execute(query).mappings()
    ]


def gaps(connection: Connection, location: str, canary: str, since: int) -> list[tuple[int, int, str, str]]:
    """The latest stretches of slots after ``since`` in which no probe ran: begin, end, outcome, reason."""
    query = (
        select(SLOTS.c.first, SLOTS.c.last + SLOTS.c.interval, SLOTS.c.outcome, SLOTS.c.reason)
        .where(
            SLOTS.c.location == location,
            SLOTS.c.canary == canary,
            SLOTS.c.last >= since,
            SLOTS.c.outcome.not_in(_RAN),
        )
        .order_by(SLOTS.c.last.desc())
        .limit(_MOST_GAP_ROWS)
    )
    found: list[tuple[int, int, str, str]] = []
    for begin, end, outcome, why in connection.execute(query):
        if found and found[-1][0] == end and found[-1][2:] == (outcome, why):
            found[-1] = (begin, *found[-1][1:])
        else:
            found.append((begin, end, outcome, why))
    return found[:_MOST_GAPS]


def incidents(
    connection: Connection, location: str, since: int, most: int, canary: str | None = None
) -> tuple[list[RowMapping], int]:
    """Open incidents, and the latest others that ended after ``since``, newest first; and how many are left out.

    ``canary``: of it alone.
    """
    wanted = (INCIDENTS.c.location == location) & (INCIDENTS.c.ended.is_(None) | (INCIDENTS.c.ended >= since))
    if canary is not None:
        wanted &= INCIDENTS.c.canary == canary
    order = (INCIDENTS.c.ended.is_(None).desc(), INCIDENTS.c.opened.desc())
    rows = list(connection.execute(select(INCIDENTS).where(wanted).order_by(*order).limit(most)).mappings())
    count = connection.execute(select(func.count()).select_from(INCIDENTS).where(wanted)).scalar_one()
    return rows, int(count) - len(rows)


def turns(
    connection: Connection, location: str, canary: str, begin: int, end: int, most: int
) -> Sequence[Row[Any, Any, Any]]:
    """The slots of ``[begin, end]`` at which the verdict or its cause became another one: slot, verdict, message."""
    before = func.lag(RESULTS.c.verdict).over(order_by=RESULTS.c.slot).label("before")
    cause_before = func.lag(RESULTS.c.cause).over(order_by=RESULTS.c.slot).label("cause_before")
    inner = (
        select(RESULTS.c.slot, RESULTS.c.verdict, RESULTS.c.cause, RESULTS.c.message, before, cause_before)
        .where(
            RESULTS.c.canary == canary,
            RESULTS.c.location == location,
            RESULTS.c.slot >= begin,
            RESULTS.c.slot <= end,
        )
        .subquery()
    )
    query = (
        select(inner.c.slot, inner.c.verdict, inner.c.message)
        .where(inner.c.verdict.is_distinct_from(inner.c.before) | inner.c.cause.is_distinct_from(inner.c.cause_before))
        .order_by(inner.c.slot)
        .limit(most)
    )
    return connection.execute(query).all()


def notices(connection: Connection, location: str, since: int) -> list[RowMapping]:
    """The latest notices about incidents, oldest first, without their text."""
    outbox = OUTBOX.c
    columns = (outbox.channel, outbox.event, outbox.created, outbox.settled, outbox.dropped, outbox.facts, outbox.error)
    query = (
        select(*columns)
        .where(OUTBOX.c.location == location, OUTBOX.c.created >= since)
        .order_by(OUTBOX.c.number.desc())
        .limit(_MOST_NOTICES)
    )
    return list(reversed(connection.execute(query).mappings().all()))


def history_size(connection: Connection) -> int | None:
    """Bytes of the database; None where it does not say."""
    if connection.dialect.name == "sqlite":
        pages, size = (connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("page_count", "page_size"))
        return int(pages or 0) * int(size or 0)
    if connection.dialect.name == "postgresql":
        found = connection.execute(select(func.pg_database_size(func.current_database()))).scalar()
        return None if found is None else int(found)
    return None
