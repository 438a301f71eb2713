"""What is told and what is not: grouping, maintenance, drift, reminders, restarts, taking canaries out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.monitor.simulation import result_of

from lineman.monitor.clock import DAY, HOUR, MINUTE
from lineman.monitor.config.models import Canary
from lineman.monitor.incidents.alerts import Event
from lineman.monitor.incidents.engine import decide, reconcile_all
from lineman.monitor.incidents.notices import Notice
from lineman.monitor.incidents.state import MonitorState
from lineman.monitor.result import Cause, ProbeResult, ProbeVerdict, ProbeViolation
from lineman.monitor.slots import SlotEntry, SlotOutcome

BAD, OK = ProbeVerdict.FAILED, ProbeVerdict.OK


def canary(name: str = "a", **settings: Any) -> Canary:
    incident = {"opens_after": 2, "ends_after": 2, "settle": "10m", **settings.pop("incident", {})}
    defaults = {"name": name, "interval": "1m", "notices": ["night"], "incident": incident}
    return Canary.model_validate({**defaults, **settings})


class Desk:
    """Canaries and what was told about them."""

    def __init__(self, *canaries: Canary, begin: int = 100 * DAY) -> None:
        self.canaries = {subject.name: subject for subject in canaries}
        self.state = MonitorState()
        self.now = begin
        self.notices: list[Notice] = []

    def minute(self, **results: ProbeVerdict | ProbeResult) -> None:
        self.now += MINUTE
        for name, given in results.items():
            result = result_of(name, self.now, given) if isinstance(given, ProbeVerdict) else given
            entry = SlotEntry(name, self.now, self.now, MINUTE, SlotOutcome.RUN)
            self.notices += decide(self.state, self.canaries, entry, result, self.now).notices

    def minutes(self, name: str, *verdicts: ProbeVerdict) -> None:
        for verdict in verdicts:
            self.minute(**{name: verdict})

    @property
    def events(self) -> list[Event]:
        return [notice.event for notice in self.notices]


def rooted(name: str, verdict: ProbeVerdict, root: str) -> ProbeResult:
    result = result_of(name, 0, verdict, Cause.TOKEN)
    return replace(result, attempts=(replace(result.attempts[0], root=root),))


def broken(name: str, *fingerprints: str) -> ProbeResult:
    result = result_of(name, 0, BAD, Cause.CONTRACT)
    breaches = tuple(
        ProbeViolation("answer.schema", fingerprint, f"breach {fingerprint}") for fingerprint in fingerprints
    )
    message = f"contract broken: {breaches[0].summary}"
    return replace(result, message=message, attempts=(replace(result.attempts[0], breaches=breaches),))


def test_an_incident_counts_from_the_first_failure_and_is_told_once() -> None:
    desk = Desk(canary())
    desk.minutes("a", OK, BAD, OK, BAD, BAD, BAD, BAD, OK, OK)
    assert desk.events == [Event.FAILED, Event.RECOVERED]
    assert desk.notices[0].facts["since"] == desk.notices[1].facts["since"]
    assert "lasted 4m" in desk.notices[1].body
    assert len({notice.key for notice in desk.notices}) == 2


def test_what_was_not_measured_neither_continues_nor_breaks_a_row() -> None:
    desk = Desk(canary())
    desk.minutes("a", BAD, ProbeVerdict.UNKNOWN, BAD)
    assert desk.events == [Event.FAILED]


def test_one_root_cause_over_several_canaries_is_one_notice() -> None:
    desk = Desk(canary("a"), canary("b"), canary("c"))
    for _ in range(4):
        desk.minute(**{name: rooted(name, BAD, "token/https://t.example") for name in "abc"})
    assert desk.events == [Event.FAILED]
    desk.minute(a=OK, b=OK, c=rooted("c", BAD, "token/https://t.example"))
    desk.minute(a=OK, b=OK, c=rooted("c", BAD, "token/https://t.example"))
    assert desk.events == [Event.FAILED]
    desk.minute(c=OK)
    desk.minute(c=OK)
    assert desk.events == [Event.FAILED, Event.RECOVERED]
    assert desk.notices[-1].facts["canaries"] == ["a", "b", "c"]


def test_maintenance_hushes_and_its_end_compares() -> None:
    begin = 100 * DAY
    window = [{"zone": "UTC", "at": "00:10", "lasts": "30m"}]
    before = Desk(canary(maintenance=window), begin=begin)
    before.minutes("a", BAD, BAD)  # told before the window ...
    assert before.events == [Event.FAILED]
    before.now = begin + 15 * MINUTE
    before.minutes("a", OK, OK, OK)  # ... over inside it ...
    assert before.events == [Event.FAILED]
    before.now = begin + 45 * MINUTE
    before.minutes("a", OK)
    assert before.events == [Event.FAILED, Event.RECOVERED]  # ... told after it

    inside = Desk(canary(maintenance=window), begin=begin + 15 * MINUTE)
    inside.minutes("a", BAD, BAD, BAD, OK, OK)
    inside.now = begin + 45 * MINUTE
    inside.minutes("a", OK, OK)
    assert inside.events == []

    lasting = Desk(canary(maintenance=window), begin=begin + 15 * MINUTE)
    lasting.minutes("a", BAD, BAD, BAD)
    lasting.now = begin + 45 * MINUTE
    lasting.minutes("a", BAD)
    assert lasting.events == [Event.FAILED]


def test_drift_is_told_once_by_fingerprint() -> None:
    desk = Desk(canary())
    for _ in range(3):
        desk.minute(a=broken("a", "f1"))
        desk.minute(a=OK)
    assert desk.events == [Event.DRIFT]
    for _ in range(3):
        desk.minute(a=broken("a", "f1", "f2"))
    assert desk.events == [Event.DRIFT, Event.DRIFT, Event.FAILED]
    assert "f2" in desk.notices[1].body
    for _ in range(30):
        desk.minute(a=broken("a", "f1", "f2"))
    assert len(desk.events) == 3


def test_the_notice_of_an_incident_spares_the_drift_notice() -> None:
    desk = Desk(canary())
    for _ in range(5):
        desk.minute(a=broken("a", "f1"))
    assert desk.events == [Event.FAILED]


def test_reminders() -> None:
    desk = Desk(canary(incident={"reminder": "1h"}))
    desk.minutes("a", *[BAD] * 150)
    assert desk.events == [Event.FAILED, Event.REMINDER, Event.REMINDER]


def test_flapping_is_one_incident_and_ends_after_quiet() -> None:
    desk = Desk(canary())
    for _ in range(5):
        desk.minutes("a", BAD, BAD, OK, OK)
    desk.minutes("a", *[OK] * 20)
    assert desk.events == [Event.FAILED, Event.RECOVERED, Event.FLAPPING, Event.RECOVERED]
    assert len({incident for notice in desk.notices for incident in notice.facts["incidents"]}) == 1


def test_a_canary_that_is_taken_out_is_told_as_that() -> None:
    desk = Desk(canary("a"), canary("b"))
    desk.minutes("a", BAD, BAD)
    del desk.canaries["a"]
    change = reconcile_all(desk.state, desk.canaries, desk.now)
    assert [notice.event for notice in change.notices] == [Event.WITHDRAWN]
    assert reconcile_all(desk.state, desk.canaries, desk.now).notices == []


def test_being_blind_is_told_too() -> None:
    desk = Desk(canary(incident={"unknown_after": 3}))
    desk.minutes("a", *[ProbeVerdict.UNKNOWN] * 5, OK, OK)
    assert desk.events == [Event.UNKNOWN, Event.RECOVERED]


def test_burn_rates_need_several_failures_and_freeze_without_coverage() -> None:
    subject = canary(slo={"objective": 99.9}, incident={"opens_after": 0, "unknown_after": 0})
    desk = Desk(subject)
    desk.minutes("a", *[OK] * 60, BAD, *[OK] * 10)
    assert desk.events == []
    desk.minutes("a", BAD, BAD, BAD)
    assert desk.events == [Event.BURN]
    desk.minutes("a", *[ProbeVerdict.UNKNOWN] * 50)
    assert desk.events == [Event.BURN]
    desk.now += 2 * HOUR
    desk.minutes("a", *[OK] * 60)
    assert desk.events == [Event.BURN, Event.BURN_OVER]


def test_a_result_that_comes_after_the_next_slot_began_counts() -> None:
    """A service that hangs: every probe is in flight when its next slot is skipped."""
    desk = Desk(canary())
    for _ in range(2):
        desk.now += 2 * MINUTE
        skipped = SlotEntry("a", desk.now + MINUTE, desk.now + MINUTE, MINUTE, SlotOutcome.SKIPPED)
        desk.notices += decide(desk.state, desk.canaries, skipped, None, desk.now).notices
        late = SlotEntry("a", desk.now, desk.now, MINUTE, SlotOutcome.RUN)
        hung = result_of("a", desk.now, BAD)
        desk.notices += decide(desk.state, desk.canaries, late, hung, desk.now + MINUTE).notices
    assert desk.events == [Event.FAILED]


def test_a_result_counts_once_and_an_older_one_no_more() -> None:
    desk = Desk(canary())
    desk.minutes("a", BAD)
    entry = SlotEntry("a", desk.now, desk.now, MINUTE, SlotOutcome.RUN)
    for _ in range(3):
        assert decide(desk.state, desk.canaries, entry, result_of("a", desk.now, BAD), desk.now).notices == []
    older = SlotEntry("a", desk.now - MINUTE, desk.now - MINUTE, MINUTE, SlotOutcome.RUN)
    assert decide(desk.state, desk.canaries, older, result_of("a", desk.now, BAD), desk.now).notices == []
    assert desk.events == []
