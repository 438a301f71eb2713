"""One location at a time decides and speaks for all: who leads, who takes over, and what is told by whom."""

from __future__ import annotations

from functools import partial

from tests.monitor.postgres.cluster import Cluster
from tests.monitor.postgres.locations import CANARIES, FAILED, OK, Table, until
from tests.monitor.simulation import FakeClock

from lineman.monitor.config.models import MonitorSettings
from lineman.monitor.delivery.channels import ChannelError
from lineman.monitor.delivery.outbox import CLAIM, Outbox
from lineman.monitor.incidents.alerts import Event
from lineman.monitor.incidents.notices import Notice
from lineman.monitor.incidents.state import JOINT
from lineman.monitor.leader import Leader
from lineman.monitor.store import History
from lineman.monitor.store.postgres import Lead


def test_only_one_leads_and_another_takes_over(cluster: Cluster, table: Table) -> None:
    first, second = table.candidate("first"), table.candidate("second")
    table.say(a=FAILED, b=FAILED)
    table.say(a=FAILED, b=FAILED)
    assert (first.leads, second.leads) == (True, False)
    assert table.told == [("first", Event.FAILED)]
    cluster.disconnect(table.address)
    for writer in table.keepers.values():
        assert writer.history is not None
        writer.history.close()
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


def test_who_takes_over_a_long_gap_waits_for_what_memory_kept(table: Table) -> None:
    joint = table.candidate("one")
    table.say(a=OK, b=OK)
    joint.close()
    clock = FakeClock(0)
    patient = Leader(table.address, CANARIES, MonitorSettings(), clock, owner="two")
    table.stack.callback(patient.close)
    table.candidates.clear()
    for _ in range(10):
        table.say(a=FAILED, b=FAILED)
    table.candidates["two"] = patient
    table.turn_until_leads(patient)
    assert [number for number, _ in table.results()] == [1]
    clock.live(11_000)
    while patient.tick():
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
        assert not joint.tick()
        assert joint.failing
        assert outbox.pending == 0
    finally:
        cluster.start()
    joint.on_lead = lambda: outbox.load(JOINT)
    table.turn_until_leads(joint)
    outbox.deliver_due("night")
    assert len(sent) == 1
    outbox.stop(0)


def test_who_saw_the_database_fail_waits_for_what_others_kept(cluster: Cluster, table: Table) -> None:
    clock = FakeClock(0)
    joint = Leader(table.address, CANARIES, MonitorSettings(), clock, owner="one")
    table.stack.callback(joint.close)
    table.candidates["one"] = joint
    table.say(a=OK, b=OK)
    clock.live(20_000)
    cluster.disconnect(table.address)
    assert not joint.tick()
    assert joint.failing
    for writer in table.keepers.values():
        assert writer.history is not None
        writer.history.close()
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
        clock.live(here.deliver_due("night") or 0)
    first.yield_lead()
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
