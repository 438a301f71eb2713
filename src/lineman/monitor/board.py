"""What the monitor knows at the moment, for metrics, health and the status page. Thread-safe."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from lineman.monitor.result import ProbeResult
from lineman.monitor.settings.maintenance import in_maintenance
from lineman.monitor.settings.models import Canary
from lineman.monitor.slots import SlotEntry
from lineman.monitor.streak import Streak
from lineman.monitor.tallies import Tallies
from lineman.monitor.world import Change

STALE_INTERVALS = 3
"""A canary without a new ledger entry for so many intervals (and its timeout) is stale."""


@dataclass(slots=True)
class CanaryState:
    """The latest of one canary."""

    canary: Canary
    result: ProbeResult | None = None
    accounted: int = 0
    """The instant up to which the ledger speaks."""
    streak: Streak = field(default_factory=Streak)
    since: int = 0
    """When it began to be watched."""


@dataclass(slots=True)
class Board:
    """Filled by the monitor, read by everybody."""

    location: str = "here"
    canaries: dict[str, CanaryState] = field(default_factory=dict)
    tallies: Tallies = field(default_factory=Tallies)
    committed: int | None = None
    """When results were committed last."""
    reload_failed: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def watch(self, canaries: Mapping[str, Canary], now: int) -> None:
        """Show these canaries from now on."""
        with self.lock:
            old = self.canaries
            self.canaries = {
                name: CanaryState(canary, since=now) if name not in old else _renewed(old[name], canary)
                for name, canary in canaries.items()
            }

    def started(self, entry: SlotEntry, delay: int) -> None:
        """Note how long after its slot a probe began."""
        with self.lock:
            self.tallies.delays.add(delay)

    def ended(self, entry: SlotEntry, result: ProbeResult | None) -> None:
        """Note a slot's end."""
        with self.lock:
            self.tallies.slot(entry)
            state = self.canaries.get(entry.canary)
            if state is None:
                return
            state.accounted = max(state.accounted, entry.end)
            if result is None:
                return
            state.result = result
            self.tallies.probe(entry.canary, result)
            planned = in_maintenance(state.canary.maintenance, entry.first)
            state.streak = state.streak.after(result, planned=planned)

    def wrote(self, changes: list[Change], now: int) -> None:
        """Note that results are on disk."""
        if any(change.result is not None for change in changes):
            self.committed = now
        with self.lock:
            self.tallies.opened(changes)

    def stale(self, now: int) -> list[str]:
        """Canaries of which there is nothing new for too long."""
        with self.lock:
            return sorted(name for name, state in self.canaries.items() if is_stale(state, now))


def is_stale(state: CanaryState, now: int) -> bool:
    """True where the ledger is behind by more than it may be."""
    reached = max(state.accounted, state.since)
    return now - reached > STALE_INTERVALS * state.canary.interval + 2 * state.canary.timeout


def _renewed(state: CanaryState, canary: Canary) -> CanaryState:
    state.canary = canary
    return state
