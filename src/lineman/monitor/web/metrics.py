"""The monitor's metrics, collected fresh at each scrape from what the monitor knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import version
from itertools import accumulate

from prometheus_client import ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from lineman.contract.checks import CHECKS
from lineman.monitor.clock import Clock
from lineman.monitor.config.maintenance import in_maintenance
from lineman.monitor.config.models import MonitorSettings
from lineman.monitor.delivery.outbox import Outbox
from lineman.monitor.formats.families import VERDICTS, Seen, canary_families, family
from lineman.monitor.incidents.machine import IncidentState, Kind
from lineman.monitor.leader import Leader
from lineman.monitor.result import ProbeVerdict
from lineman.monitor.slots import SlotOutcome
from lineman.monitor.status.snapshot import DELAY_BOUNDS, CanaryState, Counters, Delays, LiveState, Streak, is_stale
from lineman.monitor.writer import Writer

_NEVER_PROBED = ("auth.", "request.method", "request.path", "request.malformed-json")
"""Clauses about requests that no canary sends."""


class MonitorCollector(Collector):
    """Reads live state, writer and outbox."""

    def __init__(
        self,
        live: LiveState,
        writer: Writer,
        outbox: Outbox,
        clock: Clock,
        settings: MonitorSettings | None = None,
        joint: Leader | None = None,
    ) -> None:
        """``joint``: where several locations decide together; ``settings``: the monitor's, which say how."""
        self._board = live
        self._writer = writer
        self._outbox = outbox
        self._clock = clock
        self._settings = settings
        self._joint = joint
        self._process = ProcessCollector(registry=None)

    def collect(self) -> Iterator[Metric]:
        now = self._clock.wall()
        tracks = dict(self._writer.state.tracks)
        with self._board.lock:
            states, counters = list(self._board.canaries.values()), self._board.counters.copy()
        seen = [self._read_state(state, tracks, now) for state in states]
        yield from canary_families(seen)
        yield from _counts(counters, seen)
        yield _delays(counters.delays)
        yield _stale(seen)
        yield from _incidents(seen, tracks)
        yield from self._own(len(states))
        yield from self._process.collect()

    def _read_state(self, state: CanaryState, tracks: dict[tuple[str, Kind], IncidentState], now: int) -> Seen:
        canary, fresh = state.canary, not is_stale(state, now)
        # Rows come from the incidents' own tracks, which outlive a restart.
        rows = {kind: tracks.get((canary.name, kind), IncidentState()).bad for kind in Kind}
        streak = Streak(state.streak.last_success, state.streak.last_failure, rows)
        maintenance = in_maintenance(canary.maintenance, now)
        joint = self._settings if self._joint is not None else None
        result = state.result if fresh else None
        return Seen(canary, self._board.location, result, streak, maintenance, fresh, joint)

    def _own(self, canaries: int) -> Iterator[Metric]:
        live, writer, outbox = self._board, self._writer, self._outbox
        facts = {"version": version("lineman"), "location": live.location}
        yield InfoMetricFamily("lineman_build", "The program, and where it looks from.", value=facts)
        yield _gauge("lineman_canaries", "Canaries that are watched.", canaries)
        yield _gauge("lineman_keeper_up", "1 while results are decided on.", int(writer.alive))
        yield _gauge("lineman_history_up", "1 where history can be written.", int(not writer.failing))
        yield _gauge("lineman_history_backlog", "Changes that wait for history.", writer.backlog)
        yield _counter("lineman_history_lost", "Changes that neither history nor memory could hold.", writer.lost)
        yield _gauge(
            "lineman_committed_timestamp_seconds",
            "When results were committed last; 0: not yet.",
            (live.committed or 0) / 1_000,
        )
        yield _gauge("lineman_notices_pending", "Notices on their way.", outbox.pending)
        yield _counter("lineman_notices_delivered", "Notices that arrived.", outbox.delivered)
        yield _counter("lineman_notice_failures", "Tries to send a notice that failed.", outbox.failures)
        yield _counter(
            "lineman_notices_set_aside", "Notices given up because a receiver will never take them.", outbox.set_aside
        )
        yield _gauge(
            "lineman_reload_successful",
            "1 where the configuration was last read without an error.",
            int(not live.reload_failed),
        )
        if self._joint is not None:
            yield _gauge(
                "lineman_joint_leader", "1 where this location decides and tells for all.", int(self._joint.leads)
            )
            yield _gauge(
                "lineman_joint_up",
                "1 where it can take part in what is decided together.",
                int(not self._joint.failing),
            )


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value, unit="seconds" if name.endswith("_seconds") else "")


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(name, text, value=value)


def _canary_counter(name: str, text: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(name, text, labels=["canary", "location", *labels])


@cache
def _probed_clauses() -> tuple[str, ...]:
    """The clauses that a probe's answer can break, so that their counts begin at 0 and not with the first violation."""
    return tuple(sorted({one.clause for one in CHECKS.values() if not one.clause.startswith(_NEVER_PROBED)}))


def _counts(counters: Counters, seen: Iterable[Seen]) -> Iterator[Metric]:
    outcomes = _canary_counter("lineman_slots", "Slots by how they ended.", "outcome")
    probes = _canary_counter("lineman_probes", "Probes.")
    failures = _canary_counter("lineman_probe_failures", "Probes that found the canary failed.")
    unmeasured = _canary_counter("lineman_probes_unmeasured", "Probes that could not measure.")
    again = _canary_counter("lineman_probes_ok_after_retry", "Probes that were good only at the second try.")
    tokens = _canary_counter("lineman_token_requests", "Requests for a token.")
    broken = _canary_counter("lineman_contract_violations", "Probes that broke a clause.", "clause")
    opened = _canary_counter("lineman_incidents", "Incidents opened.", "kind")
    for one in seen:
        name, subject = one.canary.name, one.subject
        for outcome in SlotOutcome:
            outcomes.add_metric([*subject, outcome.value], counters.slots[name, outcome.value])
        probes.add_metric(subject, sum(counters.probes[name, verdict.value] for verdict in VERDICTS))
        failures.add_metric(subject, counters.probes[name, ProbeVerdict.FAILED.value])
        unmeasured.add_metric(subject, counters.probes[name, ProbeVerdict.UNKNOWN.value])
        again.add_metric(subject, counters.retried[name])
        tokens.add_metric(subject, counters.token_requests[name])
        for clause in _probed_clauses() if one.canary.expect.contract else ():
            broken.add_metric([*subject, clause], counters.violations[name, clause])
        for kind in Kind:
            opened.add_metric([*subject, kind.value], counters.incidents[name, kind.value])
    yield from (outcomes, probes, failures, unmeasured, again, tokens, broken, opened)


def _delays(delays: Delays) -> Metric:
    histogram = HistogramMetricFamily("lineman_slot_start_delay_seconds", "From slot to start.", unit="seconds")
    bounds = [*(str(bound / 1_000) for bound in DELAY_BOUNDS), "+Inf"]
    buckets = [(bound, float(count)) for bound, count in zip(bounds, accumulate(delays.counts), strict=True)]
    histogram.add_metric([], buckets, delays.total / 1_000)
    return histogram


def _stale(seen: Iterable[Seen]) -> Metric:
    stale = family("lineman_canary_stale", "1 where nothing new is known for too long; its results are not shown then.")
    for one in seen:
        stale.add_metric(one.subject, int(not one.fresh))
    return stale


def _incidents(seen: Iterable[Seen], tracks: dict[tuple[str, Kind], IncidentState]) -> Iterator[Metric]:
    is_open = family("lineman_incident_open", "1 where an incident is open.", "kind")
    since = family("lineman_incident_opened_timestamp_seconds", "When the open one began.", "kind", unit="seconds")
    for one in seen:
        for kind in Kind:
            incident = tracks.get((one.canary.name, kind), IncidentState()).incident
            opened = incident is not None and incident.open
            is_open.add_metric([*one.subject, kind.value], int(opened))
            if incident is not None and opened:
                since.add_metric([*one.subject, kind.value], incident.opened / 1_000)
    yield from (is_open, since)
