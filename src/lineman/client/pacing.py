"""How fast and how much: rate, requests in flight, budget, and slowing down when the target asks for it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from lineman.client.clock import RequestClock
from lineman.client.errors import AnswersTooLarge, BudgetSpent
from lineman.client.statistics import Statistics

_SLOWEST = 0.5


class Pacer:
    """Lets requests through one by one.

    ``rate`` is in requests a second and ``concurrency`` the most in flight; None means no limit. A rate limit's
    answer (:meth:`slow_down`) stops everybody for as long as it asks and halves the rate, which then grows by a tenth
    of itself each second, as long as answers come that are no rate limit (:meth:`recover`).
    """

    def __init__(
        self, clock: RequestClock, statistics: Statistics, *, rate: float | None, concurrency: int, budget: int | None
    ) -> None:
        self._clock = clock
        self._statistics = statistics
        self._configured = rate
        self._rate = rate
        self._slots = asyncio.Semaphore(concurrency)
        self._budget = budget
        self.most_kept: int | None = None
        """Bytes of answers, as far as they are kept, after which nothing more is sent."""
        self.most_read: int | None = None
        """Bytes of answers after which nothing more is sent."""
        self._next = 0.0
        self._closed_until = 0.0
        self._slowed_at = 0.0
        self._recent: deque[float] = deque(maxlen=256)
        self._fast_enough = 0.0
        self._step = 1.0

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a turn and hold a place in flight.

        Raises:
            BudgetSpent: no request may be sent any more; nothing was.
        """
        async with self._slots:
            waited_since = self._clock.monotonic()
            await self._turn()
            self._spend()
            now = self._clock.monotonic()
            self._statistics.paced_seconds += now - waited_since
            self._recent.append(now)
            yield

    def slow_down(self, began: float, seconds: float) -> None:
        """Obey an answer 429 to a request that began at ``began``: nothing for ``seconds``, then half as fast."""
        now = self._clock.monotonic()
        self._closed_until = max(self._closed_until, now + seconds)
        if began < self._slowed_at:
            return  # It was in flight when the rate was last halved, so it says nothing about the new rate.
        self._slowed_at = now
        observed = max(1.0, float(sum(1 for moment in self._recent if moment > now - 1.0)))
        if self._rate is None:
            self._fast_enough = 4 * observed
        self._rate = max(_SLOWEST, min(self._rate or observed, observed) / 2)
        self._step = max(1.0, self._rate / 10)
        self._next = 0.0

    @property
    def busiest_second(self) -> int:
        """The most requests that started within one second, of the latest 256."""
        moments = list(self._recent)
        return max((sum(1 for other in moments if moment - 1.0 < other <= moment) for moment in moments), default=0)

    def recover(self) -> None:
        """Count an answer that is no rate limit."""
        if self._rate is None or self._rate == self._configured:
            return
        self._rate += self._step / self._rate
        if self._configured is not None:
            self._rate = min(self._rate, self._configured)
        elif self._rate > self._fast_enough:
            self._rate = None

    async def _turn(self) -> None:
        self._check_budget()
        while True:
            now = self._clock.monotonic()
            start = self._reserve(now)
            if start > now:
                await self._clock.sleep(start - now)
            # A rate limit that came meanwhile annuls the reservation, or all that waited would start at once.
            if self._clock.monotonic() >= self._closed_until:
                return

    def _reserve(self, now: float) -> float:
        """Take the next place in the row of starts, which are ``1 / rate`` apart."""
        start = max(now, self._closed_until)
        if self._rate is None:
            return start
        start = max(start, self._next)
        self._next = start + 1.0 / self._rate
        return start

    def _spend(self) -> None:
        self._check_budget()
        self._statistics.requests += 1

    def _check_budget(self) -> None:
        if self._budget is not None and self._statistics.requests >= self._budget:
            raise BudgetSpent(self._budget)
        statistics = self._statistics
        for size, most in ((statistics.kept_bytes, self.most_kept), (statistics.read_bytes, self.most_read)):
            if most is not None and size >= most:
                raise AnswersTooLarge(statistics.requests, most)
