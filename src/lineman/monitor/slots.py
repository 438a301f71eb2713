"""Slots: the instants at which a canary is due, and the ledger entry that every one of them gets.

A canary's slots lie on a grid aligned to the epoch, moved by an offset that depends on its name alone: restarts,
time zones and daylight saving cannot move them. A :class:`Timetable` is asked at every waking what is due and
answers with ledger entries for what has passed and at most one start; it never forgets a slot.

Clock steps. Forward: slots jumped over are missed. Back by less than an interval: the next slot comes later, none
is repeated. Back by more: the time is lived through again, as another *lap*; entries of the later lap count.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from lineman.monitor.clock import SECOND


class SlotOutcome(StrEnum):
    """How a slot ended."""

    RUN = "run"
    LATE = "late"
    """A probe ran, but began late."""
    SKIPPED = "skipped"
    """The probe of the slot before was still in flight."""
    MISSED = "missed"
    """Nobody was there to run it."""


class Absence(StrEnum):
    """Why slots were missed."""

    DOWN = "monitor was not running"
    ASLEEP = "machine was asleep"
    STEP = "clock was set forward"
    BUSY = "monitor was too busy"


@dataclass(frozen=True, slots=True)
class Grid:
    """Slots at ``offset + k * interval`` milliseconds."""

    interval: int
    offset: int = 0

    def at_or_before(self, instant: int) -> int:
        """The last slot that began at ``instant`` or before it."""
        return (instant - self.offset) // self.interval * self.interval + self.offset

    def after(self, instant: int) -> int:
        """The first slot that begins after ``instant``."""
        return self.at_or_before(instant) + self.interval

    def count(self, first: int, last: int) -> int:
        """How many slots lie from ``first`` to ``last``, both included."""
        return (last - first) // self.interval + 1


def stable_offset(name: str, interval: int) -> int:
    """A canary's own place within the interval, the same at every start and on every machine."""
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:8], "big") % interval


@dataclass(frozen=True, slots=True)
class SlotEntry:
    """One line of the ledger: a slot that ran, or a stretch of slots that did not."""

    canary: str
    first: int
    last: int
    interval: int
    outcome: SlotOutcome
    reason: str = ""
    lap: int = 0

    @property
    def count(self) -> int:
        """How many slots the entry stands for."""
        return (self.last - self.first) // self.interval + 1

    @property
    def end(self) -> int:
        """The instant up to which the entry speaks."""
        return self.last + self.interval


@dataclass(frozen=True, slots=True)
class Step:
    """What a timetable answers: entries to write now, the slot to start now, when to ask again."""

    entries: tuple[SlotEntry, ...]
    start: SlotEntry | None
    wake: int


def grace(interval: int) -> int:
    """Milliseconds after its slot within which a probe may still begin."""
    return min(interval // 2, 30 * SECOND)


def on_time(interval: int) -> int:
    """Milliseconds after its slot up to which a beginning is not late."""
    return min(SECOND, interval // 10)


@dataclass(slots=True)
class Timetable:
    """The slots of one canary. ``last`` is the latest slot that has an entry or a probe in flight."""

    canary: str
    grid: Grid
    last: int
    lap: int = 0

    @classmethod
    def resume(cls, canary: str, grid: Grid, now: int, ledger_end: tuple[int, int] | None) -> Timetable:
        """Begin now, or go on behind the ledger's latest slot (slot, lap) where there is one."""
        if ledger_end is None:
            return cls(canary, grid, grid.at_or_before(now))
        return cls(canary, grid, grid.at_or_before(ledger_end[0]), ledger_end[1])

    def step(self, now: int, *, in_flight: bool, absence: Absence) -> Step:
        """Account for every slot up to ``now`` (an instant); ``absence`` names why older ones were missed."""
        if now < self.last - self.grid.interval:
            self.lap += 1
            self.last = self.grid.at_or_before(now)
        newest = self.grid.at_or_before(now)
        if newest <= self.last:
            return Step((), None, self.last + self.grid.interval)
        entries: list[SlotEntry] = []
        start = None
        oldest = self.last + self.grid.interval
        missed_to = newest - self.grid.interval
        if now - newest > grace(self.grid.interval):
            missed_to = newest
        elif in_flight:
            entries.append(self._entry(newest, newest, SlotOutcome.SKIPPED, "the probe before was still in flight"))
        else:
            late = now - newest > on_time(self.grid.interval)
            start = self._entry(newest, newest, SlotOutcome.LATE if late else SlotOutcome.RUN, "")
        if missed_to >= oldest:
            entries.insert(0, self._entry(oldest, missed_to, SlotOutcome.MISSED, absence.value))
        self.last = newest
        return Step(tuple(entries), start, newest + self.grid.interval)

    def _entry(self, first: int, last: int, outcome: SlotOutcome, reason: str) -> SlotEntry:
        return SlotEntry(self.canary, first, last, self.grid.interval, outcome, reason, self.lap)


@dataclass(slots=True)
class AbsenceWatch:
    """Tells from three clocks why time has passed unnoticed between two looks."""

    wall: int
    monotonic: float
    boottime: float

    def look(self, wall: int, monotonic: float, boottime: float) -> Absence:
        """The reason for slots missed since the last look."""
        walked = (wall - self.wall) / 1_000
        awake, elapsed = monotonic - self.monotonic, boottime - self.boottime
        self.wall, self.monotonic, self.boottime = wall, monotonic, boottime
        if elapsed - awake > 1:
            return Absence.ASLEEP
        return Absence.STEP if walked - elapsed > 1 else Absence.BUSY
