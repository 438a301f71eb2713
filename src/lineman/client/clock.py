"""Time as the client sees it, so that tests decide what time it is."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class RequestClock(Protocol):
    def monotonic(self) -> float:
        """Seconds that only ever grow."""

    def now(self) -> datetime:
        """The instant, with its time zone."""

    async def sleep(self, seconds: float) -> None: ...


class SystemRequestClock:
    def monotonic(self) -> float:
        return time.perf_counter()

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
