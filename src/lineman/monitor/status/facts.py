"""One reading of history for the page, canary by canary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, RowMapping

from lineman.monitor.clock import DAY
from lineman.monitor.config.models import Canary, MonitorSettings
from lineman.monitor.incidents.state import JOINT
from lineman.monitor.status import page_queries
from lineman.monitor.status.page_queries import Latest
from lineman.monitor.status.timeline import Timeline, stories
from lineman.monitor.status.uptime_windows import DAYS, WINDOWS, Spans, spans


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """From where a page looks."""

    location: str
    joint: bool = False
    """What all locations decided together counts; the own one then is one of several."""

    @property
    def place(self) -> str:
        """Under which name in history verdicts, uptime and incidents stand."""
        return JOINT if self.joint else self.location


def where_of(settings: MonitorSettings) -> Viewpoint:
    """As the settings say."""
    return Viewpoint(settings.location, settings.joint)


@dataclass(frozen=True, slots=True)
class CanaryHistory:
    """What history knows of one canary, enough for its line in the list."""

    latest: Latest | None = None
    ledger_end: int = 0
    spans: Spans = field(default_factory=Spans)
    checks: list[tuple[int, str]] = field(default_factory=list)
    """Slot and verdict of the latest results, the oldest first."""


@dataclass(frozen=True, slots=True)
class Details:
    """What a canary's own section shows beside."""

    hours: list[tuple[int, float, float]] = field(default_factory=list)
    day: list[tuple[int, float, float]] = field(default_factory=list)
    """The same of the last 24 hours, with those that are not summed up yet."""
    phases: dict[str, list[float]] = field(default_factory=dict)
    violations: list[tuple[RowMapping, str]] = field(default_factory=list)
    gaps: list[tuple[int, int, str, str]] = field(default_factory=list)
    """Slots of the last day without a probe: begin, end, outcome, reason; the latest first."""
    elsewhere: dict[str, tuple[Latest, int]] = field(default_factory=dict)
    """Latest result by location, and up to when the ledger speaks there; empty where one alone looks."""


@dataclass(frozen=True, slots=True)
class HistorySnapshot:
    """All that was read at ``now``."""

    where: Viewpoint = Viewpoint("here")
    now: int = 0
    known: Mapping[str, CanaryHistory] = field(default_factory=dict)
    details: Mapping[str, Details] = field(default_factory=dict)
    stories: list[Timeline] = field(default_factory=list)
    stories_left_out: int = 0
    since: Mapping[tuple[str, str], tuple[int | None, int | None]] = field(default_factory=dict)
    size: int | None = None
    """Bytes of history."""
    on_file: bool = True
    """History is a file of its own, whose size is bounded."""
    locations: list[str] = field(default_factory=list)
    intervals: Mapping[str, int] = field(default_factory=dict)
    """By canary, in milliseconds."""

    def with_details(self, connection: Connection, detailed: Iterable[str]) -> HistorySnapshot:
        """The same, and what the sections of these canaries show."""
        found = {name: _details(connection, self.where, name, self.locations, self.now) for name in detailed}
        return replace(self, details={**self.details, **found})

    def only(self, connection: Connection, canary: str) -> HistorySnapshot:
        """The same, with the incidents of one canary alone."""
        found, left_out = stories(connection, self.where.place, self.now - DAYS * DAY, canary, self.intervals)
        return replace(self, stories=found, stories_left_out=left_out)


def gather(connection: Connection, where: Viewpoint, canaries: Mapping[str, Canary], now: int) -> HistorySnapshot:
    """Read what the list of canaries and the incidents show."""
    known = {name: _read_history_of(connection, where.place, canary, now) for name, canary in canaries.items()}
    intervals = {name: canary.interval for name, canary in canaries.items()}
    found, left_out = stories(connection, where.place, now - DAYS * DAY, None, intervals)
    return HistorySnapshot(
        where=where,
        now=now,
        known=known,
        stories=found,
        stories_left_out=left_out,
        since=page_queries.standing_since(connection, where.place),
        size=page_queries.history_size(connection),
        on_file=connection.dialect.name == "sqlite",
        locations=[name for name in page_queries.locations(connection) if name != JOINT],
        intervals=intervals,
    )


def _read_history_of(connection: Connection, place: str, canary: Canary, now: int) -> CanaryHistory:
    lengths = {days * DAY for days in WINDOWS}
    if canary.slo is not None:
        lengths.add(canary.slo.period)
    return CanaryHistory(
        page_queries.latest_result(connection, place, canary.name),
        page_queries.ledger_end(connection, place, canary.name),
        spans(connection, place, canary, now, sorted(lengths)),
        page_queries.latest_checks(connection, place, canary.name),
    )


def _details(connection: Connection, where: Viewpoint, canary: str, locations: list[str], now: int) -> Details:
    elsewhere = {}
    for location in locations if len(locations) > 1 or where.joint else ():
        latest = page_queries.latest_result(connection, location, canary)
        if latest is not None:
            elsewhere[location] = (latest, page_queries.ledger_end(connection, location, canary))
    hours = page_queries.hourly_latency(connection, where.location, canary, now)
    return Details(
        hours,
        page_queries.day_latency(connection, where.location, canary, now, hours),
        page_queries.phase_samples(connection, where.location, canary, now),
        page_queries.violations(connection, where.place, canary, now - DAYS * DAY),
        page_queries.gaps(connection, where.place, canary, now - DAY),
        elsewhere,
    )
