"""Bearer tokens: asking for one, keeping it, renewing it in time, and putting it on requests."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

import httpx

from lineman.client.clock import RequestClock
from lineman.client.errors import TokenError, TokenRefused, TokenUnavailable
from lineman.client.redirects import moved_to
from lineman.client.statistics import Statistics
from lineman.exchange import Exchange, Phases
from lineman.json_text import LONGEST_NUMBER, parse_json
from lineman.secret import Secret

LIFETIME = 600
"""Seconds asked for."""
_TOKEN_MEMBER = re.compile(r"""[Tt]oken["']?\s{0,9}[:=]\s{0,9}["']([^"'\s]{8,8192})["']""")
_DECIMAL = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?")
_AN_INSTANT = 10**9
"""A number from here on (32 years) is no lifetime but an instant: seconds since 1970."""
_EARLY = 60.0
_FRUITLESS = 60.0
"""Seconds in which a 401 leads to no further renewal, after one that did not help."""
_REFUSAL_REMEMBERED = 30.0
"""Seconds in which a refusal of key and secret is not asked for again."""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token that the token operation gave."""

    value: Secret
    lifetime: int
    """Seconds that were asked for."""
    expires: float | None
    """Seconds that the answer gave; None where it gave none that can be relied on."""
    issued: datetime
    """When it was asked for, by lineman's clock."""
    asked: float
    """The same on the client's monotonic clock."""

    @property
    def expired_at(self) -> float:
        """When it has surely expired, on the client's monotonic clock, the time on the way and a second added."""
        return self.asked + max(self.expires or 0.0, float(self.lifetime)) + 1.0

    @property
    def renew_at(self) -> float:
        """A minute before it expires, or at half its life where that is under two minutes."""
        life = self.expires if self.expires is not None else float(self.lifetime)
        return self.asked + (life - _EARLY if life >= 2 * _EARLY else life / 2)


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """What the body of the token operation's answer says."""

    token: Secret | None = None
    expires: float | None = None
    seen: tuple[Secret, ...] = ()
    """Every text that the answer calls a token, also where it is no JSON: redaction learns them all."""

    @classmethod
    def read(cls, body: bytes) -> TokenAnswer:
        token, expires = _members(body)
        seen = {*_TOKEN_MEMBER.findall(body.decode("utf-8", "replace")), token}
        return cls(Secret(token) if token else None, expires, tuple(Secret(text) for text in seen if text))


def issued_token(exchange: Exchange, answer: TokenAnswer, lifetime: int) -> IssuedToken:
    """Take the token out of an answer of the token operation.

    Raises:
        TokenRefused: key and secret were refused.
        TokenUnavailable: anything else that is no token.
    """
    url, failure, response = exchange.sent.url, exchange.failure, exchange.response
    if failure is not None:
        raise TokenUnavailable(f"no token from {url}: {failure.message}", failure=failure)
    assert response is not None  # noqa: S101  # an exchange has one of the two
    status = response.status
    if status in {400, 401, 403}:
        raise TokenRefused(
            f"the token operation {url} refused app key and secret with status {status}: check both, and whether "
            f"this machine's address is on the allow list",
            status,
        )
    if there := moved_to(exchange, ""):
        raise TokenUnavailable(
            f"the token operation {url} redirects to {there} (status {status}), and lineman follows no redirect, which "
            f"could carry a secret away: give {there} as base URL, or as LINEMAN_TOKEN_URL",
            status,
        )
    if status != 200 or answer.token is None:
        raise TokenUnavailable(f"the token operation {url} {_problem(status)}", status)
    return IssuedToken(answer.token, lifetime, answer.expires, exchange.started, exchange.started_at)


def _problem(status: int) -> str:
    if status == 200:
        return "answered without a usable AccessToken: check the token URL"
    if status == 429:
        return "allows no more requests for now (status 429): wait, or set a ready token"
    if status >= 500:
        return f"is out of order (status {status}): tell those who operate it"
    return f"answered with status {status}: check the token URL"


def _members(raw: bytes) -> tuple[str | None, float | None]:
    try:
        answer = parse_json(raw.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")).value
    except (ValueError, RecursionError):
        return None, None
    token = answer.get("AccessToken") if isinstance(answer, dict) else None
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable() or " " in token:
        return None, None
    return token, _seconds(answer.get("Expires"))


def _seconds(value: object) -> float | None:
    """A lifetime in seconds; None for what is none: a word, a date, an instant in epoch seconds, nothing at all."""
    if isinstance(value, str) and len(value) <= LONGEST_NUMBER and _DECIMAL.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value < _AN_INSTANT else None


@dataclass(slots=True)
class AuthTrace:
    """What a request learns from :class:`TokenAuth`: how long getting a token took, and how the token has fared."""

    phases: Phases | None = None
    token_age_when_refused: float | None = None
    """Seconds for which the token it carries had been good when it was refused to the try before, if it was."""


class TokenCache:
    """Keeps one tenant's token. However many requests wait, only one asks for a token."""

    def __init__(
        self,
        fetch: Callable[[int], Awaitable[tuple[IssuedToken, Phases]]],
        clock: RequestClock,
        statistics: Statistics,
        ready: Secret | None = None,
        settle: float = 0.0,
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._statistics = statistics
        self._ready = ready
        self._settle_for = settle
        self._settling: int | None = None
        self._kept: IssuedToken | None = None
        self._lock = asyncio.Lock()
        self._generation = 0
        self._failures = 0
        self._refusal: tuple[float, TokenError] | None = None
        self._fruitless_until = 0.0
        self._taken: tuple[int, float] | None = None

    @property
    def generation(self) -> int:
        """Grows with every token, so that a request can say which one was refused to it."""
        return self._generation

    @property
    def cached(self) -> IssuedToken | None:
        """The token in use; None for a ready one, and where none was had yet."""
        return self._kept

    async def token(self, waited: AuthTrace | None = None) -> Secret:
        """The token to use now, asked for where there is none or the kept one is about to expire.

        Raises:
            TokenError: none could be had.
        """
        if self._ready is not None:
            return self._ready
        kept = self._kept
        if kept is not None and self._clock.monotonic() < kept.renew_at:
            return kept.value
        return await self._renew(self._generation, waited)

    async def renew_after_refusal(self, generation: int, waited: AuthTrace | None = None) -> Secret | None:
        """Another token after a 401 to the one of ``generation``, or None where there is no point in one."""
        if self._ready is not None:
            return None
        if self._generation == generation and self._clock.monotonic() < self._fruitless_until:
            return None
        return await self._renew(generation, waited)

    def mark_accepted(self, generation: int) -> None:
        """Note that a token was accepted."""
        if self._taken is None or self._taken[0] != generation:
            self._taken = (generation, self._clock.monotonic())

    def accepted_for(self, generation: int) -> float | None:
        """Seconds since the token in use was first accepted; None where it was not, or is not in use any more."""
        if self._generation != generation or self._taken is None or self._taken[0] != generation:
            return None
        return self._clock.monotonic() - self._taken[1]

    async def settle(self, generation: int) -> bool:
        """Wait until the first token is old enough to be known everywhere; False where it is, and for later tokens.

        A token operation and the gateways behind it may need seconds to agree. Once is enough to learn that.
        """
        if self._kept is None or generation != self._generation or self._settling not in (None, generation):
            return False
        left = self._kept.asked + self._settle_for - self._clock.monotonic()
        if left <= 0:
            return False
        self._settling = generation
        await self._clock.sleep(left)
        return True

    def mark_still_refused(self) -> None:
        """Note that a token renewed after a 401 was refused as well."""
        self._fruitless_until = self._clock.monotonic() + _FRUITLESS

    async def _renew(self, generation: int, waited: AuthTrace | None) -> Secret:
        began, failures = self._clock.monotonic(), self._failures
        async with self._lock:
            phases = Phases()
            if self._failures != failures and self._refusal is not None:
                raise self._refusal[1]  # the task that held the lock asked in vain, for all that waited
            if self._generation == generation or self._kept is None:
                phases = await self._ask()
            kept = self._kept
            assert kept is not None  # noqa: S101  # _ask keeps one or raises
            if waited is not None:
                waited.phases = replace(phases, total=self._clock.monotonic() - began)
            return kept.value

    async def _ask(self) -> Phases:
        if self._refusal is not None and self._clock.monotonic() < self._refusal[0]:
            raise self._refusal[1]
        if self._kept is not None:
            self._statistics.token_renewals += 1
        try:
            self._kept, phases = await self._fetch(LIFETIME)
        except TokenError as error:
            remembered = _REFUSAL_REMEMBERED if isinstance(error, TokenRefused) else 0.0
            self._refusal = (self._clock.monotonic() + remembered, error)
            self._failures += 1
            raise
        self._refusal = None
        self._generation += 1
        return phases


REFUSALS = frozenset({401, 403})


class TokenAuth(httpx.Auth):
    """Puts ``Bearer TOKEN`` on a request, and does so once more with another token after a 401 or a 403.

    A token that was taken before is tried a second time first: who takes it then was wrong to refuse it. One that was
    never taken is tried again when it is some seconds old.

    The page documents both for bad credentials, and a gateway that keeps one token only may refuse the older one with
    either.
    """

    def __init__(self, cache: TokenCache, waited: AuthTrace, *, renew: bool = True) -> None:
        self._cache = cache
        self._waited = waited
        self._renew = renew

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        token = await self._cache.token(self._waited)
        generation = self._cache.generation
        request.headers["Authorization"] = f"Bearer {token.reveal()}"
        response = yield request
        good_for = self._cache.accepted_for(generation)
        if response.status_code in REFUSALS and self._renew and good_for is not None:
            self._waited.token_age_when_refused = good_for
            response = yield request
        young = response.status_code in REFUSALS and self._renew and good_for is None
        if young and await self._cache.settle(generation):
            response = yield request
        if response.status_code not in REFUSALS:
            self._cache.mark_accepted(generation)
        if response.status_code not in REFUSALS or not self._renew:
            return
        another = await self._cache.renew_after_refusal(generation, self._waited)
        if another is None:
            return
        if another == token:  # the token operation gives out what is still valid, so asking again would not help
            self._cache.mark_still_refused()
            return
        request.headers["Authorization"] = f"Bearer {another.reveal()}"
        response = yield request
        if response.status_code in REFUSALS:
            self._cache.mark_still_refused()


class GivenAuth(httpx.Auth):
    """Puts a given text on a request, once."""

    def __init__(self, value: Secret) -> None:
        self._value = value

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        # As bytes: httpx would refuse text beyond ASCII, and what is beyond HTTP must fail as an exchange.
        request.headers = httpx.Headers([*request.headers.raw, (b"Authorization", self._value.reveal().encode())])
        yield request
