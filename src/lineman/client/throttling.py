"""A rate limit that does not say 429: refusals that depend on when is asked, and not on what.

A gateway's limit may answer 403, or 200 with a page for people; a lock-out after failed logins looks the same. By
itself such an answer is the service's word about the request. It is none where a query that was answered before is
refused beside it in the same way, and answered again after a pause without requests, or where a burst of that query is
refused for the most part.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from lineman.client.clock import RequestClock
from lineman.client.pacing import Pacer
from lineman.client.retry import RATE_LIMIT_ATTEMPTS, RATE_LIMIT_SECONDS, backoff
from lineman.client.statistics import Statistics
from lineman.exchange import AppKey, Credential, Exchange, Request

Ask = Callable[[Request], Awaitable[Exchange]]
_PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Seconds before each further try of the neutral query: a lock-out of a minute is over then."""
_SHORT_PAUSES = _PAUSES[:3]
"""The same for a token, where nothing was done that locks a caller out."""
_MOST_EXAMINED = 2
"""Refusals that turn out to be about their request, or for good, before no further one is examined."""
_LONGEST_LIMIT = 10.0
"""Seconds after which a refusal of everything is taken for a lock-out rather than for a limit of the rate."""
_SHORTEST_BURST, _LONGEST_BURST = 12, 60
_PAGE_SIGNS = (b"<html", b"<!doctype")
_GOOD = (Credential.VALID, Credential.SECOND)


@dataclass
class HiddenLimit:
    """Finds out whether refusals are a rate limit's, and waits for its end. One per client."""

    ask: Ask
    """Sends a request of its own, retries included."""
    pacer: Pacer
    clock: RequestClock
    statistics: Statistics
    neutral: Callable[[], Request | None] = lambda: None
    """Gives a query that was answered with success before."""
    _bodies: set[tuple[int, bytes]] = field(default_factory=set, repr=False)
    """Statuses and bodies that were seen to be the limit's."""
    _kinds: set[tuple[int, bool]] = field(default_factory=set)
    _in_vain: int = 0
    _answered: bool = False
    """Whether an ordinary query was answered in this run: before that, a refusal is no limit's."""
    _bad_credentials: bool = False
    """Whether bad credentials were sent, which may lock a caller out."""
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def refuses_credentials(self) -> bool:
        """True where a limit is known to answer like a service that refuses credentials."""
        return any(status in (401, 403) for status, _ in self._kinds)

    async def pass_by(self, exchange: Exchange, again: Callable[[], Awaitable[Exchange]]) -> Exchange:
        """The exchange as it is, or where a limit gave the answer, the one that came of asking ``again``, later."""
        self._answered |= _is_ordinary(exchange.request) and exchange.status == 200 and not _is_page(exchange)
        self._bad_credentials |= exchange.request.credential not in _GOOD
        if not self._may_be_a_limit(exchange):
            return exchange
        async with self._lock:
            if not self._is_known(exchange) and not await self._is_found(exchange, again):
                return exchange
        return await self._slowly(exchange, again)

    async def is_behind(self, refused: Exchange) -> bool:
        """True where an answer that refused good credentials was a limit's, which a burst of neutral queries shows."""
        async with self._lock:
            neutral = self.neutral()
            if self._is_known(refused) or neutral is None or refused.response is None:
                return self._is_known(refused)
            found = await self._refuses_a_burst(refused, neutral)
            if found:
                self._learn(refused)
            return found

    async def pass_by_token(self, exchange: Exchange, again: Callable[[], Awaitable[Exchange]]) -> Exchange:
        """The same for a request to the token operation, beside which no query can be asked."""
        if exchange.response is None or not _refuses(exchange) or not self._answered:
            return exchange
        if _kind(exchange) in self._kinds:
            return await self._slowly(exchange, again)
        if self._in_vain >= _MOST_EXAMINED:
            return exchange
        begun = self.clock.monotonic()
        for seconds in _PAUSES if self._bad_credentials else _SHORT_PAUSES:
            await self.clock.sleep(seconds)
            later = await again()
            if not _alike(later, exchange):
                self._note_lock_out(self.clock.monotonic() - begun)
                self._learn(exchange)
                return later
        self._in_vain += 1
        return exchange

    async def _slowly(self, exchange: Exchange, again: Callable[[], Awaitable[Exchange]]) -> Exchange:
        waited = 0.0
        for attempt in range(1, RATE_LIMIT_ATTEMPTS):
            seconds = backoff(exchange.number, attempt)
            self.pacer.slow_down(exchange.started_at, seconds)
            self.statistics.hidden_limits += 1
            exchange = await again()
            waited += seconds
            if not (self._is_known(exchange) or _kind(exchange) in self._kinds) or waited > RATE_LIMIT_SECONDS:
                break
        return exchange

    def _may_be_a_limit(self, exchange: Exchange) -> bool:
        return self._is_known(exchange) or (
            self._in_vain < _MOST_EXAMINED and _is_ordinary(exchange.request) and _refuses(exchange)
        )

    def _is_known(self, exchange: Exchange) -> bool:
        """True for an answer that the limit is known to give: to bad credentials only where it is the same text."""
        if exchange.response is None:
            return False
        if _is_ordinary(exchange.request) and _kind(exchange) in self._kinds:
            return True
        return (exchange.response.status, exchange.response.body) in self._bodies

    async def _is_found(self, exchange: Exchange, again: Callable[[], Awaitable[Exchange]]) -> bool:
        neutral = self.neutral()
        if neutral is None:
            return False
        other = await self.ask(neutral)
        found = (
            await self._ends_in_time(exchange, neutral)
            if _alike(other, exchange)
            else await self._is_of_a_burst(exchange, neutral, again)
        )
        if found:
            self._learn(exchange)
        else:
            self._in_vain += 1
        return found

    async def _ends_in_time(self, exchange: Exchange, neutral: Request) -> bool:
        """True where the neutral query, refused as well, is answered after a pause."""
        begun = self.clock.monotonic()
        for seconds in _PAUSES:
            await self.clock.sleep(seconds)
            other = await self.ask(neutral)
            if not _alike(other, exchange):
                self._note_lock_out(self.clock.monotonic() - begun)
                return other.response is not None and not _refuses(other)
        return False

    def _note_lock_out(self, seconds: float) -> None:
        if self._bad_credentials and seconds > _LONGEST_LIMIT:
            self.statistics.locked_out += seconds

    async def _is_of_a_burst(
        self, exchange: Exchange, neutral: Request, again: Callable[[], Awaitable[Exchange]]
    ) -> bool:
        """True where the request itself is answered after a pause, and of a burst of neutral queries most are refused.

        What is refused now and then for another reason is refused as often, however fast is asked.
        """
        await self.clock.sleep(_PAUSES[0])
        return not _alike(await again(), exchange) and await self._refuses_a_burst(exchange, neutral)

    async def _refuses_a_burst(self, exchange: Exchange, neutral: Request) -> bool:
        count = min(_LONGEST_BURST, max(_SHORTEST_BURST, 2 * self.pacer.busiest_second))
        burst = await asyncio.gather(*(self.ask(neutral) for _ in range(count)))
        refused = sum(_alike(one, exchange) for one in burst)
        return 2 * refused >= count

    def _learn(self, exchange: Exchange) -> None:
        assert exchange.response is not None  # noqa: S101  # it was refused
        self._kinds.add(_kind(exchange))
        self._bodies.add((exchange.response.status, exchange.response.body))
        page = " and a page" if _is_page(exchange) else ""
        self.statistics.hidden_limit = f"{exchange.response.status}{page}"


def _is_ordinary(request: Request) -> bool:
    """True for a request with good credentials to the operation's own path."""
    good = request.credential in _GOOD and request.app_key in (AppKey.OWN, AppKey.ABSENT)
    return good and request.method == "POST" and request.path is None


def _refuses(exchange: Exchange) -> bool:
    return exchange.status == 403 or (exchange.status is not None and exchange.status < 300 and _is_page(exchange))


def _is_page(exchange: Exchange) -> bool:
    start = exchange.response.body[:1_000].lower() if exchange.response else b""
    return not start.lstrip().startswith((b"{", b"[")) and any(sign in start for sign in _PAGE_SIGNS)


def _kind(exchange: Exchange) -> tuple[int, bool]:
    return (exchange.status or 0, _is_page(exchange))


def _alike(one: Exchange, other: Exchange) -> bool:
    return one.response is not None and _kind(one) == _kind(other)
