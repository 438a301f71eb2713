"""Latency as small plots: coordinates for the template's SVG, so that the monitor need not load a plotting library."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lineman.monitor.clock import DAY, HOUR, MINUTE
from lineman.monitor.status.page_queries import CHECKS
from lineman.monitor.status.uptime_windows import DAYS
from lineman.monitor.uptime import Uptime
from lineman.report.figures import NEEDED, percentile
from lineman.times import day_of, format_duration

WIDE, HIGH = 240, 150
"""Size of the drawing area over time: with its labels it fits a telephone without being made smaller."""
PHASES_WIDE = 226
"""Width of the axis of the phases."""
_APART = 50
"""Least distance of two labels below an axis, in the units of the drawing, which are those of the text."""
ROW = 26
"""Height of a phase's row."""
_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Mark:
    """A tick or a limit: where it lies, what it says, and for a limit which one."""

    at: float
    label: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Scale:
    """A logarithmic axis from ``low`` to ``high`` seconds; places run from 0 to 1."""

    low: float
    high: float

    @classmethod
    def around(cls, values: Sequence[float]) -> Scale:
        """An axis that holds all values, with some air, and at least a factor of four."""
        low, high = max(min(values), 1e-5), max(*values, 2e-5)
        middle = math.sqrt(low * high)
        return cls(min(low / 1.3, middle / 2), max(high * 1.3, middle * 2))

    def at(self, seconds: float) -> float:
        share = math.log(max(seconds, self.low) / self.low) / math.log(self.high / self.low)
        return min(1.0, max(0.0, share))

    def ticks(self) -> list[float]:
        """Decades; with 2 and 5 in between where there are few of them."""
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        steps = _STEPS if last - first <= 3 else (1,)
        return [
            step * 10.0**decade
            for decade in range(first, last + 1)
            for step in steps
            if self.low <= step * 10.0**decade <= self.high
        ]


@dataclass(frozen=True, slots=True)
class Curve:
    """Latency over time: SVG paths of median and 95th percentile, ticks of both axes, limits."""

    median: str
    high: str
    seconds: tuple[Mark, ...]
    days: tuple[Mark, ...]
    limits: tuple[Mark, ...]


def curve(
    hours: Sequence[tuple[int, float, float]],
    limits: Sequence[tuple[str, float]],
    begin: int,
    end: int,
    ticks: int = DAY,
) -> Curve | None:
    """Hourly latency from ``begin`` to ``end``; None where fewer than two hours are known.

    ``ticks``: milliseconds between two marks of the axis.
    """
    if len(hours) < 2:
        return None
    scale = Scale.around([value for _, *pair in hours for value in pair] + [value for _, value in limits])

    def across(instant: int) -> float:
        # The middle of the hour that is not over yet may lie beyond the end.
        return round(min(1.0, (instant - begin) / (end - begin)) * WIDE, 1)

    def down(seconds: float) -> float:
        return round(HIGH - scale.at(seconds) * HIGH, 1)

    return Curve(
        median=_path([(hour, across(hour + HOUR // 2), down(median)) for hour, median, _ in hours]),
        high=_path([(hour, across(hour + HOUR // 2), down(high)) for hour, _, high in hours]),
        seconds=tuple(Mark(down(tick), _tick(tick)) for tick in scale.ticks()),
        days=_spaced(
            [Mark(across(at), _tick_time(at, ticks)) for at in range((begin // ticks + 1) * ticks, end, ticks)]
        ),
        limits=tuple(Mark(down(value), _tick(value), name) for name, value in limits),
    )


def _tick_time(instant: int, ticks: int) -> str:
    """The day; where marks are less than a day apart, the time of the day (UTC)."""
    return day_of(instant)[5:] if ticks >= DAY else f"{instant % DAY // HOUR:02}:{instant % HOUR // MINUTE:02}"


def _spaced(marks: Sequence[Mark], wide: float = 1) -> tuple[Mark, ...]:
    """The marks, without the labels of those too near to the one before. ``wide``: the axis' length in the drawing."""
    found: list[Mark] = []
    last = float("-inf")
    for mark in marks:
        fits = mark.at * wide - last >= _APART
        last = mark.at * wide if fits else last
        found.append(mark if fits else Mark(mark.at, ""))
    return tuple(found)


def _path(points: Sequence[tuple[int, float, float]]) -> str:
    """A line through the points, broken where an hour is missing; a lonely hour becomes a dot."""
    parts = []
    before = None
    for hour, x, y in points:
        parts.append(f"L{x} {y}" if before is not None and hour - before <= HOUR else f"M{x} {y}h0.1")
        before = hour
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class PhaseRow:
    """One phase: its figures in seconds, and where they lie on the axis (0 to 1)."""

    name: str
    size: int
    percentiles: Mapping[int, float | None]
    most: float
    y: int
    least_at: float
    median_at: float
    high_at: float | None
    most_at: float


@dataclass(frozen=True, slots=True)
class PhaseChart:
    """Every phase on one axis."""

    rows: tuple[PhaseRow, ...]
    ticks: tuple[Mark, ...]
    limits: tuple[Mark, ...]


def phases(samples: Mapping[str, list[float]], limits: Sequence[tuple[str, float]]) -> PhaseChart | None:
    """Figures by phase from sorted samples; None where there is no good probe."""
    if not samples.get("total"):
        return None
    scale = Scale.around([value for values in samples.values() for value in values] + [value for _, value in limits])
    rows = tuple(_row(name, values, index, scale) for index, (name, values) in enumerate(samples.items()))
    ticks = _spaced([Mark(round(scale.at(tick), 4), _tick(tick)) for tick in scale.ticks()], PHASES_WIDE)
    return PhaseChart(
        rows,
        ticks,
        tuple(Mark(round(scale.at(value), 4), _tick(value), name) for name, value in limits),
    )


def _row(name: str, values: list[float], index: int, scale: Scale) -> PhaseRow:
    figures = {percent: percentile(values, percent) for percent in NEEDED}
    high = figures[95]
    return PhaseRow(
        name=name,
        size=len(values),
        percentiles=figures,
        most=values[-1],
        y=index * ROW,
        least_at=round(scale.at(values[0]), 4),
        median_at=round(scale.at(figures[50] or values[0]), 4),
        high_at=None if high is None else round(scale.at(high), 4),
        most_at=round(scale.at(values[-1]), 4),
    )


BAR, GAP, TALL = 6, 2, 34
"""Width of a day's bar, space between two, height."""
_LEAST = 5
"""Height of the smallest piece of a bar: five minutes of a day must be seen."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A rectangle of a day's bar."""

    kind: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class DayBar:
    """One day. ``pieces`` are empty where the canary was not watched yet."""

    day: int
    x: int
    pieces: tuple[Piece, ...]
    maintenance: bool
    uptime: Uptime | None

    @property
    def troubled(self) -> bool:
        """True where the day has anything but good, measured time."""
        found = self.uptime
        return found is not None and bool(found.down or found.unknown or found.degraded or found.maintenance)


def day_bars(days: Mapping[int, Uptime], begin: int | None, now: int) -> list[DayBar]:
    """The last ninety days, oldest first."""
    today = now // DAY * DAY
    bars = []
    for index in range(DAYS):
        day = today - (DAYS - 1 - index) * DAY
        watched = begin is not None and day + DAY > begin
        found = days.get(day, Uptime()) if watched else None
        pieces = () if found is None else tuple(_pieces(found))
        bars.append(DayBar(day, index * (BAR + GAP), pieces, bool(found and found.maintenance), found))
    return bars


def _pieces(found: Uptime) -> Iterable[Piece]:
    """From the bottom: good, degraded, not measured, down; each visible however short it was."""
    shares = {
        "up": found.up - found.degraded,
        "degraded": found.degraded,
        "unknown": found.unknown,
        "down": found.down,
    }
    whole = sum(shares.values())
    if not whole:
        # Maintenance all day long, or a day that has just begun.
        yield Piece("planned" if found.maintenance else "unknown", TALL - _LEAST, _LEAST)
        return
    heights = {
        kind: max(_LEAST if kind != "up" else 1, TALL * share / whole) for kind, share in shares.items() if share
    }
    scale = TALL / sum(heights.values())
    bottom = float(TALL)
    for kind, height in heights.items():
        bottom -= height * scale
        yield Piece(kind, round(bottom, 1), round(height * scale, 1))


@dataclass(frozen=True, slots=True)
class CheckMark:
    """One of the latest checks that was not good."""

    slot: int
    x: int
    verdict: str


def check_marks(checks: Sequence[tuple[int, str]]) -> list[CheckMark]:
    """The checks that were not good, in their places: the latest is the last of ``CHECKS``."""
    return [CheckMark(slot, x, verdict) for (slot, verdict), x in _places(checks) if verdict != "ok"]


def check_runs(checks: Sequence[tuple[int, str]]) -> list[DayRun]:
    """Good checks next to each other."""
    return _runs(x for (_, verdict), x in _places(checks) if verdict == "ok")


def _places(checks: Sequence[tuple[int, str]]) -> Iterable[tuple[tuple[int, str], int]]:
    first = CHECKS - len(checks)
    return ((check, (first + index) * (BAR + GAP)) for index, check in enumerate(checks))


@dataclass(frozen=True, slots=True)
class DayRun:
    """Days next to each other that look the same, drawn as one dashed line: a thousand canaries fit into one page."""

    x: int
    width: int


def good_runs(bars: Sequence[DayBar]) -> list[DayRun]:
    """Days that were watched and good all along."""
    return _runs(bar.x for bar in bars if bar.uptime is not None and bar.uptime.window and not bar.troubled)


def void_runs(bars: Sequence[DayBar]) -> list[DayRun]:
    """Days on which the canary was not watched yet."""
    return _runs(bar.x for bar in bars if bar.uptime is None)


def _runs(places: Iterable[int]) -> list[DayRun]:
    runs: list[DayRun] = []
    for x in places:
        if runs and runs[-1].x + runs[-1].width == x - GAP:
            runs[-1] = DayRun(runs[-1].x, x + BAR - runs[-1].x)
        else:
            runs.append(DayRun(x, BAR))
    return runs


def _tick(seconds: float) -> str:
    return format_duration(seconds, "tick")
