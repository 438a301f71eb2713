"""The loop that starts probes in their slots.

Why not APScheduler: its misfire handling drops or coalesces runs without a record, while here every slot must end in
the ledger with a reason; and it hands runs to an executor from a job store, where one heap of 1,000 timetables starts
them within a few milliseconds. What it would have saved is the hundred lines below.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Mapping

from lineman.monitor.clock import Clock
from lineman.monitor.config.models import Canary
from lineman.monitor.result import ProbeResult
from lineman.monitor.slots import Absence, AbsenceWatch, Grid, SlotEntry, Timetable, stable_offset
from lineman.monitor.writer import SlotResult

LOOK = 0.5
"""Seconds after which the clocks are looked at again in any case."""


class Scheduler:
    """Runs the timetables of all canaries. ``submit`` gets every slot's end; ``started`` each start and its delay."""

    def __init__(
        self,
        clock: Clock,
        probe: Callable[[Canary], Awaitable[ProbeResult]],
        submit: Callable[[SlotResult], None],
        started: Callable[[SlotEntry, int], None] = lambda entry, delay: None,
        look: float = LOOK,
    ) -> None:
        self._look = look
        self._clock = clock
        self._probe = probe
        self._submit = submit
        self._started = started
        self._canaries: dict[str, Canary] = {}
        self._timetables: dict[str, Timetable] = {}
        self._heap: list[tuple[int, str]] = []
        self._in_flight: dict[str, asyncio.Task[None]] = {}
        self._watch = AbsenceWatch(clock.wall(), clock.monotonic(), clock.boottime())
        self._stopping = False

    def use(self, canaries: Mapping[str, Canary], ledger_ends: Mapping[str, tuple[int, int]]) -> None:
        """Watch these canaries from now on. ``ledger_ends``: lap and latest slot of what history knows.

        A canary that goes on with the same interval keeps its timetable.
        """
        now = self._clock.wall()
        for name, canary in canaries.items():
            grid = Grid(canary.interval, stable_offset(name, canary.interval))
            known = self._timetables.get(name)
            if known is not None and known.grid == grid:
                continue
            end = ledger_ends.get(name)
            last = (known.last, known.lap) if known is not None else (end[1], end[0]) if end is not None else None
            self._timetables[name] = Timetable.resume(name, grid, now, last)
        self._canaries = dict(canaries)
        self._timetables = {name: self._timetables[name] for name in canaries}
        self._look_at_all(now, Absence.DOWN)

    @property
    def in_flight(self) -> int:
        return len(self._in_flight)

    def stop(self) -> None:
        """Start nothing more; ``run`` returns soon."""
        self._stopping = True

    async def run(self) -> None:
        """Start probes until stopped."""
        while not self._stopping:
            self.turn()
            await self._clock.sleep(self.pause())

    def turn(self) -> None:
        """Look at the clocks once and start what is due."""
        now = self._clock.wall()
        stepped = now < self._watch.wall
        absence = self._watch.look(now, self._clock.monotonic(), self._clock.boottime())
        if stepped:
            self._look_at_all(now, absence)
            return
        while self._heap and self._heap[0][0] <= now:
            name = heapq.heappop(self._heap)[1]
            if name in self._timetables:
                heapq.heappush(self._heap, (self._look_at(name, now, absence), name))

    async def finish(self, seconds: float) -> None:
        """Wait for the probes in flight, for so long at most."""
        if self._in_flight:
            await asyncio.wait(list(self._in_flight.values()), timeout=seconds)

    def pause(self) -> float:
        """Seconds until the clocks are to be looked at again."""
        if not self._heap:
            return self._look
        return min(self._look, max(0.0, (self._heap[0][0] - self._clock.wall()) / 1_000))

    def _look_at_all(self, now: int, absence: Absence) -> None:
        self._heap = [(self._look_at(name, now, absence), name) for name in self._timetables]
        heapq.heapify(self._heap)

    def _look_at(self, name: str, now: int, absence: Absence) -> int:
        step = self._timetables[name].step(now, in_flight=name in self._in_flight, absence=absence)
        for entry in step.entries:
            self._submit(SlotResult(entry))
        if step.start is not None:
            self._started(step.start, now - step.start.first)
            self._in_flight[name] = asyncio.get_running_loop().create_task(self._run_slot(step.start))
        return step.wake

    async def _run_slot(self, entry: SlotEntry) -> None:
        try:
            result = await self._probe(self._canaries[entry.canary])
            self._submit(SlotResult(entry, result))
        finally:
            self._in_flight.pop(entry.canary, None)
