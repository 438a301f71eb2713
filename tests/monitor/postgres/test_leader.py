"""Several locations decide together: votes, gaps, and what was missed."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy import select
from tests.monitor.incidents import recent_incidents
from tests.monitor.postgres.cluster import Cluster
from tests.monitor.postgres.locations import CANARY, FAILED, OK, START, STEP, UNKNOWN, Table
from tests.monitor.servers import receiver
from tests.monitor.simulation import result_of

from lineman.monitor.config.models import Channel, Configuration, IncidentRule, MonitorSettings
from lineman.monitor.incidents.alerts import Event
from lineman.monitor.incidents.state import JOINT
from lineman.monitor.leader import NOBODY
from lineman.monitor.oneshot import keep
from lineman.monitor.result import ProbeVerdict
from lineman.monitor.slots import SlotEntry, SlotOutcome
from lineman.monitor.status.freshness import status_lines
from lineman.monitor.store import History
from lineman.monitor.store.queries import recent_results
from lineman.monitor.store.schema import SLOTS
from lineman.monitor.writer import SlotResult


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
    writer = table.keepers["b"]
    for number in range(1, 7):
        slot = table.slot + number * STEP
        entry = SlotEntry("subject", slot, slot, STEP, SlotOutcome.RUN)
        writer.process_now(SlotResult(entry, result_of("subject", slot, FAILED)))
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
        query = select(SLOTS).where(SLOTS.c.location == JOINT, SLOTS.c.outcome == SlotOutcome.MISSED.value)
        (missed,) = connection.execute(query).mappings().all()
        entries = connection.execute(
            select(SLOTS.c.first, SLOTS.c.last).where(SLOTS.c.location == JOINT).order_by(SLOTS.c.first)
        ).all()
    assert missed["reason"] == NOBODY
    assert (missed["last"] - missed["first"]) // STEP > 450
    assert all(later.first - earlier.last == STEP for earlier, later in itertools.pairwise(entries))


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


def test_probes_from_cron_decide_together_too(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = START + 1_000
    monkeypatch.setattr("lineman.monitor.leader.server_now", lambda _: now)
    with receiver() as hook:
        rule = {"opens_after": 1, "ends_after": 1}
        canary = CANARY.model_copy(update={"incident": IncidentRule.model_validate(rule), "notices": ("hook",)})
        channel = Channel(name="hook", webhook=hook.url)

        def probe(place: str, started: int, verdict: ProbeVerdict) -> list[str]:
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
