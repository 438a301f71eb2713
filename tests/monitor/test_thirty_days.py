"""Thirty days of slots on a fake clock, against a reference that counts every second by itself."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from tests.monitor.incidents import recent_incidents
from tests.monitor.simulation import FakeClock, Life, whole_second_name

from lineman.monitor.clock import DAY, HOUR, MINUTE, SECOND
from lineman.monitor.config.models import Canary, MonitorSettings
from lineman.monitor.incidents.alerts import Event
from lineman.monitor.result import ProbeVerdict
from lineman.monitor.slots import Absence, Grid, stable_offset
from lineman.monitor.store import History
from lineman.monitor.store.queries import uptime_between
from lineman.monitor.store.retention import tidy
from lineman.monitor.store.schema import SLOTS

INTERVAL = 5 * MINUTE
BEGIN = round(datetime(2026, 3, 10, tzinfo=UTC).timestamp() * 1_000)
END = BEGIN + 30 * DAY  # Berlin sets its clocks forward on 29 March, Sydney back on 5 April

OUTAGES = (  # from, to, relative to BEGIN; failed
    (2 * DAY + 3 * HOUR, 2 * DAY + 4 * HOUR),
    (6 * DAY, 6 * DAY + 17 * MINUTE),
    (19 * DAY + 40 * MINUTE, 19 * DAY + 5 * HOUR),  # over Berlin's change
)
TOO_SHORT = ((4 * DAY, 4 * DAY + 9 * MINUTE),)
FLAPPING = tuple((10 * DAY + n * HOUR, 10 * DAY + n * HOUR + 20 * MINUTE) for n in range(4))
BLIND = ((13 * DAY, 13 * DAY + 2 * HOUR),)
SUSPEND_AT, SUSPENDED = 15 * DAY + 7 * MINUTE, 9 * HOUR
FORWARD_AT, FORWARD = 21 * DAY, 45 * MINUTE
BACK_AT, BACK = 23 * DAY, 2 * HOUR
NUDGE_AT, NUDGE = 24 * DAY, 90 * SECOND
DOWN_AT, DOWN_FOR = 26 * DAY, 3 * HOUR

ZONES = (("Europe/Berlin", 2, 30), ("Australia/Sydney", 2, 30))


def canary() -> Canary:
    windows: list[dict[str, Any]] = [{"zone": zone, "at": f"{h:02}:{m:02}", "lasts": "1h"} for zone, h, m in ZONES]
    return Canary.model_validate(
        {
            "name": whole_second_name(INTERVAL),
            "interval": "5m",
            "incident": {"opens_after": 3, "ends_after": 2, "settle": "2h", "unknown_after": 5},
            "maintenance": windows,
            "notices": ["night"],
        }
    )


def verdict_at(instant: int) -> ProbeVerdict:
    since = instant - BEGIN
    if any(first <= since < last for first, last in (*OUTAGES, *TOO_SHORT, *FLAPPING)):
        return ProbeVerdict.FAILED
    return ProbeVerdict.UNKNOWN if any(first <= since < last for first, last in BLIND) else ProbeVerdict.OK


class Reference:
    """What is known of every second of the wall clock, painted in the order in which it was measured."""

    def __init__(self) -> None:
        self.seconds: dict[int, ProbeVerdict] = {}

    def paint(self, slot: int, verdict: ProbeVerdict) -> None:
        for second in range(slot // 1_000, (slot + INTERVAL) // 1_000):
            self.seconds[second] = verdict

    def sums(self, begin: int, end: int) -> Counter[str]:
        planned = planned_seconds(begin // 1_000, end // 1_000)
        found: Counter[str] = Counter()
        for second in range(begin // 1_000, end // 1_000):
            verdict = self.seconds.get(second, ProbeVerdict.NOT_RUN)
            found["maintenance" if second in planned else str(verdict)] += 1
        return found


def planned_seconds(begin: int, end: int) -> set[int]:
    """Seconds in maintenance: an hour from the first second of a local day that reads 02:30 or later."""
    planned: set[int] = set()
    for name, hour, minute in ZONES:
        zone = ZoneInfo(name)
        day = datetime.fromtimestamp(begin - 86_400, zone).date()
        while (start := datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) < end:
            first = next(
                second
                for second in range(round(start), round(start) + 6 * 3_600)
                if (datetime.fromtimestamp(second, zone).hour, datetime.fromtimestamp(second, zone).minute)
                >= (hour, minute)
            )
            planned.update(range(first, first + 3_600))
            day += timedelta(days=1)
    return planned


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Canary, Path, Reference, list[Event]]:
    path = tmp_path_factory.mktemp("history") / "history.sqlite"
    subject, reference = canary(), Reference()
    clock = FakeClock(BEGIN)
    clock.events = [
        (SUSPEND_AT / 1_000, lambda c: c.suspend(SUSPENDED)),
        (FORWARD_AT / 1_000, lambda c: c.set_wall(FORWARD)),
        (BACK_AT / 1_000, lambda c: c.set_wall(-BACK)),
        (NUDGE_AT / 1_000, lambda c: c.set_wall(-NUDGE)),
    ]
    told: list[Event] = []
    first = Life(clock, subject, path, verdict_at)
    first.on_result = reference.paint
    first.run(DOWN_AT / 1_000)
    clock.live(DOWN_FOR)  # the monitor is not running
    second = Life(clock, subject, path, verdict_at)
    second.on_result = reference.paint
    second.run((END - BEGIN) / 1_000 + (BACK + NUDGE - FORWARD) / 1_000)
    told += [notice.event for notice in (*first.notices, *second.notices)]
    return subject, path, reference, told


def test_uptime_equals_the_second_by_second_reference(played: tuple[Canary, Path, Reference, list[Event]]) -> None:
    subject, path, reference, _ = played
    history = History(str(path))
    with history.reading() as connection:
        first = Grid(INTERVAL, stable_offset(subject.name, INTERVAL)).after(BEGIN)
        found = uptime_between(connection, "here", subject, first, END)
    expected = reference.sums(first, END)
    assert found.up == expected["ok"] * 1_000
    assert found.down == expected["failed"] * 1_000
    assert found.maintenance == expected["maintenance"] * 1_000
    assert found.unknown == (expected["unknown"] + expected["not-run"]) * 1_000
    assert found.down > 0
    assert found.unknown > SUSPENDED


def test_hourly_sums_give_the_same_uptime(played: tuple[Canary, Path, Reference, list[Event]], tmp_path: Path) -> None:
    subject, path, _, _ = played
    copy = tmp_path / "copy.sqlite"
    copy.write_bytes(path.read_bytes())
    history = History(str(copy))
    with history.reading() as connection:
        before = uptime_between(connection, "here", subject, BEGIN, END)
    tidy(history, [subject], MonitorSettings.model_validate({"keep": "2d"}), END)
    with history.reading() as connection:
        entries = connection.execute(select(SLOTS.c.first)).all()
        after = uptime_between(connection, "here", subject, BEGIN - HOUR, END)
    history.close()
    assert len(entries) < 3 * DAY / INTERVAL
    assert (after.up, after.down, after.maintenance) == (before.up, before.down, before.maintenance)


def test_no_slot_is_without_an_entry(played: tuple[Canary, Path, Reference, list[Event]]) -> None:
    subject, path, _, _ = played
    grid = Grid(INTERVAL, stable_offset(subject.name, INTERVAL))
    history = History(str(path))
    with history.reading() as connection:
        entries = connection.execute(select(SLOTS)).mappings().all()
    accounted = {slot for row in entries for slot in range(row["first"], row["last"] + 1, INTERVAL)}
    assert accounted.issuperset(range(grid.after(BEGIN), grid.at_or_before(END - INTERVAL) + 1, INTERVAL))
    reasons = {row["reason"]: (row["last"] - row["first"]) // INTERVAL + 1 for row in entries if row["reason"]}
    assert reasons == {
        Absence.ASLEEP.value: SUSPENDED // INTERVAL,
        Absence.STEP.value: FORWARD // INTERVAL,
        Absence.DOWN.value: DOWN_FOR // INTERVAL,
    }
    assert {row["lap"] for row in entries} == {0, 1}


def test_incidents_are_exactly_those_played(played: tuple[Canary, Path, Reference, list[Event]]) -> None:
    _, path, _, told = played
    history = History(str(path))
    with history.reading() as connection:
        incidents = recent_incidents(connection, "here", 100)[::-1]
    failed = [row for row in incidents if row["kind"] == "failed"]
    wanted = [OUTAGES[0], OUTAGES[1], (FLAPPING[0][0], FLAPPING[-1][1]), OUTAGES[2]]
    assert len(failed) == len(wanted)
    for row, (first, last) in zip(failed, wanted, strict=True):
        assert first <= row["opened"] - BEGIN < first + INTERVAL
        assert last <= row["ended"] - BEGIN < last + INTERVAL
    assert [row["flaps"] for row in failed] == [0, 0, 3, 0]
    assert [row["kind"] for row in incidents].count("unknown") == 1
    assert len(incidents) == len(wanted) + 1
    counts = Counter(told)
    assert counts[Event.FAILED] == 4
    assert counts[Event.RECOVERED] == 5 + 1  # the flapping one recovered once before it came back
    assert counts[Event.FLAPPING] == 1
    assert counts[Event.UNKNOWN] == 1
    assert set(counts) == {Event.FAILED, Event.RECOVERED, Event.FLAPPING, Event.UNKNOWN}
