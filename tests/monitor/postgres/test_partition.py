"""The leader's line to the database is lost without a word: it stops, another takes over, nothing is told twice."""

from __future__ import annotations

import time
from functools import partial

from tests.monitor.postgres.cluster import Cluster
from tests.monitor.postgres.network import network
from tests.monitor.simulation import FakeClock, result_of

from lineman.monitor.clock import SystemClock
from lineman.monitor.config.models import Canary, MonitorSettings
from lineman.monitor.delivery.outbox import Outbox
from lineman.monitor.incidents.alerts import Event
from lineman.monitor.incidents.state import JOINT
from lineman.monitor.leader import Leader, lease_of, without_notices
from lineman.monitor.result import ProbeVerdict
from lineman.monitor.slots import Grid, SlotEntry, SlotOutcome, stable_offset
from lineman.monitor.store import History
from lineman.monitor.store.queries import recent_results
from lineman.monitor.writer import SlotResult, Writer

INTERVAL = 3_000
RULE = {"opens_after": 2, "ends_after": 2, "unknown_after": 0}
CANARY = Canary.model_validate({"name": "subject", "interval": 3, "timeout": 1, "incident": RULE, "notices": ["night"]})
CANARIES = {"subject": CANARY}


class Location:
    """One location: what it writes, its candidate for the lead, and what it sends."""

    def __init__(self, name: str, address: str, sent: list[tuple[str, Event]]) -> None:
        clock = SystemClock()
        self.history = History(address, name)
        self.keeper_clock = FakeClock(0)
        self.writer = Writer(self.history, without_notices(CANARIES), self.keeper_clock)
        self.writer.open()
        mine = History(address, name)
        self.outbox = Outbox({"night": lambda notice: sent.append((name, notice.event))}, clock, mine, owner=name)
        self.joint = Leader(address, CANARIES, MonitorSettings(), clock, owner=name, patience=0)
        self.joint.on_notices, self.joint.on_lead = self.outbox.add, partial(self.outbox.load, JOINT)
        self.joint.on_lost = partial(self.outbox.forget, JOINT)
        for history in (self.history, mine, self.joint._history):
            history.patience = 0.3

    def see(self, slot: int, verdict: ProbeVerdict) -> None:
        self.keeper_clock.live(6_000)
        entry = SlotEntry("subject", slot, slot, INTERVAL, SlotOutcome.RUN)
        self.writer.process_now(SlotResult(entry, result_of("subject", slot, verdict)))

    def close(self) -> None:
        self.joint.close()
        self.outbox.stop(0)
        self.history.close()


def test_a_leader_that_is_cut_off(cluster: Cluster, database: str) -> None:
    sent: list[tuple[str, Event]] = []
    now = time.time_ns() // 1_000_000
    slot = Grid(INTERVAL, stable_offset("subject", INTERVAL)).at_or_before(now)
    with network(cluster.port) as line:
        near = Location("near", database.replace(f":{cluster.port}/", f":{line.port}/"), sent)
        far = Location("far", database, sent)
        for number in (2, 1):
            for one in (near, far):
                one.see(slot - number * INTERVAL, ProbeVerdict.OK)
        near.joint.tick()
        assert near.joint.leads
        for number in (0, -1):
            for one in (near, far):
                one.see(slot - number * INTERVAL, ProbeVerdict.FAILED)
        _until_decided(near, slot + INTERVAL)
        line.lost.set()
        lost_at = time.monotonic()
        # A notice is due, and the one who decided it must not send it any more.
        near.outbox.deliver_due("night")
        assert sent == []
        near.see(slot + 2 * INTERVAL, ProbeVerdict.FAILED)
        assert near.writer.failing
        near.joint.tick()
        assert (near.joint.leads, near.outbox.pending) == (False, 0)
        while not far.joint.leads:
            far.joint.tick()
            time.sleep(0.1)
            assert time.monotonic() - lost_at < 2 * INTERVAL / 1_000
        far.outbox.deliver_due("night")
        assert sent == [("far", Event.FAILED)]
        line.lost.clear()
        near.see(slot + 3 * INTERVAL, ProbeVerdict.FAILED)
        assert not near.writer.failing
        near.joint.tick()
        near.outbox.deliver_due("night")
        assert not near.joint.leads
        assert sent == [("far", Event.FAILED)]
        with near.history.reading() as connection:
            assert len(recent_results(connection, "near", "subject", 99)) == 6
        near.close()
        far.close()


def _until_decided(location: Location, slot: int) -> None:
    deadline = time.monotonic() + 20
    while location.outbox.pending == 0:
        location.joint.tick()
        assert time.monotonic() < deadline, f"slot {slot} was not decided"
        time.sleep(0.05)


def test_the_lease_is_one_interval() -> None:
    assert lease_of(CANARIES) == INTERVAL
