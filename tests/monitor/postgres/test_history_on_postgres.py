"""History on PostgreSQL: the same tables, servers that go away and come back, passwords that stay hidden."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import inspect, select
from tests.monitor.incidents import recent_incidents
from tests.monitor.postgres.cluster import PASSWORD, Cluster
from tests.monitor.simulation import FakeClock, result_of

from lineman.monitor.clock import DAY, HOUR, MINUTE
from lineman.monitor.config.models import Canary, Configuration, MonitorSettings
from lineman.monitor.incidents.alerts import Event
from lineman.monitor.incidents.notices import Notice
from lineman.monitor.oneshot import keep
from lineman.monitor.result import ProbeVerdict
from lineman.monitor.slots import SlotEntry, SlotOutcome
from lineman.monitor.store import History, HistoryError
from lineman.monitor.store.engine import engine_for, make_ready
from lineman.monitor.store.migrations import version_1
from lineman.monitor.store.queries import latest_slots, recent_results, uptime_between
from lineman.monitor.store.retention import tidy
from lineman.monitor.store.schema import DRIFT, OUTBOX, RESULTS, TOLD, VERSIONS
from lineman.monitor.writer import SlotResult, Writer

RULE = {"opens_after": 2, "ends_after": 2, "settle": "2s"}
SUBJECT = Canary.model_validate({"name": "subject", "interval": 1, "incident": RULE, "notices": ["night"]})
SETUP = Configuration(canaries={"subject": SUBJECT})


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty history of each kind."""
    if request.param == "sqlite":
        return str(tmp_path / "history.sqlite")
    found: str = request.getfixturevalue("database")
    return found


class Kept:
    """A keeper over a history, fed by hand."""

    def __init__(self, address: str, location: str = "here") -> None:
        self.clock = FakeClock(0)
        self.notices: list[Notice] = []
        self.history = History(address, location)
        self.writer = Writer(self.history, {"subject": SUBJECT}, self.clock, self.notices.extend)
        self.writer.open()
        self.slot = self.writer.state.slots.get("subject", (0, 0))[1]

    def see(self, *verdicts: ProbeVerdict) -> None:
        for verdict in verdicts:
            self.slot += 1_000
            self.clock.live(6_000)
            entry = SlotEntry("subject", self.slot, self.slot, 1_000, SlotOutcome.RUN)
            self.writer.process_now(SlotResult(entry, result_of("subject", self.slot, verdict)))

    @property
    def events(self) -> list[Event]:
        return [notice.event for notice in self.notices]

    def slots(self) -> list[int]:
        with self.history.reading() as connection:
            return sorted(row["slot"] for row in recent_results(connection, self.history.location, "subject", 10_000))


@pytest.fixture
def kept(address: str) -> Iterator[Kept]:
    made = Kept(address)
    yield made
    made.history.close()


def test_what_happened_is_there_after_a_restart(kept: Kept) -> None:
    kept.see(ProbeVerdict.OK, ProbeVerdict.FAILED, ProbeVerdict.FAILED)
    kept.history.close()
    again = Kept(kept.history.address)
    again.see(ProbeVerdict.FAILED, ProbeVerdict.OK, ProbeVerdict.OK)
    again.history.close()
    assert (kept.events, again.events) == ([Event.FAILED], [Event.RECOVERED])
    with again.history.reading() as connection:
        (incident,) = recent_incidents(connection, "here", 10)
        assert (incident["opened"], incident["ended"]) == (2_000, 5_000)
        assert latest_slots(connection, "here") == {"subject": 7_000}
        found = uptime_between(connection, "here", SUBJECT, 0, 7_000)
    assert (found.up, found.down, found.unknown) == (3_000, 3_000, 0)


def test_two_keepers_of_one_location_decide_nothing_twice(address: str) -> None:
    first, second = Kept(address), Kept(address)
    first.see(ProbeVerdict.FAILED)
    second.slot = first.slot
    second.see(ProbeVerdict.FAILED)
    first.slot = second.slot
    first.see(ProbeVerdict.OK)
    second.slot = first.slot
    second.see(ProbeVerdict.OK)
    for one in (first, second):
        one.history.close()
    assert (first.events, second.events) == ([], [Event.FAILED, Event.RECOVERED])


def test_locations_do_not_swallow_each_others_notices(address: str) -> None:
    near, far = Kept(address, "near"), Kept(address, "far")
    for one in (near, far):
        one.see(ProbeVerdict.FAILED, ProbeVerdict.FAILED)
        one.history.close()
    assert near.events == far.events == [Event.FAILED]
    assert near.notices[0].key != far.notices[0].key
    for one in (near, far):
        with one.history.transaction() as connection:
            assert [notice.key for notice in one.history.pending(connection)] == [one.notices[0].key]
        one.history.close()


def test_probes_at_once_open_migrate_and_write(address: str) -> None:
    def one(number: int) -> list[str]:
        return keep(address, SETUP, SUBJECT, result_of("subject", number * MINUTE, ProbeVerdict.OK))

    with ThreadPoolExecutor(6) as pool:
        complaints = list(pool.map(one, range(100, 124)))
    assert complaints == [[]] * 24
    with History(address).reading() as connection:
        assert len(recent_results(connection, "here", "subject", 100)) == 24
        assert list(connection.execute(select(VERSIONS.c.version).order_by(VERSIONS.c.version)).scalars()) == [1, 2, 3]


def test_hours_are_summed_up_and_old_results_go(address: str) -> None:
    hourly = SUBJECT.model_copy(update={"interval": 10 * MINUTE})
    begin = 100 * DAY
    history = History(address)
    writer = Writer(history, {"subject": hourly}, FakeClock(0))
    writer.open()
    for slot in range(begin, begin + DAY, 10 * MINUTE):
        verdict = ProbeVerdict.FAILED if slot < begin + HOUR else ProbeVerdict.OK
        entry = SlotEntry("subject", slot, slot, 10 * MINUTE, SlotOutcome.RUN)
        writer.process_now(SlotResult(entry, result_of("subject", slot, verdict)))
    now = begin + DAY + 3 * HOUR
    with history.reading() as connection:
        exact = uptime_between(connection, "here", hourly, begin, begin + DAY)
    tidy(history, [hourly], MonitorSettings.model_validate({"keep": "1h"}), now)
    history.close()
    with history.reading() as connection:
        assert recent_results(connection, "here", "subject", 10) == []
        summed = uptime_between(connection, "here", hourly, begin, begin + DAY)
    assert summed == exact
    assert (summed.down, summed.up) == (HOUR, 23 * HOUR)


def test_a_history_of_the_first_version_is_taken_over(address: str) -> None:
    """Written by the first schema: what was told and what waits belongs to the location that wrote it."""
    engine = engine_for(address)
    with engine.connect().execution_options(lineman_write=True) as connection, connection.begin():
        version_1(connection)
        connection.execute(VERSIONS.insert(), {"version": 1, "applied": 0})
        connection.exec_driver_sql(
            "INSERT INTO slots VALUES ('near', 'subject', 0, 1000, 1000, 1000, 'run', ''), "
            "('near', 'subject', 0, 2000, 2000, 1000, 'run', '')"
        )
        connection.exec_driver_sql(
            "INSERT INTO tracks VALUES ('near', 'subject', 'failed', 2, 1000, 0, NULL, 'subject/failed/1000')"
        )
        connection.exec_driver_sql(
            "INSERT INTO incidents VALUES ('near', 'subject/failed/1000', 'subject', 'failed', 'subject/failed', "
            "'connect', 'it is failed', 1000, 2000, NULL, 2000, 0, FALSE)"
        )
        connection.exec_driver_sql(
            "INSERT INTO told VALUES ('subject/failed', 'night', 'open', 'subject/failed/1000', 2000, 1)"
        )
        connection.exec_driver_sql(
            "INSERT INTO outbox (key, channel, matter, event, created, title, body, facts, attempts, next_try, error, "
            "dropped, claimed_by, claimed_until) VALUES ('k', 'night', 'subject/failed', 'failed', 2000, 't', 'b', "
            "'{}', 3, 0, 'closed', FALSE, '', 0)"
        )
    kept = Kept(address, "near")
    with kept.history.transaction() as connection:
        assert [notice.key for notice in kept.history.pending(connection)] == ["k"]
        columns = {column["name"] for column in inspect(connection).get_columns("outbox")}
        tables = set(inspect(connection).get_table_names())
    assert columns == {column.name for column in OUTBOX.columns}
    assert not [name for name in tables if name.endswith("_1")]
    assert TOLD.name in tables
    assert DRIFT.name in tables
    kept.see(ProbeVerdict.OK, ProbeVerdict.OK)
    assert kept.events == [Event.RECOVERED]
    kept.history.close()


def test_hostile_texts_are_kept(kept: Kept) -> None:
    hostile = result_of("subject", 1_000, ProbeVerdict.FAILED)
    for slot, message in ((1_000, "zero \0 and half \ud800"), (2_000, "'; DROP TABLE results; --")):
        said = type(hostile)(
            **{**{name: getattr(hostile, name) for name in hostile.__slots__}, "message": message, "started": slot}
        )
        kept.writer.process_now(SlotResult(SlotEntry("subject", slot, slot, 1_000, SlotOutcome.RUN), said))
    assert not kept.writer.failing
    with kept.history.reading() as connection:
        messages = [row["message"] for row in recent_results(connection, "here", "subject", 2)]
    assert messages == ["'; DROP TABLE results; --", "zero \ufffd and half ?"]


def test_a_server_that_stops_and_starts_loses_nothing(cluster: Cluster, database: str) -> None:
    kept = Kept(database)
    kept.see(ProbeVerdict.OK)
    cluster.stop()
    try:
        kept.see(ProbeVerdict.FAILED, ProbeVerdict.FAILED)
        assert kept.writer.failing
        assert kept.events == [Event.FAILED]
    finally:
        cluster.start()
    kept.see(ProbeVerdict.OK, ProbeVerdict.OK)
    assert not kept.writer.failing
    assert kept.events == [Event.FAILED, Event.RECOVERED]
    assert kept.slots() == [1_000, 2_000, 3_000, 4_000, 5_000]
    kept.history.close()


def test_a_long_absence_is_caught_up_piece_by_piece(
    cluster: Cluster, database: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("lineman.monitor.writer.PIECE", 10)
    kept, committed = Kept(database), list[int]()
    kept.writer._on_committed = lambda changes: committed.append(len(changes))
    cluster.stop()
    try:
        kept.see(*[ProbeVerdict.OK] * 20, *[ProbeVerdict.FAILED] * 5, *[ProbeVerdict.OK] * 10)
    finally:
        cluster.start()
    kept.see(ProbeVerdict.OK)
    assert committed == [10, 10, 10, 6]
    assert "35 changes are caught up, 0 lost" in caplog.text
    assert kept.events == [Event.FAILED, Event.RECOVERED]
    assert kept.slots() == list(range(1_000, 37_000, 1_000))
    kept.history.close()


def test_begun_without_the_server_an_old_incident_is_not_forgotten(cluster: Cluster, database: str) -> None:
    before = Kept(database)
    before.see(ProbeVerdict.OK, ProbeVerdict.FAILED, ProbeVerdict.FAILED)
    before.history.close()
    cluster.stop()
    try:
        kept = Kept(database)
        kept.slot = before.slot
        kept.see(ProbeVerdict.OK, ProbeVerdict.OK)
        assert kept.events == []
    finally:
        cluster.start()
    kept.see(ProbeVerdict.OK)
    assert (before.events, kept.events) == ([Event.FAILED], [Event.RECOVERED])
    with kept.history.reading() as connection:
        (incident,) = recent_incidents(connection, "here", 9)
    assert (incident["opened"], incident["ended"]) == (2_000, 4_000)
    assert kept.slots() == [1_000, 2_000, 3_000, 4_000, 5_000, 6_000]
    kept.history.close()


def test_begun_without_the_server_nothing_is_told_twice(cluster: Cluster, database: str) -> None:
    before = Kept(database)
    before.see(ProbeVerdict.FAILED, ProbeVerdict.FAILED, ProbeVerdict.OK, ProbeVerdict.OK, *[ProbeVerdict.OK] * 5)
    before.history.close()
    cluster.stop()
    try:
        kept = Kept(database)
        kept.slot = before.slot
        kept.see(ProbeVerdict.FAILED, ProbeVerdict.FAILED)
        assert kept.events == [Event.FAILED]
    finally:
        cluster.start()
    kept.see(ProbeVerdict.FAILED, ProbeVerdict.OK, ProbeVerdict.OK)
    assert kept.events == [Event.FAILED, Event.RECOVERED]
    with kept.history.transaction() as connection:
        assert kept.notices[0].key in {notice.key for notice in kept.history.pending(connection)}
    kept.history.close()


def test_a_connection_cut_and_a_database_that_only_reads(
    cluster: Cluster, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    kept, name = Kept(database), database.rpartition("/")[2]
    kept.see(ProbeVerdict.OK)
    with caplog.at_level(logging.INFO):
        cluster.disconnect(database)
        kept.see(ProbeVerdict.FAILED)
        assert "terminat" in kept.writer.failing
        kept.see(ProbeVerdict.FAILED)
        assert not kept.writer.failing
        cluster.execute("postgres", f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        kept.history.close()
        kept.see(ProbeVerdict.OK)
        assert "read-only" in kept.writer.failing
        kept.see(ProbeVerdict.OK)
        cluster.execute("postgres", f"ALTER DATABASE {name} RESET default_transaction_read_only")
    kept.see(ProbeVerdict.OK)
    assert not kept.writer.failing
    assert kept.events == [Event.FAILED, Event.RECOVERED]
    assert kept.slots() == [1_000, 2_000, 3_000, 4_000, 5_000, 6_000]
    assert "Traceback" not in caplog.text
    assert PASSWORD not in caplog.text
    kept.history.close()


def test_a_server_that_hangs_holds_nobody_up(cluster: Cluster, database: str) -> None:
    kept = Kept(database)
    kept.see(ProbeVerdict.OK)
    kept.history.patience = 0.5
    with cluster.frozen(database):
        kept.see(ProbeVerdict.FAILED)
        assert kept.writer.failing
        kept.see(ProbeVerdict.FAILED)
    assert not kept.writer.failing
    assert kept.events == [Event.FAILED]
    assert kept.slots() == [1_000, 2_000, 3_000]
    kept.history.close()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda url: url.replace(PASSWORD, "wrong-" + PASSWORD), "password authentication failed"),
        (lambda url: url.replace("127.0.0.1", "127.0.0.1:1").rpartition(":")[0] + "/x", "refused"),
        (lambda url: url.replace("postgresql+psycopg", "mysql"), "mysql is not supported"),
        (lambda url: url.replace("psycopg", "psycopg7"), "cannot be used"),
        (lambda url: url.replace("@", "@x@").replace("127.0.0.1:", "127.0.0.1:no"), "no valid URL"),
    ],
)
def test_what_cannot_be_used_is_told_without_the_password(database: str, change: object, said: str) -> None:
    assert callable(change)
    with pytest.raises(HistoryError, match=said) as caught:
        make_ready(change(database))
    assert PASSWORD not in str(caught.value)
    assert "history postgresql" in str(caught.value) or "mysql" in str(caught.value)


def test_a_file_by_url_is_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    keep(f"sqlite:///{path}", SETUP, SUBJECT, result_of("subject", MINUTE, ProbeVerdict.OK))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute(f"SELECT count(*) FROM {RESULTS.name}").fetchone() == (1,)  # noqa: S608 - ours
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
