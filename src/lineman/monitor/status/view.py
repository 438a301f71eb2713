"""Everything that the templates show, from what was read and how the canaries stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from lineman.monitor.clock import DAY, HOUR
from lineman.monitor.config.models import Canary, MonitorSettings
from lineman.monitor.config.thresholds import budget_share
from lineman.monitor.result import CertificateSeen
from lineman.monitor.status import wording
from lineman.monitor.status.charts import (
    BAR,
    GAP,
    HIGH,
    PHASES_WIDE,
    ROW,
    WIDE,
    CheckMark,
    Curve,
    DayBar,
    DayRun,
    PhaseChart,
    check_marks,
    check_runs,
    curve,
    day_bars,
    good_runs,
    phases,
    void_runs,
)
from lineman.monitor.status.current import WORDS, CanaryStatus, headline
from lineman.monitor.status.facts import CanaryHistory, Details, HistorySnapshot
from lineman.monitor.status.page_queries import CHECKS, HOURS_DAYS, Latest
from lineman.monitor.status.snapshot import CanaryState, is_stale
from lineman.monitor.status.uptime_windows import DAYS, WINDOWS
from lineman.monitor.uptime import Uptime, percent
from lineman.report.figures import NEEDED
from lineman.times import format_ms

MOST_ROOMY = 8
"""Canaries up to which each has room for words; with more, all of them are to be seen in one look."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What an SLO allows, in milliseconds of down time, and what is left of it."""

    objective: str
    period: str
    share: str
    """Up by measured time of the period."""
    measured: int
    kept: bool | None
    """Whether no more is spent than there is; None without data."""
    whole: int
    spent: int
    unknown: int

    @property
    def left(self) -> int:
        return self.whole - self.spent

    @property
    def left_share(self) -> str:
        return percent(Fraction(max(0, self.left), self.whole), 1)


@dataclass(frozen=True, slots=True)
class CanaryCard:
    """A canary in the list."""

    present: CanaryStatus
    known: CanaryHistory
    bars: list[DayBar]
    runs: list[DayRun]
    voids: list[DayRun]
    spoken: str
    """The bars in words."""
    marks: list[CheckMark]
    """Of the latest checks, those that were not good."""
    good: list[DayRun]
    checks: str
    """The latest checks in words."""


@dataclass(frozen=True, slots=True)
class PlaceView:
    """What one place saw last of a canary."""

    name: str
    latest: Latest
    verdict: str
    message: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A canary's own section."""

    card: CanaryCard
    windows: list[tuple[str, Uptime]]
    budget: Budget | None
    curve: Curve | None
    day: Curve | None
    phases: PhaseChart | None
    details: Details
    elsewhere: list[PlaceView]
    certificate: CertificateSeen | None
    """As the own location sees it."""
    limits: list[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Work:
    """Planned work: running, or the next."""

    begin: int
    end: int
    reason: str
    canaries: list[str]


@dataclass(frozen=True, slots=True)
class Setting:
    """What the page says about itself."""

    settings: MonitorSettings
    live: bool
    """Served by a running monitor, not made from history alone."""
    notes: Sequence[str] = ()
    alone: bool = False
    """The page of one canary of several."""


def context(
    stand: Sequence[CanaryStatus], facts: HistorySnapshot, detailed: Sequence[str], now: int, about: Setting
) -> dict[str, Any]:
    """``detailed``: canaries that get a section of their own here; the others are linked to a page of their own."""
    ordered = sorted(stand, key=lambda one: one.rank)
    cards = [_card(one, facts, now) for one in ordered]
    sentence, tone = headline(ordered)
    chosen = set(detailed)
    return {
        "sentence": sentence,
        "tone": tone,
        "tally": _tally(ordered),
        "words": WORDS,
        "cards": cards,
        "sheets": [_sheet(card, facts, now) for card in cards if card.present.canary.name in chosen],
        "detailed": chosen,
        "facts": facts,
        "works": works([one.canary for one in ordered], now),
        "about": about,
        "now": now,
        "days": DAYS,
        "hours_days": HOURS_DAYS,
        "percents": list(NEEDED),
        "titles": {one.canary.name: one.canary.title or one.canary.name for one in ordered},
        "pictures": {},  # the bars of each canary, which the list draws and the sections show again
        "compact": len(cards) > MOST_ROOMY,
        "checks_wide": CHECKS * (BAR + GAP) - GAP,
        "wide": WIDE,
        "high": HIGH,
        "row": ROW,
        "phases_wide": PHASES_WIDE,
        "percent": percent,
        "w": wording,
        "lasts": format_ms,
    }


def _tally(stand: Sequence[CanaryStatus]) -> list[tuple[str, str, int]]:
    counted = [
        (value, word, sum(one.verdict == value and not one.maintenance for one in stand))
        for value, word in WORDS.items()
    ]
    planned = sum(one.maintenance for one in stand)
    return counted + ([("planned", "in maintenance", planned)] if planned else [])


def _card(one: CanaryStatus, facts: HistorySnapshot, now: int) -> CanaryCard:
    known = facts.known.get(one.canary.name, CanaryHistory())
    bars = day_bars(known.spans.days, known.spans.begin, now)
    return CanaryCard(
        one,
        known,
        bars,
        good_runs(bars),
        void_runs(bars),
        _describe_bars(bars),
        check_marks(known.checks),
        check_runs(known.checks),
        _spoken_checks(known.checks),
    )


_CHECK_WORDS = {"failed": "failed", "degraded": "degraded", "unknown": "without a result"}


def _spoken_checks(checks: Sequence[tuple[int, str]]) -> str:
    """``the latest 30 checks: 2 failed``."""
    if not checks:
        return "no check yet"
    verdicts = [verdict for _, verdict in checks]
    bad = [f"{verdicts.count(verdict)} {words}" for verdict, words in _CHECK_WORDS.items() if verdict in verdicts]
    latest = "the latest check" if len(checks) == 1 else f"the latest {len(checks)} checks"
    return f"{latest}: {', '.join(bad) or ('good' if len(checks) == 1 else 'all good')}"


def _describe_bars(bars: Sequence[DayBar]) -> str:
    watched = [bar.uptime for bar in bars if bar.uptime is not None]
    if not watched:
        return "Not watched yet"
    parts = [f"{len(watched)} {'day' if len(watched) == 1 else 'days'} watched"]
    for name, found in (
        ("with down time", [one for one in watched if one.down]),
        ("degraded", [one for one in watched if one.degraded]),
        ("not wholly measured", [one for one in watched if one.unknown]),
        ("with maintenance", [one for one in watched if one.maintenance]),
    ):
        if found:
            parts.append(f"{len(found)} {name}")
    return ", ".join(parts)


def _sheet(card: CanaryCard, facts: HistorySnapshot, now: int) -> Sheet:
    canary = card.present.canary
    details = facts.details.get(canary.name, Details())
    own = details.elsewhere.get(facts.where.location)
    seen = own[0] if facts.where.joint and own is not None else card.present.latest
    limits = [
        (name, limit / 1_000)
        for name, limit in (("degraded", canary.latency.degraded), ("failed", canary.latency.failed))
        if limit is not None
    ]
    found = card.known.spans.windows
    names = {1: "24 hours", 7: "7 days", 30: "30 days", 90: "90 days"}
    windows = [(names[days], found.get(days * DAY, Uptime())) for days in WINDOWS]
    begin = (now - HOURS_DAYS * DAY) // HOUR * HOUR
    return Sheet(
        card,
        windows,
        _budget(canary, found),
        curve(details.hours, limits, begin, now),
        curve(details.day, limits, now - DAY, now, 6 * HOUR),
        phases(details.phases, limits),
        details,
        _places(canary, details, now),
        None if seen is None else seen.certificate,
        limits,
    )


def _places(canary: Canary, details: Details, now: int) -> list[PlaceView]:
    found = []
    for name, (latest, accounted) in details.elsewhere.items():
        if is_stale(CanaryState(canary, ledger_end=accounted), now):
            found.append(PlaceView(name, latest, "unknown", f"nothing new for {wording.rough(now - accounted)}"))
        else:
            found.append(PlaceView(name, latest, latest.verdict.value, latest.message))
    return found


def _budget(canary: Canary, found: Mapping[int, Uptime]) -> Budget | None:
    if canary.slo is None:
        return None
    over = found.get(canary.slo.period, Uptime())
    share, whole = over.share, int(budget_share(canary.slo.objective) * canary.slo.period)
    return Budget(
        objective=f"{canary.slo.objective:g} %",
        period=format_ms(canary.slo.period),
        share=percent(share),
        measured=over.up + over.down,
        kept=None if share is None else over.down <= whole,
        whole=whole,
        spent=over.down,
        unknown=over.unknown,
    )


def works(canaries: Sequence[Canary], now: int) -> list[Work]:
    """For each canary the windows that run, or else the next within a year; the same one of several is one."""
    found: dict[tuple[int, int, str], list[str]] = {}
    for canary in canaries:
        spans = [
            (*span, window.reason)
            for window in canary.maintenance
            for span in _first(window.spans(now, now + 366 * DAY))
        ]
        running = [span for span in spans if span[0] <= now]
        for span in sorted(running) or sorted(spans)[:1]:
            found.setdefault(span, []).append(canary.name)
    return [Work(*span, names) for span, names in sorted(found.items())]


def _first(spans: Any) -> list[tuple[int, int]]:
    """The first span, where there is one."""
    span = next(iter(spans), None)
    return [] if span is None else [span]
