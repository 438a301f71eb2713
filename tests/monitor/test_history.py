"""Several probes on one history, migrations, and notices that do not get through at first."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from tests.monitor.simulation import FakeClock, result_of

from lineman.monitor.clock import DAY, HOUR, MINUTE
from lineman.monitor.config.models import Canary, Configuration, MonitorSettings
from lineman.monitor.delivery.channels import ChannelError
from lineman.monitor.delivery.outbox import Outbox, backoff
from lineman.monitor.incidents.alerts import Event
from lineman.monitor.incidents.notices import Notice, plain_notice
from lineman.monitor.incidents.state import StateChange
from lineman.monitor.oneshot import keep
from lineman.monitor.result import ProbeVerdict
from lineman.monitor.slots import Absence, AbsenceWatch, Grid, SlotOutcome, Timetable, stable_offset
from lineman.monitor.store import History, HistoryError

SUBJECT = Canary.model_validate({"name": "subject", "interval": "1m", "incident": {"opens_after": 2}})
SETUP = Configuration(canaries={"subject": SUBJECT})


def test_probes_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"

    def one(number: int) -> list[str]:
        return keep(str(path), SETUP, SUBJECT, result_of("subject", number * MINUTE // 2, ProbeVerdict.OK))

    with ThreadPoolExecutor(8) as pool:
        complaints = list(pool.map(one, range(100, 140)))
    assert complaints == [[]] * 40
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM results").fetchone() == (40,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_slots_without_a_probe_are_missed(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    for minute in (100, 101, 105):
        assert keep(str(path), SETUP, SUBJECT, result_of("subject", minute * MINUTE, ProbeVerdict.OK)) == []
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute('SELECT outcome, ("last" - "first") / interval + 1 FROM slots ORDER BY "first"')
        assert rows.fetchall() == [("run", 1), ("run", 1), ("missed", 3), ("run", 1)]


def test_a_scheduler_that_is_a_second_early_or_late_has_a_slot_for_each_run(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    for minute, jitter in enumerate((0, 900, -1_000, 1_000, -1_000, 0, 999, -999) * 3):
        started = (100 + minute) * MINUTE + jitter
        assert keep(str(path), SETUP, SUBJECT, result_of("subject", started, ProbeVerdict.OK)) == []
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT DISTINCT outcome FROM slots").fetchall() == [("run",)]
        assert connection.execute("SELECT count(*), count(DISTINCT slot) FROM results").fetchone() == (24, 24)


def test_a_history_of_a_newer_lineman_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    first = History(str(path))
    first.open()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO schema_version VALUES (99, 0)")
    with pytest.raises(HistoryError, match="upgrade lineman"):
        History(str(path)).open()


def test_a_folder_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="create it"):
        History(str(tmp_path / "nowhere" / "history.sqlite")).open()


def notice(number: int, event: Event = Event.FAILED, matter: str = "m") -> Notice:
    return plain_notice(event, matter, "hook", "subject", f"notice {number}", number, number)


def test_notices_come_in_order_and_wait_longer_each_time() -> None:
    clock, sent, broken = FakeClock(0), list[str](), [True]

    def send(given: Notice) -> None:
        if broken[0]:
            raise ChannelError("closed")
        sent.append(given.body)

    outbox = Outbox({"hook": send}, clock, None)
    outbox.add([notice(1), notice(2), notice(3, matter="other")])
    waits = [outbox.deliver_due("hook")]
    for _ in range(4):
        clock.live(waits[-1] or 0)
        waits.append(outbox.deliver_due("hook"))
    assert all(wait is not None for wait in waits)
    assert sent == []
    broken[0] = False
    clock.live(10 * MINUTE)
    assert outbox.deliver_due("hook") is None
    assert sent == ["notice 1", "notice 2", "notice 3"]
    outbox.add([notice(1)])
    assert outbox.pending == 0
    assert backoff(0, "k") < backoff(3, "k") < backoff(30, "k") <= 6.25 * MINUTE


def test_a_reminder_gives_way_to_what_is_newer() -> None:
    sent: list[str] = []
    outbox = Outbox({"hook": lambda given: sent.append(given.body)}, FakeClock(0), None)
    outbox.add([notice(1, Event.REMINDER), notice(2, Event.RECOVERED)])
    outbox.deliver_due("hook")
    assert sent == ["notice 2"]


def test_a_claimed_notice_is_not_sent_by_another(tmp_path: Path) -> None:
    path, clock, sent = str(tmp_path / "history.sqlite"), FakeClock(0), list[str]()
    history = History(path)
    with history.transaction() as connection:
        history.write(connection, [StateChange(notices=[notice(1)])])
        assert history.claim(connection, notice(1).key, "another", 0, MINUTE)
    history.close()
    outbox = Outbox({"hook": lambda given: sent.append(given.body)}, clock, History(path))
    outbox.load()
    outbox.deliver_due("hook")
    assert sent == []
    clock.live(3 * MINUTE)
    outbox.deliver_due("hook")
    assert sent == ["notice 1"]
    outbox.stop(0)


def test_a_slot_of_each_kind() -> None:
    grid = Grid(MINUTE, stable_offset("subject", MINUTE))
    now = grid.at_or_before(100 * MINUTE)
    timetable = Timetable("subject", grid, now)
    assert timetable.step(now + 1, in_flight=False, absence=Absence.BUSY).start is None
    on_time = timetable.step(now + MINUTE + 5, in_flight=False, absence=Absence.BUSY)
    assert on_time.start is not None
    assert on_time.start.outcome is SlotOutcome.RUN
    skipped = timetable.step(now + 2 * MINUTE, in_flight=True, absence=Absence.BUSY)
    assert [entry.outcome for entry in skipped.entries] == [SlotOutcome.SKIPPED]
    late = timetable.step(now + 3 * MINUTE + 20_000, in_flight=False, absence=Absence.BUSY)
    assert late.start is not None
    assert late.start.outcome is SlotOutcome.LATE
    gone = timetable.step(now + 10 * MINUTE + 40_000, in_flight=False, absence=Absence.ASLEEP)
    assert gone.start is None
    assert [(entry.count, entry.reason) for entry in gone.entries] == [(7, "machine was asleep")]


def test_why_time_passed_unnoticed() -> None:
    watch = AbsenceWatch(0, 0.0, 0.0)
    assert watch.look(10_000, 10.0, 10.0) is Absence.BUSY
    assert watch.look(110_000, 11.0, 110.0) is Absence.ASLEEP
    assert watch.look(210_000, 12.0, 111.0) is Absence.STEP


def test_a_history_that_only_one_shot_probes_write_is_summed_up_and_bounded(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    setup = Configuration(canaries={"subject": SUBJECT}, monitor=MonitorSettings.model_validate({"keep": "2d"}))
    now = 1_000 * DAY
    for slot in (now - 3 * DAY, now - 5 * HOUR, now):
        assert keep(str(path), setup, SUBJECT, result_of("subject", slot, ProbeVerdict.OK)) == []
    with closing(sqlite3.connect(path)) as connection:
        count, oldest = connection.execute("SELECT count(*), min(slot) FROM results").fetchone()
        assert count == 2
        assert oldest > now - 6 * HOUR
        assert connection.execute("SELECT max(hour) FROM sums").fetchone()[0] >= now - 5 * HOUR
