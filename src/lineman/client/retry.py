"""Delivering one request: again and again where that is right, until there is a final exchange."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from lineman.client.clock import RequestClock
from lineman.client.errors import TargetDown, TargetUnreachable
from lineman.client.pacing import Pacer
from lineman.client.statistics import Statistics
from lineman.client.transport import AttemptFailed, RequestContext
from lineman.exchange import Exchange, FailureKind, Response

ATTEMPTS = 3
"""For outages and failures of the transport."""
RATE_LIMIT_ATTEMPTS = 6
"""For answers 429 ..."""
RATE_LIMIT_SECONDS = 120.0
"""... and the longest that one ask waits for their end, altogether."""
LONGEST_WAIT = 60.0
_FIRST_WAIT = 0.25
_WORTH_RETRYING = {FailureKind.RESOLVE, FailureKind.CONNECT, FailureKind.TLS, FailureKind.TIMEOUT, FailureKind.CUT}
_OUTAGES = {502, 503, 504}


def is_outage(exchange: Exchange) -> bool:
    """Whether an attempt met no service at all: a transport failure, or a gateway's answer 502, 503 or 504."""
    if exchange.failure is not None:
        return exchange.failure.kind in _WORTH_RETRYING
    return exchange.status in _OUTAGES


def backoff(number: int, attempt: int) -> float:
    """Seconds before the next attempt: doubling, with up to half as much again that the ask's number decides."""
    jitter = zlib.crc32(f"{number}:{attempt}".encode()) % 1000 / 2000
    return float(min(LONGEST_WAIT, _FIRST_WAIT * 2 ** (attempt - 1) * (1 + jitter)))


def retry_after(response: Response | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks to wait, at most 60; None where it is absent or nonsense."""
    text = (response.header("Retry-After") or "").strip() if response else ""
    if text.isascii() and text.isdecimal():
        return min(LONGEST_WAIT, float(text[:9]))
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(LONGEST_WAIT, max(0.0, (moment - now).total_seconds()))


UNREACHABLE_AFTER = 3
_NO_CONNECTION = {FailureKind.RESOLVE, FailureKind.CONNECT, FailureKind.TLS}


class CircuitBreaker:
    """Counts the asks in a row that ended without an answer of the service."""

    def __init__(self, base_url: str, down_after: int) -> None:
        self._base_url = base_url
        self._down_after = down_after
        self._in_a_row = 0
        self._ever_answered = False

    def see(self, exchange: Exchange) -> None:
        """Take an ask's final exchange into account.

        Raises:
            TargetUnreachable: no connection ever came about, in three asks.
            TargetDown: too many asks in a row were in vain.
        """
        self._ever_answered |= exchange.response is not None
        if not is_outage(exchange) and exchange.status != 429:
            self._in_a_row = 0
            return
        if not exchange.request.retry:
            return  # It may have provoked this.
        self._in_a_row += 1
        failure = exchange.failure
        if (
            failure is not None
            and failure.kind in _NO_CONNECTION
            and not self._ever_answered
            and self._in_a_row >= UNREACHABLE_AFTER
        ):
            raise TargetUnreachable(f"{self._base_url} cannot be reached: {failure.message}", self._in_a_row)
        if self._in_a_row >= self._down_after:
            raise self._down(exchange, self._in_a_row)

    def reset(self) -> None:
        """Count again: another request was answered meanwhile."""
        self._in_a_row = 0

    def _down(self, exchange: Exchange, count: int) -> TargetDown:
        last = exchange.failure.message if exchange.failure else f"status {exchange.status}"
        return TargetDown(
            f"{self._base_url} is down: {count} requests in a row got no answer of the service; the last one: {last}",
            count,
        )


@dataclass(slots=True)
class Retrier:
    """Sends requests through ``http``, whose transport is the wire, and retries."""

    http: httpx.AsyncClient
    pacer: Pacer
    clock: RequestClock
    statistics: Statistics

    async def deliver(
        self,
        build: Callable[[], httpx.Request],
        context: RequestContext,
        *,
        auth: httpx.Auth | None = None,
        retry: bool = True,
        retry_on_500: bool = False,
    ) -> Exchange:
        """Send the request that ``build`` makes and return the final exchange.

        An outage is met at most three times and a rate limit six times or for two minutes. With ``retry`` False only
        connections that are cut are tried again: whether the request does that, or the network, one try cannot tell.

        Raises:
            ClientError: the budget is spent, or ``auth`` got no token.
        """
        outages = limits = 0
        held_up = 0.0
        while True:
            exchange = await self._once(build(), context, auth)
            if exchange.status == 429:
                limits += 1
                held_up += self._slow_down(exchange, limits)
                if limits >= RATE_LIMIT_ATTEMPTS or held_up > RATE_LIMIT_SECONDS:
                    return exchange
            else:
                self.pacer.recover()
                outages += 1
                failed = is_outage(exchange) or (retry_on_500 and exchange.status == 500)
                again = retry or (exchange.failure is not None and exchange.failure.kind is FailureKind.CUT)
                if not (failed and again) or outages >= ATTEMPTS:
                    return exchange
                await self._back_off(exchange, outages)
            self.statistics.retries += 1

    async def _once(self, request: httpx.Request, context: RequestContext, auth: httpx.Auth | None) -> Exchange:
        context.exchange = None
        with contextlib.suppress(AttemptFailed):
            await self.http.send(context.attach(request), auth=auth)
        assert context.exchange is not None  # noqa: S101  # the wire sets it or raises
        return context.exchange

    def _slow_down(self, exchange: Exchange, attempt: int) -> float:
        wanted = retry_after(exchange.response, self.clock.now())
        seconds = backoff(exchange.number, attempt) if wanted is None else wanted
        self.pacer.slow_down(exchange.started_at, seconds)
        return seconds

    async def _back_off(self, exchange: Exchange, attempt: int) -> None:
        wanted = retry_after(exchange.response, self.clock.now()) or 0.0
        seconds = max(wanted, backoff(exchange.number, attempt))
        self.statistics.backoff_seconds += seconds
        await self.clock.sleep(seconds)
