"""Several locations decide together: votes, the lead, gaps, and one voice to the outside."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

import pytest
from sqlalchemy import Connection, select
from tests.monitor.postgres.cluster import Cluster
from tests.monitor.servers import receiver
from tests.monitor.simulation import FakeClock, result_of

from lineman.monitor.channels import ChannelError
from lineman.monitor.joint import NOBODY, Joint, muted
from lineman.monitor.keeper import Keeper, SlotEnd
from lineman.monitor.matters import Event
from lineman.monitor.notices import Notice
from lineman.monitor.oneshot import keep
from lineman.monitor.outbox import CLAIM, Outbox
from lineman.monitor.settings.models import Canary, Channel, Configuration, IncidentRule, MonitorSettings
from lineman.monitor.slots import Outcome, SlotEntry, stable_offset
from lineman.monitor.status import status_lines
from lineman.monitor.store import History
from lineman.monitor.store.figures import recent_incidents, recent_results
from lineman.monitor.store.postgres import Lead, server_now
from lineman.monitor.store.tables import SLOTS
from lineman.monitor.verdict import Verdict
from lineman.monitor.world import JOINT

STEP = 10_000
RULE = {"opens_after": 2, "ends_after": 2, "unknown_after": 3}
CANARY = Canary.model_validate(
    {"name": "subject", "interval": 10, "timeout": 5, "incident": RULE, "notices": ["night"]}
)
CANARIES = {"subject": CANARY}
START = 1_000 * STEP + stable_offset("subject", STEP)
OK, FAILED, UNKNOWN = Verdict.OK, Verdict.FAILED, Verdict.UNKNOWN


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait on the server's own clock."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@dataclass
class Table:
    """Locations around one database, on a clock that the test holds; every turn at one slot after the other."""

    address: str
    monkeypatch: pytest.MonkeyPatch
    stack: ExitStack
    slot: int = START
    now: int = START
    told: list[tuple[str, Event]] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    keepers: dict[str, Keeper] = field(default_factory=dict)
    clock: FakeClock = field(default_factory=lambda: FakeClock(0))
    """The keepers' own."""
    candidates: dict[str, Joint] = field(default_factory=dict)

    def __post_init__(self) -> None:
        def now(connection: Connection) -> int:
            assert server_now(connection) > START
            return self.now

        self.monkeypatch.setattr("lineman.monitor.joint.server_now", now)

    def candidate(self, name: str, **settings: object) -> Joint:
        wanted = MonitorSettings.model_validate(settings)
        joint = Joint(self.address, CANARIES, wanted, FakeClock(0), owner=name, patience=0)

        def tell(notices: list[Notice]) -> None:
            self.notices += notices
            self.told += [(name, notice.event) for notice in notices]

        joint.on_notices = tell
        self.candidates[name] = joint
        self.stack.callback(joint.close)
        return joint

    def say(self, **verdicts: Verdict) -> None:
        """What each location finds in the next slot; then everybody has a turn."""
        self.slot += STEP
        self.now = self.slot + 1_000
        for place, verdict in verdicts.items():
            if place not in self.keepers:
                history = History(self.address, place)
                self.stack.callback(history.close)
                self.keepers[place] = Keeper(history, muted(CANARIES), self.clock)
                self.keepers[place].open()
            entry = SlotEntry("subject", self.slot, self.slot, STEP, Outcome.RUN)
            self.keepers[place].take(SlotEnd(entry, result_of("subject", self.slot, verdict)))
        self.turn()

    def turn(self) -> None:
        for joint in self.candidates.values():
            while joint.turn():
                pass

    def turn_until_leads(self, joint: Joint) -> None:
        """A session that was closed just now holds its lock for a moment more."""

        def leads() -> bool:
            self.turn()
            return joint.leads

        until(leads)

    def results(self, location: str = JOINT) -> list[tuple[int, str]]:
        """Verdicts from the latest to the first, each with the number of its slot."""
        with History(self.address, location).reading() as connection:
            rows = recent_results(connection, location, "subject", 1_000)
        return [((row["slot"] - START) // STEP, row["verdict"]) for row in rows]


@pytest.fixture
def table(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    with ExitStack() as stack:
        yield Table(database, monkeypatch, stack)


def test_one_location_cut_off_opens_nothing_and_two_do(table: Table) -> None:
    table.candidate("one")
    table.say(a=OK, b=OK, c=OK)
    for _ in range(4):
        table.say(a=FAILED, b=OK, c=OK)
    for _ in range(4):
        table.say(a=UNKNOWN, b=OK, c=OK)
    assert table.told == []
    with History(table.address).reading() as connection:
        assert [row["ended"] is None for row in recent_incidents(connection, "a", 9)] == [True, True]
        assert recent_incidents(connection, JOINT, 9) == []
    table.say(a=OK, b=FAILED, c=FAILED)
    table.say(a=OK, b=FAILED, c=FAILED)
    table.say(a=OK, b=OK, c=OK)
    table.say(a=OK, b=OK, c=OK)
    assert table.told == [("one", Event.FAILED), ("one", Event.RECOVERED)]
    with History(table.address).reading() as connection:
        (incident,) = recent_incidents(connection, JOINT, 9)
    assert ((incident["opened"] - START) // STEP, (incident["ended"] - START) // STEP) == (10, 12)
    assert table.notices[0].title == "FAILED: subject"
    assert "at 2 of 3 locations: it is failed [b (failed), c (failed)]" in table.notices[0].body


def test_what_a_location_wrote_before_its_time_does_not_count(table: Table) -> None:
    table.candidate("one")
    table.say(a=OK, b=OK)
    keeper = table.keepers["b"]
    for number in range(1, 7):
        slot = table.slot + number * STEP
        entry = SlotEntry("subject", slot, slot, STEP, Outcome.RUN)
        keeper.take(SlotEnd(entry, result_of("subject", slot, FAILED)))
    table.say(a=OK)
    table.now = table.slot + STEP
    table.turn()
    assert table.results() == [(2, "unknown"), (1, "ok")]


def test_a_slot_waits_for_a_slow_location_until_its_end(table: Table) -> None:
    table.candidate("one")
    table.say(a=OK, b=OK)
    table.say(a=OK)
    assert [number for number, _ in table.results()] == [1]
    table.now = table.slot + STEP
    table.turn()
    assert table.results() == [(2, "ok"), (1, "ok")]


def test_with_too_few_locations_nothing_is_known_and_that_is_told(table: Table) -> None:
    table.candidate("one", min_locations=2)
    table.say(a=OK, b=OK)
    for _ in range(8):
        table.say(a=FAILED)
        table.now = table.slot + STEP
        table.turn()
    assert table.results()[0] == (9, "unknown")
    assert table.told == [("one", Event.UNKNOWN)]
    table.say(a=OK, b=OK)
    table.say(a=OK, b=OK)
    assert table.told == [("one", Event.UNKNOWN), ("one", Event.RECOVERED)]


def test_only_one_leads_and_another_takes_over(cluster: Cluster, table: Table) -> None:
    first, second = table.candidate("first"), table.candidate("second")
    table.say(a=FAILED, b=FAILED)
    table.say(a=FAILED, b=FAILED)
    assert (first.leads, second.leads) == (True, False)
    assert table.told == [("first", Event.FAILED)]
    cluster.disconnect(table.address)
    for keeper in table.keepers.values():
        assert keeper.history is not None
        keeper.history.close()
    del table.candidates["first"]
    table.turn_until_leads(second)
    table.candidates = {"first": first, "second": second}
    table.say(a=OK, b=OK)
    table.say(a=OK, b=OK)
    assert (first.leads, second.leads) == (False, True)
    assert table.told == [("first", Event.FAILED), ("second", Event.RECOVERED)]
    second.close()
    del table.candidates["second"]
    table.turn_until_leads(first)
    table.say(a=OK, b=OK)
    assert len(table.told) == 2
    assert len({notice.key for notice in table.notices}) == 2


def test_a_gap_in_which_locations_wrote_is_decided_and_one_without_is_missed(table: Table) -> None:
    joint = table.candidate("one")
    table.say(a=OK, b=OK)
    joint.close()
    table.candidates.clear()
    for number in range(30):
        table.say(**dict.fromkeys("ab", FAILED if 10 <= number < 15 else OK))
    table.slot += 500 * STEP
    table.say(a=OK, b=OK)
    table.say(a=OK, b=OK)
    table.candidates["one"] = joint
    table.turn_until_leads(joint)
    assert table.told == [("one", Event.FAILED), ("one", Event.RECOVERED)]
    numbers = [number for number, _ in table.results()]
    assert set(range(1, 32)) <= set(numbers)
    assert {532, 533} <= set(numbers)
    with History(table.address).reading() as connection:
        query = select(SLOTS).where(SLOTS.c.location == JOINT, SLOTS.c.outcome == Outcome.MISSED.value)
        (missed,) = connection.execute(query).mappings().all()
        entries = connection.execute(
            select(SLOTS.c.first, SLOTS.c.last).where(SLOTS.c.location == JOINT).order_by(SLOTS.c.first)
        ).all()
    assert missed["reason"] == NOBODY
    assert (missed["last"] - missed["first"]) // STEP > 450
    assert all(later.first - earlier.last == STEP for earlier, later in itertools.pairwise(entries))


def test_who_takes_over_a_long_gap_waits_for_what_memory_kept(table: Table) -> None:
    joint = table.candidate("one")
    table.say(a=OK, b=OK)
    joint.close()
    clock = FakeClock(0)
    patient = Joint(table.address, CANARIES, MonitorSettings(), clock, owner="two")
    table.stack.callback(patient.close)
    table.candidates.clear()
    for _ in range(10):
        table.say(a=FAILED, b=FAILED)
    table.candidates["two"] = patient
    table.turn_until_leads(patient)
    assert [number for number, _ in table.results()] == [1]
    clock.live(11_000)
    while patient.turn():
        pass
    assert table.results()[0] == (11, "failed")


def test_notices_that_one_was_sending_are_freed_for_who_takes_over(table: Table) -> None:
    first = table.candidate("first")
    table.say(a=FAILED, b=FAILED)
    table.say(a=FAILED, b=FAILED)
    (notice,) = table.notices
    with History(table.address, JOINT).transaction() as connection:
        History(table.address, JOINT).claim(connection, notice.key, "first", table.now, table.now + CLAIM)
    first.close()
    sent: list[str] = []
    clock = FakeClock(table.now)
    outbox = Outbox({"night": lambda given: sent.append(given.key)}, clock, History(table.address, "b"), owner="second")
    second = table.candidate("second")
    second.on_lead = lambda: outbox.load(JOINT)
    del table.candidates["first"]
    table.turn_until_leads(second)
    outbox.deliver_due("night")
    assert sent == [notice.key]
    outbox.stop(0)


def test_without_the_database_nothing_joint_is_sent(cluster: Cluster, table: Table) -> None:
    sent: list[str] = []
    clock = FakeClock(table.now)
    outbox = Outbox({"night": lambda given: sent.append(given.key)}, clock, History(table.address, "a"), owner="one")
    joint = table.candidate("one")
    joint.on_notices = outbox.add
    joint.on_lost = lambda: outbox.forget(JOINT)
    table.say(a=FAILED, b=FAILED)
    table.say(a=FAILED, b=FAILED)
    assert outbox.pending == 1
    cluster.stop()
    try:
        outbox.deliver_due("night")
        assert sent == []
        assert not joint.turn()
        assert joint.failing
        assert outbox.pending == 0
    finally:
        cluster.start()
    joint.on_lead = lambda: outbox.load(JOINT)
    table.turn_until_leads(joint)
    outbox.deliver_due("night")
    assert len(sent) == 1
    outbox.stop(0)


def test_an_outage_while_the_database_was_away_is_told_with_its_true_times(cluster: Cluster, table: Table) -> None:
    joint = table.candidate("one")
    table.say(a=OK, b=OK)
    cluster.stop()
    try:
        for verdict in (FAILED, FAILED, FAILED, OK, OK):
            table.clock.live(6_000)
            table.say(a=verdict, b=verdict)
        assert joint.failing
        assert table.told == []
    finally:
        cluster.start()
    table.clock.live(6_000)
    table.say(a=OK, b=OK)
    table.turn_until_leads(joint)
    assert table.told == [("one", Event.FAILED), ("one", Event.RECOVERED)]
    with History(table.address).reading() as connection:
        (incident,) = recent_incidents(connection, JOINT, 9)
    assert ((incident["opened"] - START) // STEP, (incident["ended"] - START) // STEP) == (2, 5)


def test_who_saw_the_database_fail_waits_for_what_others_kept(cluster: Cluster, table: Table) -> None:
    clock = FakeClock(0)
    joint = Joint(table.address, CANARIES, MonitorSettings(), clock, owner="one")
    table.stack.callback(joint.close)
    table.candidates["one"] = joint
    table.say(a=OK, b=OK)
    clock.live(20_000)
    cluster.disconnect(table.address)
    assert not joint.turn()
    assert joint.failing
    for keeper in table.keepers.values():
        assert keeper.history is not None
        keeper.history.close()
    table.say(a=OK, b=OK)
    table.turn_until_leads(joint)
    assert [number for number, _ in table.results()] == [1]
    clock.live(11_000)
    table.turn()
    assert [number for number, _ in table.results()] == [2, 1]


def test_a_leader_whose_notices_do_not_get_out_hands_over(table: Table) -> None:
    first, second = table.candidate("first"), table.candidate("second")
    table.say(a=FAILED, b=FAILED)
    clock = FakeClock(table.now)
    sent: list[str] = []

    def closed(_: Notice) -> None:
        raise ChannelError("closed")

    here = Outbox({"night": closed}, clock, History(table.address, "a"), owner="first")
    there = Outbox({"night": lambda given: sent.append(given.key)}, clock, History(table.address, "b"), owner="second")
    for joint, outbox in ((first, here), (second, there)):
        joint.on_notices, joint.on_lead = outbox.add, partial(outbox.load, JOINT)
        joint.on_lost = partial(outbox.forget, JOINT)
    table.say(a=FAILED, b=FAILED)
    while not here.stuck(JOINT):
        clock.now += here.deliver_due("night") or 0
    first.hand_over()
    table.turn_until_leads(second)
    assert (first.leads, second.leads, here.pending) == (False, True, 0)
    there.deliver_due("night")
    assert len(sent) == 1
    for outbox in (here, there):
        outbox.stop(0)


def test_the_lead_of_one_who_hangs_ends(database: str) -> None:
    hanging, waiting = History(database, JOINT), History(database, JOINT)
    mine, theirs = Lead(1_000), Lead(60_000)
    waiting.open()
    with hanging.transaction() as connection:
        assert mine.take(connection)

    def taken() -> bool:
        with waiting.transaction() as connection:
            return theirs.take(connection)

    assert not taken()
    until(taken)
    hanging.close()
    waiting.close()


def test_probes_from_cron_decide_together_too(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = START + 1_000
    monkeypatch.setattr("lineman.monitor.joint.server_now", lambda _: now)
    with receiver() as hook:
        rule = {"opens_after": 1, "ends_after": 1}
        canary = CANARY.model_copy(update={"incident": IncidentRule.model_validate(rule), "notices": ("hook",)})
        channel = Channel(name="hook", webhook=hook.url)

        def probe(place: str, started: int, verdict: Verdict) -> list[str]:
            settings = MonitorSettings.model_validate({"joint": True, "location": place, "history": database})
            setup = Configuration(canaries={"subject": canary}, channels={"hook": channel}, monitor=settings)
            complaints = keep(database, setup, canary, result_of("subject", started, verdict))
            shown.append(status_lines(setup, database, started + 1_000)[0])
            return complaints

        shown: list[list[str]] = []
        assert probe("a", now - STEP, OK) == probe("b", now - STEP, OK) == []
        assert probe("a", now, FAILED) == []
        assert hook.every == []
        assert probe("b", now, FAILED) == []
        assert [body["event"] for body in hook.every] == ["failed"]
    assert [line.partition(",")[0] for line in shown[-1]] == ["subject: failed", "subject (all locations): failed"]
    with History(database).reading() as connection:
        assert [row["verdict"] for row in recent_results(connection, JOINT, "subject", 1)] == ["failed"]
