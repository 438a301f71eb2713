"""A monitor on a clock that tests hold: the real scheduler, keeper and history, probes that follow a script."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lineman.monitor.config.models import Canary
from lineman.monitor.incidents.notices import Notice
from lineman.monitor.result import Attempt, Cause, ProbeResult, ProbeVerdict
from lineman.monitor.scheduler import Scheduler
from lineman.monitor.slots import stable_offset
from lineman.monitor.store import History
from lineman.monitor.writer import SlotResult, Writer


@dataclass
class FakeClock:
    """Moves only where somebody sleeps or a test says so."""

    now: int
    awake: float = 0.0
    elapsed: float = 0.0
    events: list[tuple[float, Callable[[FakeClock], None]]] = field(default_factory=list)
    """What happens at a time of the clock that never jumps, in order."""

    def wall(self) -> int:
        return self.now

    def monotonic(self) -> float:
        return self.awake

    def boottime(self) -> float:
        return self.elapsed

    async def sleep(self, seconds: float) -> None:
        self.live(round(seconds * 1_000))
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    def live(self, milliseconds: int) -> None:
        """Let time pass, awake, until then or until the next event."""
        if self.events and self.events[0][0] <= self.elapsed + milliseconds / 1_000:
            at, event = self.events.pop(0)
            self._pass(max(0, round((at - self.elapsed) * 1_000)))
            event(self)
            return
        self._pass(milliseconds)

    def suspend(self, milliseconds: int) -> None:
        """The machine sleeps."""
        self.now += milliseconds
        self.elapsed += milliseconds / 1_000

    def set_wall(self, by: int) -> None:
        """Somebody sets the clock."""
        self.now += by

    def _pass(self, milliseconds: int) -> None:
        self.now += milliseconds
        self.awake = round(self.awake + milliseconds / 1_000, 3)
        self.elapsed = round(self.elapsed + milliseconds / 1_000, 3)


def result_of(canary: str, started: int, verdict: ProbeVerdict, cause: Cause | None = None) -> ProbeResult:
    """A result as a probe would give it."""
    cause = cause or {ProbeVerdict.FAILED: Cause.CONNECT, ProbeVerdict.UNKNOWN: Cause.NETWORK}.get(verdict, Cause.NONE)
    attempt = Attempt(verdict, cause, f"it is {verdict}", 0.1, 200)
    return ProbeResult(canary, "target", started, verdict, cause, attempt.message, (attempt,))


def whole_second_name(interval: int) -> str:
    """A canary name whose slots begin on whole seconds, so that a reference can count seconds."""
    return next(f"canary-{n}" for n in range(100_000) if stable_offset(f"canary-{n}", interval) % 1_000 == 0)


class Life:
    """One run of a monitor over one history; several may follow each other."""

    def __init__(self, clock: FakeClock, canary: Canary, path: Path, verdict_at: Callable[[int], ProbeVerdict]) -> None:
        self.clock = clock
        self.canary = canary
        self.path = path
        self.verdict_at = verdict_at
        self.notices: list[Notice] = []
        self.on_result: Callable[[int, ProbeVerdict], None] = lambda slot, verdict: None

    def run(self, until: float) -> None:
        """Watch until the clock that never jumps says so."""
        asyncio.run(self._run(until))

    async def _run(self, until: float) -> None:
        history = History(str(self.path))
        writer = Writer(history, {self.canary.name: self.canary}, self.clock, self.notices.extend)
        writer.open()

        async def probe(canary: Canary) -> ProbeResult:
            verdict = self.verdict_at(self.clock.now)
            return result_of(canary.name, self.clock.now, verdict)

        def submit(end: SlotResult) -> None:
            if end.result is not None:
                self.on_result(end.entry.first, end.result.verdict)
            writer.process_now(end)

        scheduler = Scheduler(self.clock, probe, submit, look=60.0)
        scheduler.use({self.canary.name: self.canary}, writer.state.slots)
        await asyncio.sleep(0)
        while self.clock.elapsed < until:
            scheduler.turn()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            pause = min(scheduler.pause(), until - self.clock.elapsed)
            await self.clock.sleep(max(0.001, pause))
        await scheduler.finish(1)
        history.close()
