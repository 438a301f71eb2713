"""The metrics of a canary, one naming for ``/metrics`` and for the files of one-shot probes.

Names and labels follow Prometheus's rules: base units, instants as timestamps, no label without bound and none that
targets usually carry. ``location`` is part of what is measured: the place from which the canary was probed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client.metrics_core import GaugeMetricFamily, Metric, StateSetMetricFamily

from lineman.monitor.config.models import Canary, MonitorSettings
from lineman.monitor.incidents.machine import Kind
from lineman.monitor.result import PHASES, ProbeResult, ProbeVerdict
from lineman.monitor.status.snapshot import Streak

VERDICTS = tuple(verdict for verdict in ProbeVerdict if verdict is not ProbeVerdict.NOT_RUN)
_SUBJECT = ("canary", "location")
_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a canary at an instant."""

    canary: Canary
    location: str
    result: ProbeResult | None
    """The last result where it is fresh; a stale one is no result."""
    streak: Streak = field(default_factory=Streak)
    maintenance: bool = False
    fresh: bool = True
    """False where the last result is too old to say anything."""
    joint: MonitorSettings | None = None
    """The monitor's settings where several locations decide together."""

    @property
    def subject(self) -> tuple[str, str]:
        """Values of the labels that every family here has."""
        return self.canary.name, self.location


def canary_families(seen: Iterable[Seen]) -> Iterator[Metric]:
    """All families of these canaries: settings that rules are sized by, then what was measured."""
    canaries = list(seen)
    yield from _settings(canaries)
    yield from _limits(canaries)
    yield from _quorum(canaries)
    yield from _streaks(canaries)
    measured = [(one, one.result) for one in canaries if one.result is not None]
    yield from _results(measured)
    yield from _token(measured)
    yield from _certificate(measured)


def family(name: str, text: str, *labels: str, unit: str = "") -> GaugeMetricFamily:
    """A gauge with the labels that every family here has, and further ones."""
    return GaugeMetricFamily(name, text, labels=[*_SUBJECT, *labels], unit=unit)


def _settings(canaries: list[Seen]) -> Iterator[Metric]:
    interval = family("probe_interval_seconds", "Time from slot to slot.", unit="seconds")
    timeout = family("probe_timeout_seconds", "Limit of one try.", unit="seconds")
    maintenance = family("probe_maintenance", "1 in a maintenance window.")
    objective = family("probe_slo_objective_ratio", "Share of time to be up.")
    period = family("probe_slo_period_seconds", "Time over which the objective holds.", unit="seconds")
    for one in canaries:
        canary, subject = one.canary, one.subject
        interval.add_metric(subject, canary.interval / 1_000)
        timeout.add_metric(subject, canary.timeout / 1_000)
        maintenance.add_metric(subject, int(one.maintenance))
        if canary.slo is not None:
            objective.add_metric(subject, round(canary.slo.objective / 100, 9))
            period.add_metric(subject, canary.slo.period / 1_000)
    yield from (interval, timeout, maintenance, objective, period)


def _limits(canaries: list[Seen]) -> Iterator[Metric]:
    rows = family("probe_consecutive_limit", "Probes of the kind in a row that make an incident; 0: never.", "kind")
    latency = family(
        "probe_latency_limit_seconds", "Query time above which the verdict is given.", "verdict", unit="seconds"
    )
    certificate = family(
        "probe_certificate_limit_seconds",
        "Validity left below which the verdict is given.",
        "verdict",
        unit="seconds",
    )
    for one in canaries:
        canary, subject = one.canary, one.subject
        for kind, limit in _row_limits(canary).items():
            rows.add_metric([*subject, kind.value], limit)
        for verdict, reached in (("degraded", canary.latency.degraded), ("failed", canary.latency.failed)):
            if reached is not None:
                latency.add_metric([*subject, verdict], reached / 1_000)
        for verdict, days in (("degraded", canary.certificate.degraded), ("failed", canary.certificate.failed)):
            certificate.add_metric([*subject, verdict], days * _DAY_SECONDS)
    yield from (rows, latency, certificate)


def _quorum(canaries: list[Seen]) -> Iterator[Metric]:
    share = family(
        "probe_quorum_ratio", "Share of the locations with a fresh result that must say down; none: more than half."
    )
    least = family("probe_quorum_locations", "Locations with a fresh result below which nothing is known.")
    for one in canaries:
        if one.joint is None:
            continue
        wanted = one.canary.quorum or one.joint.quorum
        if wanted is not None:
            share.add_metric(one.subject, wanted)
        least.add_metric(one.subject, one.canary.min_locations or one.joint.min_locations)
    yield from (share, least)


def _row_limits(canary: Canary) -> dict[Kind, int]:
    rule = canary.incident
    return {Kind.FAILED: rule.opens_after, Kind.DEGRADED: rule.degraded_after, Kind.UNKNOWN: rule.unknown_after}


def _streaks(canaries: list[Seen]) -> Iterator[Metric]:
    good = family(
        "probe_last_success_timestamp_seconds", "When the last good probe began; 0: none known.", unit="seconds"
    )
    bad = family(
        "probe_last_failure_timestamp_seconds",
        "When the last failed probe outside of maintenance began; 0: none known.",
        unit="seconds",
    )
    rows = family("probe_consecutive", "Probes of the kind in a row, up to the last one.", "kind")
    for one in canaries:
        good.add_metric(one.subject, (one.streak.last_success or 0) / 1_000)
        bad.add_metric(one.subject, (one.streak.last_failure or 0) / 1_000)
        if one.fresh:
            for kind in Kind:
                rows.add_metric([*one.subject, kind.value], one.streak.rows.get(kind, 0))
    yield from (good, bad, rows)


def _results(measured: list[tuple[Seen, ProbeResult]]) -> Iterator[Metric]:
    success = family("probe_success", "1 where the canary is ok or degraded.")
    verdicts = StateSetMetricFamily("probe_verdict", "What the last probe says.", labels=_SUBJECT)
    started = family("probe_started_timestamp_seconds", "When the last probe began.", unit="seconds")
    duration = family(
        "probe_duration_seconds", "Time of the query; neither the token's time nor lineman's own.", unit="seconds"
    )
    phases = family("probe_phase_duration_seconds", "Time of each phase of the query.", "phase", unit="seconds")
    status = family("probe_http_status_code", "Status of the answer; 0: there was none.")
    attempts = family("probe_attempts", "Tries in the slot; 0: nothing could be sent.")
    broken = family("probe_contract_clauses_violated", "Clauses that the answer broke.")
    clauses = family("probe_contract_violated", "1 for each clause that the answer broke.", "clause")
    for one, result in measured:
        subject = one.subject
        success.add_metric(subject, int(result.verdict in (ProbeVerdict.OK, ProbeVerdict.DEGRADED)))
        verdicts.add_metric(subject, {verdict.value: verdict is result.verdict for verdict in VERDICTS})
        started.add_metric(subject, result.started / 1_000)
        duration.add_metric(subject, result.seconds)
        _add_phases(phases, subject, result.last.phases)
        status.add_metric(subject, result.last.status or 0)
        attempts.add_metric(subject, len(result.attempts))
        violated = sorted({breach.clause for breach in result.breaches})
        broken.add_metric(subject, len(violated))
        for clause in violated:
            clauses.add_metric([*subject, clause], 1)
    yield from (success, verdicts, started, duration, phases, status, attempts, broken, clauses)


def _token(measured: list[tuple[Seen, ProbeResult]]) -> Iterator[Metric]:
    success = family("probe_token_success", "0 where no token could be had.")
    requests = family("probe_token_requests", "Requests for a token in the slot; 0: the kept one served.")
    duration = family(
        "probe_token_duration_seconds", "Time of getting a token; 0: the kept one served.", unit="seconds"
    )
    phases = family(
        "probe_token_phase_duration_seconds", "Time of each phase of the last token request.", "phase", unit="seconds"
    )
    issued = family("probe_token_issued_timestamp_seconds", "When the kept token was issued.", unit="seconds")
    ends = family("probe_token_expires_timestamp_seconds", "When the kept token expires.", unit="seconds")
    for one, result in measured:
        step, subject = result.token, one.subject
        success.add_metric(subject, int(step is None or step.verdict is ProbeVerdict.OK))
        requests.add_metric(subject, 0 if step is None else step.requests)
        duration.add_metric(subject, 0.0 if step is None else step.seconds)
        if step is not None:
            _add_phases(phases, subject, step.phases)
        if result.token_issued is not None:
            issued.add_metric(subject, result.token_issued / 1_000)
        if result.token_ends is not None:
            ends.add_metric(subject, result.token_ends / 1_000)
    yield from (success, requests, duration, phases, issued, ends)


def _certificate(measured: list[tuple[Seen, ProbeResult]]) -> Iterator[Metric]:
    ends = family(
        "probe_certificate_not_after_timestamp_seconds", "When the target's certificate ends.", unit="seconds"
    )
    verified = family("probe_certificate_verified", "1 where the certificate stood up to verification.")
    for one, result in measured:
        if result.certificate is not None:
            ends.add_metric(one.subject, result.certificate.not_after / 1_000)
            verified.add_metric(one.subject, int(result.certificate.verified))
    yield from (ends, verified)


def _add_phases(phases: GaugeMetricFamily, subject: tuple[str, str], seconds: Mapping[str, float]) -> None:
    for name in PHASES:
        if name in seconds:
            phases.add_metric([*subject, name], seconds[name])
