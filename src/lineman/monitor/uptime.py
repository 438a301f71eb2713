"""Uptime by time, not by count: what was up, what was down, what nobody knows.

Every ledger entry speaks for the time from its slot to the next; where entries overlap (a time lived through
twice after a clock step, a changed interval) the one of the later lap, then of the later slot, counts. What no
entry speaks for is unknown. Planned maintenance is taken out of the window first. All sums are whole milliseconds.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction

from lineman.monitor.result import ProbeVerdict


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one ledger entry says about ``[begin, end)``."""

    begin: int
    end: int
    verdict: ProbeVerdict
    lap: int = 0


@dataclass(frozen=True, slots=True)
class Uptime:
    """Sums of milliseconds over a window. ``up`` includes ``degraded``."""

    up: int = 0
    down: int = 0
    unknown: int = 0
    maintenance: int = 0
    degraded: int = 0

    def __add__(self, other: Uptime) -> Uptime:
        return Uptime(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(Uptime)))

    @property
    def measured(self) -> int:
        return self.up + self.down

    @property
    def window(self) -> int:
        """The window without planned maintenance."""
        return self.up + self.down + self.unknown

    @property
    def share(self) -> Fraction | None:
        """Up by measured time; None where nothing was measured, for that is neither 0 nor 100 %."""
        return Fraction(self.up, self.measured) if self.measured else None

    @property
    def coverage(self) -> Fraction | None:
        """Measured by whole time; None for an empty window."""
        return Fraction(self.measured, self.window) if self.window else None

    @property
    def bounds(self) -> tuple[Fraction, Fraction] | None:
        """The share if all unknown time was down, and if all of it was up; None for an empty window."""
        if not self.window:
            return None
        return Fraction(self.up, self.window), Fraction(self.up + self.unknown, self.window)


def percent(share: Fraction | None, digits: int = 3) -> str:
    """A share in percent, cut (never rounded up: 99.9999 is not 100); ``no data`` for None."""
    if share is None:
        return "no data"
    cut = int(share * 100 * 10**digits)
    whole, rest = divmod(cut, 10**digits)
    text = f"{whole}.{rest:0{digits}d}".rstrip("0").rstrip(".")
    return f"{text} %"


def uptime(stretches: Iterable[Stretch], begin: int, end: int, maintenance: Sequence[tuple[int, int]] = ()) -> Uptime:
    """Sum the window ``[begin, end)``. ``maintenance``: spans in order that do not overlap."""
    sums = dict.fromkeys(ProbeVerdict, 0)
    planned = 0
    for piece_begin, piece_end, verdict in _pieces(stretches, begin, end):
        hidden = sum(
            max(0, min(piece_end, last) - max(piece_begin, first))
            for first, last in _near(maintenance, piece_begin, piece_end)
        )
        planned += hidden
        sums[verdict] += piece_end - piece_begin - hidden
    return Uptime(
        up=sums[ProbeVerdict.OK] + sums[ProbeVerdict.DEGRADED],
        down=sums[ProbeVerdict.FAILED],
        unknown=sums[ProbeVerdict.UNKNOWN] + sums[ProbeVerdict.NOT_RUN],
        maintenance=planned,
        degraded=sums[ProbeVerdict.DEGRADED],
    )


def _near(spans: Sequence[tuple[int, int]], begin: int, end: int) -> Iterable[tuple[int, int]]:
    return (span for span in spans if span[0] < end and span[1] > begin)


def _pieces(stretches: Iterable[Stretch], begin: int, end: int) -> Iterable[tuple[int, int, ProbeVerdict]]:
    """Cut the window where stretches begin and end; each piece has the verdict that counts there."""
    inside = sorted((s for s in stretches if s.begin < end and s.end > begin), key=lambda s: s.begin)
    edges = sorted({begin, end, *(max(s.begin, begin) for s in inside), *(min(s.end, end) for s in inside)})
    speaking: list[tuple[int, int, int, ProbeVerdict]] = []
    index = 0
    for left, right in itertools.pairwise(edges):
        while index < len(inside) and inside[index].begin <= left:
            stretch = inside[index]
            heapq.heappush(speaking, (-stretch.lap, -stretch.begin, stretch.end, stretch.verdict))
            index += 1
        while speaking and speaking[0][2] <= left:
            heapq.heappop(speaking)
        yield left, right, speaking[0][3] if speaking else ProbeVerdict.NOT_RUN
