"""What the monitor knows at the moment, for metrics, health and the status page. Thread-safe."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from lineman.monitor.config.maintenance import in_maintenance
from lineman.monitor.config.models import Canary
from lineman.monitor.incidents.machine import Kind, is_bad_for
from lineman.monitor.incidents.state import StateChange
from lineman.monitor.result import ProbeResult, ProbeVerdict
from lineman.monitor.slots import SlotEntry


@dataclass(frozen=True, slots=True)
class Streak:
    """Instants in milliseconds since the epoch; None where there was none yet."""

    last_success: int | None = None
    """When the last probe that was ok or degraded began."""
    last_failure: int | None = None
    """When the last failed probe outside of maintenance began."""
    rows: Mapping[Kind, int] = field(default_factory=dict)
    """Probes of each kind in a row, up to the last one, counted as incidents count them."""

    def after(self, result: ProbeResult, *, planned: bool) -> Streak:
        """The streak after one more probe; ``planned``: it fell into a maintenance window."""
        good = result.verdict in (ProbeVerdict.OK, ProbeVerdict.DEGRADED)
        counts = result.verdict is ProbeVerdict.FAILED and not planned
        return Streak(
            result.started if good else self.last_success,
            result.started if counts else self.last_failure,
            {kind: _longer(self.rows.get(kind, 0), is_bad_for(kind, result.verdict)) for kind in Kind},
        )


def _longer(row: int, bad: bool | None) -> int:
    if bad is None:
        return row
    return row + 1 if bad else 0


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
class Counters:
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

    def opened(self, changes: Iterable[StateChange]) -> None:
        """Count the incidents that begin in these changes; later changes of the same ones do not count."""
        for change in changes:
            for incident in change.incidents.values():
                begins = change.entry is not None and incident.confirmed == change.entry.first and not incident.flaps
                self.incidents[incident.canary, incident.kind.value] += begins and incident.open

    def copy(self) -> Counters:
        """The state of this moment."""
        return Counters(
            Counter(self.slots),
            Counter(self.probes),
            Counter(self.retried),
            Counter(self.token_requests),
            Counter(self.violations),
            Counter(self.incidents),
            replace(self.delays, counts=list(self.delays.counts)),
        )


STALE_INTERVALS = 3
"""A canary without a new ledger entry for so many intervals (and its timeout) is stale."""


@dataclass(slots=True)
class CanaryState:
    """The latest of one canary."""

    canary: Canary
    result: ProbeResult | None = None
    ledger_end: int = 0
    """The instant up to which the ledger speaks."""
    streak: Streak = field(default_factory=Streak)
    since: int = 0
    """When it began to be watched."""


@dataclass(slots=True)
class LiveState:
    """Filled by the monitor, read by everybody."""

    location: str = "here"
    canaries: dict[str, CanaryState] = field(default_factory=dict)
    counters: Counters = field(default_factory=Counters)
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

    def probe_started(self, entry: SlotEntry, delay: int) -> None:
        """Note how long after its slot a probe began."""
        with self.lock:
            self.counters.delays.add(delay)

    def slot_finished(self, entry: SlotEntry, result: ProbeResult | None) -> None:
        """Note a slot's end."""
        with self.lock:
            self.counters.slot(entry)
            state = self.canaries.get(entry.canary)
            if state is None:
                return
            state.ledger_end = max(state.ledger_end, entry.end)
            if result is None:
                return
            state.result = result
            self.counters.probe(entry.canary, result)
            planned = in_maintenance(state.canary.maintenance, entry.first)
            state.streak = state.streak.after(result, planned=planned)

    def committed_up_to(self, changes: list[StateChange], now: int) -> None:
        """Note that results are on disk."""
        if any(change.result is not None for change in changes):
            self.committed = now
        with self.lock:
            self.counters.opened(changes)

    def stale(self, now: int) -> list[str]:
        """Canaries of which there is nothing new for too long."""
        with self.lock:
            return sorted(name for name, state in self.canaries.items() if is_stale(state, now))


def is_stale(state: CanaryState, now: int) -> bool:
    """True where the ledger is behind by more than it may be."""
    reached = max(state.ledger_end, state.since)
    return now - reached > STALE_INTERVALS * state.canary.interval + 2 * state.canary.timeout


def _renewed(state: CanaryState, canary: Canary) -> CanaryState:
    state.canary = canary
    return state
