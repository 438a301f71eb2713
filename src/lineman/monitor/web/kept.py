"""Answers that are computed once for all who ask at about the same time, off the event loop, one at a time."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool

from lineman.monitor.pages import Answer

FRESH = 1.0
"""Seconds for which an answer is given again without another look."""
SHARE = 10
"""An answer that took long to compute is kept for so many times as long: readers may take a tenth of the time."""
MOST = 64
"""Answers kept at most."""
_SMALL = 1_000


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, the same compressed, and until when (monotonic seconds) it is fresh."""

    answer: Answer | None
    packed: bytes | None
    until: float


class Keeping:
    """Used by one event loop. What it is asked to compute runs in a thread, never two at the same time."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, ...], Kept] = OrderedDict()
        self._under_way: set[tuple[str, ...]] = set()
        self._turn = asyncio.Lock()

    async def get(self, key: tuple[str, ...], compute: Callable[[], Answer | None]) -> Kept:
        """The answer to a key: a fresh one, or the last one while another reader waits for a new one already."""
        found = self._kept.get(key)
        if found is not None and (time.monotonic() < found.until or key in self._under_way):
            return found
        self._under_way.add(key)
        try:
            async with self._turn:
                return await self._fresh(key, compute)
        finally:
            self._under_way.discard(key)

    async def _fresh(self, key: tuple[str, ...], compute: Callable[[], Answer | None]) -> Kept:
        """In turn: what somebody before us has computed meanwhile, or a new answer."""
        found = self._kept.get(key)
        if found is None or time.monotonic() >= found.until:
            found = await run_in_threadpool(_computed, compute)
            self._kept[key] = found
        self._kept.move_to_end(key)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return found


def _computed(compute: Callable[[], Answer | None]) -> Kept:
    began = time.monotonic()
    answer = compute()
    packed = gzip.compress(answer.body, 5) if answer is not None and len(answer.body) > _SMALL else None
    now = time.monotonic()
    return Kept(answer, packed, now + max(FRESH, SHARE * (now - began)))
