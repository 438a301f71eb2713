"""The clocks that the monitor reads, in one protocol, so that tests can hold them."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Clock(Protocol):
    """Wall clock for slots, monotonic clocks to tell a step from a sleep."""

    def wall(self) -> int:
        """Milliseconds since the epoch; may jump."""

    def monotonic(self) -> float:
        """Seconds that the machine was awake; never jumps."""

    def boottime(self) -> float:
        """Seconds since start, sleep included; never jumps."""

    async def sleep(self, seconds: float) -> None:
        """Give way for so long."""


class SystemClock:
    """The machine's own clocks."""

    def wall(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    def boottime(self) -> float:
        boottime = getattr(time, "CLOCK_BOOTTIME", None)
        return time.monotonic() if boottime is None else time.clock_gettime(boottime)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
