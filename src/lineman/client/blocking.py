"""The client for callers without an event loop, such as pytest tests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterable
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from lineman.client.client import DOWN_AFTER, Client, Paths
from lineman.client.clock import RequestClock
from lineman.client.errors import TimeSpent
from lineman.client.redaction import Redactor
from lineman.client.statistics import Statistics
from lineman.client.tokens import IssuedToken
from lineman.exchange import Exchange, Request
from lineman.target import Target

_Result = TypeVar("_Result")
_CLOSING = 5.0
MOST_READ = 128_000_000
"""Bytes of answers that a run reads, decompressed: 25 times what an honest one has. Judging each takes its time."""
MOST_KEPT = 80_000_000
"""Bytes of answers, compressed where that helps, that a run keeps: an honest one has 5 MB, and with 600 answers of the
largest page this leaves 130 kB for each, compressed. The process has to stay under 400 MB."""


class BlockingClient:
    """Runs a :class:`Client` on an event loop in a thread of its own.

    ``on_exchange`` is called in that thread. An interrupt in the caller cancels what is on its way, and so does the
    end of ``max_seconds``, which count from here; every call raises TimeSpent from then on.
    """

    def __init__(
        self,
        target: Target,
        *,
        paths: Paths,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: RequestClock | None = None,
        on_exchange: Callable[[Exchange], None] | None = None,
        down_after: int = DOWN_AFTER,
        max_seconds: float | None = None,
    ) -> None:
        self._client = Client(
            target, paths=paths, transport=transport, clock=clock, on_exchange=on_exchange, down_after=down_after
        )
        self._client.read_at_most(MOST_READ, MOST_KEPT)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="lineman-client", daemon=True)
        self._thread.start()
        self._closed = False
        self._max_seconds = max_seconds
        self._begun = self.clock.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def target(self) -> Target:
        return self._client.target

    @property
    def clock(self) -> RequestClock:
        return self._client.clock

    @property
    def statistics(self) -> Statistics:
        return self._client.statistics

    @property
    def redactor(self) -> Redactor:
        return self._client.redactor

    def ask_before_down(self, neutral: Callable[[], Request | None]) -> None:
        """Have ``neutral`` give a query that was answered before, to be asked before the target is called down."""
        self._client.neutral = neutral

    def send(self, request: Request) -> Exchange:
        """See :meth:`Client.send`."""
        return self._run(self._client.send(request))

    def send_all(self, requests: Iterable[Request]) -> list[Exchange]:
        """See :meth:`Client.send_all`."""
        return self._run(self._client.send_all(list(requests)))

    def fresh_token(self, lifetime: int) -> IssuedToken | None:
        """See :meth:`Client.fresh_token`."""
        return self._run(self._client.fresh_token(lifetime))

    def is_limited(self, refused: Exchange) -> bool:
        """See :meth:`Client.is_limited`."""
        return self._run(self._client.is_limited(refused))

    def sleep(self, seconds: float) -> None:
        """Let time pass on the client's clock."""
        self._run(self._client.clock.sleep(seconds))

    def close(self) -> None:
        """Close connections and end the thread; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        try:
            asyncio.run_coroutine_threadsafe(self._shut_down(), self._loop).result(_CLOSING)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_CLOSING)
            if not self._thread.is_alive():
                self._loop.close()

    def _run(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        if self._closed:
            work.close()
            raise RuntimeError("this client is closed")
        left = self._seconds_left()
        if left is not None and left <= 0:
            work.close()
            raise TimeSpent(self._max_seconds or 0.0)
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(timeout=left)
        except BaseException as error:
            unfinished = future.cancel()
            if unfinished and isinstance(error, TimeoutError):
                raise TimeSpent(self._max_seconds or 0.0) from None
            raise

    def _seconds_left(self) -> float | None:
        if self._max_seconds is None:
            return None
        return self._max_seconds - (self.clock.monotonic() - self._begun)

    async def _shut_down(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._client.aclose()
        await self._loop.shutdown_asyncgens()
