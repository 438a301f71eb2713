"""A monitor's metrics without a monitor: everything that it can export is there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

from prometheus_client.metrics_core import Metric

from lineman.monitor.clock import DAY, MINUTE, SECOND
from lineman.monitor.config.models import Canary, MonitorSettings
from lineman.monitor.formats.families import Seen
from lineman.monitor.incidents.machine import Incident, IncidentState, Kind
from lineman.monitor.incidents.state import MonitorState, StateChange
from lineman.monitor.result import Attempt, Cause, CertificateSeen, ProbeResult, ProbeVerdict, ProbeViolation, TokenStep
from lineman.monitor.slots import SlotEntry, SlotOutcome
from lineman.monitor.status.snapshot import LiveState
from lineman.monitor.web.metrics import MonitorCollector

NOW = 1_750_000_000 * SECOND
JOINT = MonitorSettings(joint=True, location="berlin", quorum=0.5)
PHASES = {"resolve": 0.001, "connect": 0.002, "tls": 0.003, "send": 0.0005, "wait": 0.1, "receive": 0.004}


@dataclass
class Clock:
    """A clock that stands."""

    now: int = NOW

    def wall(self) -> int:
        return self.now


def result(verdict: ProbeVerdict = ProbeVerdict.OK, started: int = NOW, **changes: Any) -> ProbeResult:
    """A result with every part; failed ones broke a clause."""
    breaches = (ProbeViolation("answer.schema", "f1", "a member is missing"),) if verdict is ProbeVerdict.FAILED else ()
    attempt = Attempt(verdict, Cause.NONE, "", 0.11, 200, PHASES, breaches)
    parts: dict[str, Any] = {
        "token": TokenStep(ProbeVerdict.OK, 0.05, "a new token was issued", 1, PHASES),
        "certificate": CertificateSeen(NOW + 90 * DAY, verified=True, reason="", subject="CN=x"),
        "token_issued": NOW,
        "token_ends": NOW + 10 * MINUTE,
    }
    return ProbeResult(
        "hotline", "environment", started, verdict, Cause.NONE, "", (attempt, attempt), **{**parts, **changes}
    )


def hotline(**settings: Any) -> Canary:
    """A canary for which every setting that is exported is made."""
    given = {
        "name": "hotline",
        "latency": {"degraded": "1s", "failed": "5s"},
        "slo": {"objective": 99.5, "period": "30d"},
    }
    return Canary.model_validate({**given, **settings})


class Exporter:
    """Board and world that tests fill, and the collector that reads them."""

    def __init__(self, subject: Canary | None = None, joint: MonitorSettings | None = None) -> None:
        self.canary = subject or hotline()
        self.clock = Clock()
        self.live = LiveState("berlin")
        self.live.watch({self.canary.name: self.canary}, NOW)
        self.state = MonitorState()
        writer = SimpleNamespace(state=self.state, failing="", backlog=0, lost=0, alive=True)
        outbox = SimpleNamespace(pending=0, delivered=0, failures=0, set_aside=0)
        candidate = SimpleNamespace(leads=True, failing="") if joint else None
        self.collector = MonitorCollector(
            self.live, cast(Any, writer), cast(Any, outbox), cast(Any, self.clock), joint, cast(Any, candidate)
        )

    def slot(self, verdict: ProbeVerdict, started: int = NOW) -> None:
        """A slot ends with a result."""
        entry = SlotEntry("hotline", started, started, self.canary.interval, SlotOutcome.RUN)
        self.live.probe_started(entry, 3)
        self.live.slot_finished(entry, result(verdict, started))

    def incident(self) -> None:
        """An incident opens."""
        opened = Incident("i", "hotline", Kind.FAILED, "m", Cause.STATUS, "s", NOW, NOW)
        self.state.set_track(("hotline", Kind.FAILED), IncidentState(bad=3, bad_since=NOW, incident=opened))
        entry = SlotEntry("hotline", NOW, NOW, self.canary.interval, SlotOutcome.RUN)
        self.live.committed_up_to([StateChange(entry=entry, incidents={"i": opened})], NOW)

    def families(self) -> dict[str, Metric]:
        return {family.name: family for family in self.collector.collect()}

    def values(self, sample: str) -> dict[tuple[tuple[str, str], ...], float]:
        """Values by labels, canary and location left out."""
        return values(self.collector.collect(), sample)


def values(families: Iterable[Metric], name: str) -> dict[tuple[tuple[str, str], ...], float]:
    """A sample's values by its labels, canary and location left out."""
    return {
        tuple(sorted((key, text) for key, text in sample.labels.items() if key not in ("canary", "location"))): (
            sample.value
        )
        for family in families
        for sample in family.samples
        if sample.name == name
    }


def full() -> Exporter:
    """An exporter with a sample in every family."""
    exporter = Exporter(joint=JOINT)
    exporter.slot(ProbeVerdict.FAILED)
    exporter.incident()
    return exporter


def seen(subject: Canary | None = None, verdict: ProbeVerdict = ProbeVerdict.OK, **changes: Any) -> Seen:
    """What a one-shot probe writes."""
    return Seen(subject or hotline(), "berlin", result(verdict), joint=JOINT, **changes)
