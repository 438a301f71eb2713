"""Delivering one request: again and again where that is right, until there is a final exchange."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from lineman.client.clock import Clock
from lineman.client.pacing import Pacer
from lineman.client.retries import ATTEMPTS, RATE_LIMIT_ATTEMPTS, RATE_LIMIT_SECONDS, backoff, is_outage, retry_after
from lineman.client.statistics import Statistics
from lineman.client.wire import AttemptFailed, Purpose
from lineman.exchange import Exchange, FailureKind


@dataclass(slots=True)
class Sender:
    """Sends requests through ``http``, whose transport is the wire, and retries."""

    http: httpx.AsyncClient
    pacer: Pacer
    clock: Clock
    statistics: Statistics

    async def deliver(
        self,
        build: Callable[[], httpx.Request],
        purpose: Purpose,
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
            exchange = await self._once(build(), purpose, auth)
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

    async def _once(self, request: httpx.Request, purpose: Purpose, auth: httpx.Auth | None) -> Exchange:
        purpose.exchange = None
        with contextlib.suppress(AttemptFailed):
            await self.http.send(purpose.attach(request), auth=auth)
        assert purpose.exchange is not None  # noqa: S101  # the wire sets it or raises
        return purpose.exchange

    def _slow_down(self, exchange: Exchange, attempt: int) -> float:
        wanted = retry_after(exchange.response, self.clock.now())
        seconds = backoff(exchange.number, attempt) if wanted is None else wanted
        self.pacer.slow_down(exchange.began, seconds)
        return seconds

    async def _back_off(self, exchange: Exchange, attempt: int) -> None:
        wanted = retry_after(exchange.response, self.clock.now()) or 0.0
        seconds = max(wanted, backoff(exchange.number, attempt))
        self.statistics.backoff_seconds += seconds
        await self.clock.sleep(seconds)
