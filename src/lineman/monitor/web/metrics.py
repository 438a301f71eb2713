"""The monitor's metrics, collected fresh at each scrape from what the monitor knows."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from lineman.monitor.board import Board, CanaryState, is_stale
from lineman.monitor.clock import Clock
from lineman.monitor.keeper import Keeper
from lineman.monitor.outbox import Outbox
from lineman.monitor.slots import Outcome
from lineman.monitor.verdict import Verdict

_BUCKETS = (5, 10, 25, 50, 100, 250, 500, 1_000, 5_000)


class MonitorCollector(Collector):
    """Reads board, keeper and outbox."""

    def __init__(self, board: Board, keeper: Keeper, outbox: Outbox, clock: Clock) -> None:
        self._board = board
        self._keeper = keeper
        self._outbox = outbox
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        with self._board.lock:
            states = list(self._board.canaries.values())
            slots = dict(self._board.slots)
            retried, violations = dict(self._board.retried), dict(self._board.violations)
            delays = list(self._board.delays)
        yield from _probes(states, self._clock.wall())
        yield from _counts(states, slots, retried, violations)
        yield _delays(delays)
        yield from self._own()

    def _own(self) -> Iterator[Metric]:
        yield _gauge("lineman_history_up", "1 where history can be written.", int(not self._keeper.failing))
        yield _gauge("lineman_history_backlog", "Changes that wait for history.", self._keeper.backlog)
        yield _gauge(
            "lineman_committed_timestamp_seconds",
            "When results were committed last.",
            (self._board.committed or 0) / 1_000,
        )
        yield _gauge("lineman_notices_pending", "Notices on their way.", self._outbox.pending)
        yield _counter("lineman_notices_delivered", "Notices that arrived.", self._outbox.delivered)
        yield _counter("lineman_notice_failures", "Tries to send a notice that failed.", self._outbox.failures)
        yield _gauge(
            "lineman_reload_successful",
            "1 where the configuration was last read without an error.",
            int(not self._board.reload_failed),
        )
        opened = GaugeMetricFamily("lineman_incident_open", "1 where an incident is open.", labels=["canary", "kind"])
        for (canary, kind), track in list(self._keeper.world.tracks.items()):
            opened.add_metric([canary, kind.value], int(track.incident is not None and track.incident.open))
        yield opened


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(name, text, value=value)


def _probes(states: list[CanaryState], now: int) -> Iterator[Metric]:
    success = GaugeMetricFamily("probe_success", "1 where the canary is ok or degraded.", labels=["canary"])
    duration = GaugeMetricFamily("probe_duration_seconds", "Time of the last query.", labels=["canary"])
    phases = GaugeMetricFamily("probe_phase_duration_seconds", "Time of its phases.", labels=["canary", "phase"])
    verdicts = GaugeMetricFamily("probe_verdict", "What the last probe says.", labels=["canary", "verdict"])
    ends = GaugeMetricFamily(
        "probe_certificate_not_after_timestamp_seconds", "When the certificate ends.", labels=["canary"]
    )
    finished = GaugeMetricFamily("probe_started_timestamp_seconds", "When the last probe began.", labels=["canary"])
    good = GaugeMetricFamily("probe_last_success_timestamp_seconds", "Last good probe.", labels=["canary"])
    for state in states:
        name, result = [state.canary.name], state.result
        good.add_metric(name, (state.last_success or 0) / 1_000)
        if result is None or is_stale(state, now):
            continue
        success.add_metric(name, int(result.verdict in (Verdict.OK, Verdict.DEGRADED)))
        duration.add_metric(name, result.seconds)
        finished.add_metric(name, result.started / 1_000)
        for phase, seconds in result.last.phases.items():
            phases.add_metric([*name, phase], seconds)
        for verdict in Verdict:
            if verdict is not Verdict.NOT_RUN:
                verdicts.add_metric([*name, verdict.value], int(result.verdict is verdict))
        if result.certificate is not None:
            ends.add_metric(name, result.certificate.not_after / 1_000)
    yield from (success, duration, phases, verdicts, ends, finished, good)


def _counts(
    states: list[CanaryState],
    slots: dict[tuple[str, str], int],
    retried: dict[str, int],
    violations: dict[tuple[str, str], int],
) -> Iterator[Metric]:
    outcomes = CounterMetricFamily("lineman_slots", "Slots by how they ended.", labels=["canary", "outcome"])
    again = CounterMetricFamily("lineman_probes_ok_after_retry", "Good only at the second try.", labels=["canary"])
    broken = CounterMetricFamily(
        "lineman_contract_violations", "Probes that broke a clause.", labels=["canary", "clause"]
    )
    for state in states:
        name = state.canary.name
        for outcome in Outcome:
            outcomes.add_metric([name, outcome.value], slots.get((name, outcome.value), 0))
        again.add_metric([name], retried.get(name, 0))
    for (name, clause), count in sorted(violations.items()):
        broken.add_metric([name, clause], count)
    yield from (outcomes, again, broken)


def _delays(delays: list[int]) -> Metric:
    """Of the latest starts only, and so no counter: a picture of how punctual the monitor is now."""
    family = HistogramMetricFamily("lineman_slot_start_delay_seconds", "From slot to start, latest starts.")
    buckets = [(str(bound / 1_000), float(sum(delay <= bound for delay in delays))) for bound in _BUCKETS]
    family.add_metric([], [*buckets, ("+Inf", float(len(delays)))], sum(delays) / 1_000)
    return family
