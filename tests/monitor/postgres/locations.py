"""Locations around one database, for the tests of what they decide together."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Connection
from tests.monitor.simulation import FakeClock, result_of

from lineman.monitor.config.models import Canary, MonitorSettings
from lineman.monitor.incidents.alerts import Event
from lineman.monitor.incidents.notices import Notice
from lineman.monitor.incidents.state import JOINT
from lineman.monitor.leader import Leader, without_notices
from lineman.monitor.result import ProbeVerdict
from lineman.monitor.slots import SlotEntry, SlotOutcome, stable_offset
from lineman.monitor.store import History
from lineman.monitor.store.postgres import server_now
from lineman.monitor.store.queries import recent_results
from lineman.monitor.writer import SlotResult, Writer

STEP = 10_000
RULE = {"opens_after": 2, "ends_after": 2, "unknown_after": 3}
CANARY = Canary.model_validate(
    {"name": "subject", "interval": 10, "timeout": 5, "incident": RULE, "notices": ["night"]}
)
CANARIES = {"subject": CANARY}
START = 1_000 * STEP + stable_offset("subject", STEP)
OK, FAILED, UNKNOWN = ProbeVerdict.OK, ProbeVerdict.FAILED, ProbeVerdict.UNKNOWN


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
    keepers: dict[str, Writer] = field(default_factory=dict)
    clock: FakeClock = field(default_factory=lambda: FakeClock(0))
    """The keepers' own."""
    candidates: dict[str, Leader] = field(default_factory=dict)

    def __post_init__(self) -> None:
        def now(connection: Connection) -> int:
            assert server_now(connection) > START
            return self.now

        self.monkeypatch.setattr("lineman.monitor.leader.server_now", now)

    def candidate(self, name: str, **settings: object) -> Leader:
        wanted = MonitorSettings.model_validate(settings)
        joint = Leader(self.address, CANARIES, wanted, FakeClock(0), owner=name, patience=0)

        def tell(notices: list[Notice]) -> None:
            self.notices += notices
            self.told += [(name, notice.event) for notice in notices]

        joint.on_notices = tell
        self.candidates[name] = joint
        self.stack.callback(joint.close)
        return joint

    def say(self, **verdicts: ProbeVerdict) -> None:
        """What each location finds in the next slot; then everybody has a turn."""
        self.slot += STEP
        self.now = self.slot + 1_000
        for place, verdict in verdicts.items():
            if place not in self.keepers:
                history = History(self.address, place)
                self.stack.callback(history.close)
                self.keepers[place] = Writer(history, without_notices(CANARIES), self.clock)
                self.keepers[place].open()
            entry = SlotEntry("subject", self.slot, self.slot, STEP, SlotOutcome.RUN)
            self.keepers[place].process_now(SlotResult(entry, result_of("subject", self.slot, verdict)))
        self.turn()

    def turn(self) -> None:
        for joint in self.candidates.values():
            while joint.tick():
                pass

    def turn_until_leads(self, joint: Leader) -> None:
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
