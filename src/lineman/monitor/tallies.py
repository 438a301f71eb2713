"""What the monitor counts from its start on, for metrics."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from lineman.monitor.result import ProbeResult
from lineman.monitor.slots import SlotEntry
from lineman.monitor.world import Change

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
class Tallies:
    """Not thread-safe: whoever owns it holds a lock, and readers work on a copy."""

    slots: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Ledger entries by canary and outcome."""
    probes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Probes by canary and verdict."""
    retried: Counter[str] = field(default_factory=Counter)
    """Probes that were good only at the second try, by canary."""
    token_requests: Counter[str] = field(default_factory=Counter)
    violations: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Probes that broke a clause, by canary and clause."""
    incidents: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Incidents opened, by canary and kind."""
    delays: Delays = field(default_factory=Delays)

    def slot(self, entry: SlotEntry) -> None:
        self.slots[entry.canary, entry.outcome.value] += entry.count

    def probe(self, canary: str, result: ProbeResult) -> None:
        self.probes[canary, result.verdict.value] += 1
        self.retried[canary] += result.after_retry
        self.token_requests[canary] += 0 if result.token is None else result.token.requests
        for clause in {breach.clause for breach in result.breaches}:
            self.violations[canary, clause] += 1

    def opened(self, changes: Iterable[Change]) -> None:
        """Count the incidents that begin in these changes; later changes of the same ones do not count."""
        for change in changes:
            for incident in change.incidents.values():
                begins = change.entry is not None and incident.confirmed == change.entry.first and not incident.flaps
                self.incidents[incident.canary, incident.kind.value] += begins and incident.open

    def copy(self) -> Tallies:
        """The state of this moment."""
        return Tallies(
            Counter(self.slots),
            Counter(self.probes),
            Counter(self.retried),
            Counter(self.token_requests),
            Counter(self.violations),
            Counter(self.incidents),
            replace(self.delays, counts=list(self.delays.counts)),
        )
