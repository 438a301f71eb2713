"""A probe's result as OpenMetrics text, for a textfile collector.

Such collectors read the older text format, which knows neither state sets nor infos; a state set written as a gauge
has the same samples and is valid in both formats, so that is what a file holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from lineman.monitor.config.maintenance import in_maintenance
from lineman.monitor.config.models import Canary, MonitorSettings
from lineman.monitor.formats.families import Seen, canary_families
from lineman.monitor.incidents.machine import Kind
from lineman.monitor.result import ProbeResult
from lineman.monitor.status.snapshot import Streak

_ENCODE: Callable[[Collector], bytes] = generate_latest
_PARSE: Callable[[str], Iterator[Metric]] = text_string_to_metric_families


def openmetrics(seen: Seen) -> str:
    """All families of a canary that have samples, with the end mark."""
    return _ENCODE(_AsGauges(seen)).decode()


def probe_seen(canary: Canary, settings: MonitorSettings, result: ProbeResult, before: Path | None) -> Seen:
    """A one-shot probe's result; ``before``: the file that the last one wrote, which knows the canary's past."""
    planned = in_maintenance(canary.maintenance, result.started)
    streak = streak_before(before, canary.name, settings.location).after(result, planned=planned)
    joint = settings if settings.joint else None
    return Seen(canary, settings.location, result, streak, maintenance=planned, joint=joint)


def streak_before(path: Path | None, canary: str, location: str) -> Streak:
    """What the file that an earlier probe wrote says of the canary's past; nothing where there is none to be read."""
    if path is None:
        return Streak()
    try:
        return _streak(path.read_text(encoding="utf-8"), canary, location)
    except (OSError, ValueError, OverflowError):
        return Streak()


class _AsGauges(Collector):
    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def collect(self) -> Iterator[Metric]:
        for family in canary_families([self._seen]):
            if family.samples:
                family.type = "gauge"
                yield family


def _streak(text: str, canary: str, location: str) -> Streak:
    values = {
        (sample.name, sample.labels.get("kind", "")): sample.value
        for family in _PARSE(text)
        for sample in family.samples
        if sample.labels.get("canary") == canary and sample.labels.get("location") == location
    }
    return Streak(
        _instant(values.get(("probe_last_success_timestamp_seconds", ""))),
        _instant(values.get(("probe_last_failure_timestamp_seconds", ""))),
        {kind: int(values.get(("probe_consecutive", kind.value), 0)) for kind in Kind},
    )


def _instant(seconds: float | None) -> int | None:
    return round(seconds * 1_000) if seconds else None
