"""What the monitor knows at the moment, for metrics, health and the status page. Thread-safe."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from lineman.monitor.result import ProbeResult
from lineman.monitor.settings.maintenance import in_maintenance
from lineman.monitor.settings.models import Canary
from lineman.monitor.slots import SlotEntry
from lineman.monitor.streak import Streak
from lineman.monitor.world import Change

STALE_INTERVALS = 3
"""A canary without a new ledger entry for so many intervals (and its timeout) is stale."""


DELAY_BOUNDS = (5, 10, 25, 50, 100, 250, 500, 1_000, 5_000)
"""Upper bounds of the delays that are counted apart, in milliseconds."""


@dataclass(slots=True)
class Delays:
    """How many probes began how long after their slot."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(DELAY_BOUNDS) + 1))
    """By the bound that a delay does not exceed; the last for longer ones."""
    total: int = 0
    """Sum in milliseconds."""

    def add(self, delay: int) -> None:
        self.counts[bisect_left(DELAY_BOUNDS, delay)] += 1
        self.total += max(0, delay)


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
    slots: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Ledger entries by canary and outcome."""
    probes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Probes by canary and verdict."""
    retried: Counter[str] = field(default_factory=Counter)
    token_requests: Counter[str] = field(default_factory=Counter)
    violations: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Probes that broke a clause, by canary and clause."""
    incidents: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Incidents opened, by canary and kind."""
    delays: Delays = field(default_factory=Delays)
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
            self.delays.add(delay)

    def ended(self, entry: SlotEntry, result: ProbeResult | None) -> None:
        """Note a slot's end."""
        with self.lock:
            self.slots[entry.canary, entry.outcome.value] += entry.count
            state = self.canaries.get(entry.canary)
            if state is None:
                return
            state.accounted = max(state.accounted, entry.end)
            if result is None:
                return
            state.result = result
            self.probes[entry.canary, result.verdict.value] += 1
            self.retried[entry.canary] += result.after_retry
            self.token_requests[entry.canary] += 0 if result.token is None else result.token.requests
            for clause in {breach.clause for breach in result.breaches}:
                self.violations[entry.canary, clause] += 1
            planned = in_maintenance(state.canary.maintenance, entry.first)
            state.streak = state.streak.after(result, planned=planned)

    def wrote(self, changes: list[Change], now: int) -> None:
        """Note that results are on disk."""
        if any(change.result is not None for change in changes):
            self.committed = now
        with self.lock:
            for change in changes:
                for incident in change.incidents.values():
                    if change.entry is not None and incident.confirmed == change.entry.first and not incident.flaps:
                        self.incidents[incident.canary, incident.kind.value] += incident.open

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
