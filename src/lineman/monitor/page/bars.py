"""Ninety days as bars: what was good, degraded, down, not measured, and where work was planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lineman.monitor.clock import DAY
from lineman.monitor.page.spans import DAYS
from lineman.monitor.uptime import Uptime

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
class Run:
    """Days next to each other that look the same, drawn as one dashed line: a thousand canaries fit into one page."""

    x: int
    width: int


def good_runs(bars: Sequence[DayBar]) -> list[Run]:
    """Days that were watched and good all along."""
    return _runs(bar.x for bar in bars if bar.uptime is not None and bar.uptime.window and not bar.troubled)


def void_runs(bars: Sequence[DayBar]) -> list[Run]:
    """Days on which the canary was not watched yet."""
    return _runs(bar.x for bar in bars if bar.uptime is None)


def _runs(places: Iterable[int]) -> list[Run]:
    runs: list[Run] = []
    for x in places:
        if runs and runs[-1].x + runs[-1].width == x - GAP:
            runs[-1] = Run(runs[-1].x, x + BAR - runs[-1].x)
        else:
            runs.append(Run(x, BAR))
    return runs
