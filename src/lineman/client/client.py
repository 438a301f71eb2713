"""The client: sends requests, and gives back what became of them."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx

from lineman import __version__
from lineman.client.auth import Tokens, names, render, unknown_app_key
from lineman.client.clock import RequestClock, SystemRequestClock
from lineman.client.errors import BudgetSpent, CredentialMissing, TargetDown, TargetUnreachable
from lineman.client.network import NetworkTransport, origin_of, ssl_context
from lineman.client.pacing import Pacer
from lineman.client.redaction import Redactor
from lineman.client.retry import CircuitBreaker, Retrier, is_outage
from lineman.client.statistics import Statistics
from lineman.client.throttling import HiddenLimit
from lineman.client.token_endpoint import TokenEndpoint
from lineman.client.tokens import GivenAuth, IssuedToken, TokenAuth, TokenCache
from lineman.client.transport import RecordingTransport, RequestContext
from lineman.exchange import HEADER_VARIABLE, AppKey, Credential, Exchange, Operation, Request
from lineman.secret import Secret
from lineman.target import Credentials, Target

DOWN_AFTER = 8
SETTLE = 5.0
"""Seconds that a new token gets, once, to be known everywhere behind an address before its refusal counts."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The paths of the two operations, from the OpenAPI document."""

    query: str
    token: str


@dataclass(slots=True)
class _Tenant:
    credentials: Credentials
    token_cache: TokenCache
    endpoint: TokenEndpoint
    prefix: str


class Client:
    """Everything that lineman sends to a target goes through one of these.

    It numbers, paces, authenticates, sends, retries, times and redacts. ``on_exchange`` sees every attempt and every
    token request, in the order of completion. ``transport`` takes the network's place: an application in this process
    (``httpx.ASGITransport``), or a fake. After ``down_after`` requests in a row without an answer of the service it
    gives up.
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
        settle: float = SETTLE,
    ) -> None:
        self.target = target
        self.clock: RequestClock = clock or SystemRequestClock()
        self.statistics = Statistics(budget=target.max_requests)
        self.redactor = Redactor()
        self._paths = paths
        self._numbers = itertools.count(1)
        self._places = asyncio.Semaphore(target.concurrency)
        self._breaker = CircuitBreaker(target.base_url, down_after)
        self._pacer = Pacer(
            self.clock,
            self.statistics,
            rate=target.rate,
            concurrency=target.concurrency,
            budget=target.max_requests,
        )
        self._transport = RecordingTransport(
            inner=transport or _network(target),
            pacer=self._pacer,
            clock=self.clock,
            redactor=self.redactor,
            statistics=self.statistics,
            timeout=target.timeout,
            limit=target.max_body_bytes,
            on_exchange=on_exchange or (lambda exchange: None),
            placeholders={name.lower(): header_variable(name) for name, _ in target.headers if name != "Connection"},
        )
        # RecordingTransport bounds an attempt as a whole; httpx's own 5 seconds for each read would end it before.
        self._http = httpx.AsyncClient(transport=self._transport, trust_env=False, timeout=None)  # noqa: S113
        self._retrier = Retrier(self._http, self._pacer, self.clock, self.statistics)
        self._settle = settle
        for proxy in (target.proxy, target.token_proxy):
            if proxy is not None:
                self.redactor.learn(proxy.password, "proxy_password")
        for _, value in target.headers:
            self.redactor.learn_header(value)
        self._hidden_limit = HiddenLimit(
            lambda request: self._deliver(self._context(request, next(self._numbers))),
            self._pacer,
            self.clock,
            self.statistics,
            self._neutral,
        )
        self._own = self._tenant(target.credentials, "LINEMAN_")
        self._second = self._tenant(target.second, "LINEMAN_SECOND_") if target.second else None
        self._short: Secret | None = None
        self.neutral: Callable[[], Request | None] = lambda: None
        """Gives a query that was answered before, to be asked beside what looks like an outage or a limit."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._http.aclose()

    async def send(self, request: Request) -> Exchange:
        """Send a request and return its final exchange, which may be a failure of the transport.

        Raises:
            BudgetSpent: no request may be sent any more.
            TokenRefused, TokenUnavailable: no token could be had.
            CredentialMissing: the target's settings lack what the request carries.
            TargetDown, TargetUnreachable: the last of too many requests in a row without an answer.
        """
        return await self._send(request, next(self._numbers))

    async def send_all(self, requests: Iterable[Request]) -> list[Exchange]:
        """Send requests concurrently, within the target's limits; the results are in the order of the requests.

        Raises what :meth:`send` raises, after the others were cancelled; ``on_exchange`` has seen what was sent.
        """
        tasks = [asyncio.create_task(self._send(request, next(self._numbers))) for request in requests]
        try:
            return await asyncio.gather(*tasks)
        except BudgetSpent:
            await asyncio.gather(*tasks, return_exceptions=True)  # what is in flight was paid for
            raise
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def read_at_most(self, read: int, kept: int) -> None:
        """Send nothing more after answers of so many bytes, or such as take so many: for a caller that keeps them."""
        self._pacer.most_read, self._pacer.most_kept = read, kept

    async def is_limited(self, refused: Exchange) -> bool:
        """Find out whether good credentials were refused by a rate limit that does not say 429.

        Raises what :meth:`send` raises.
        """
        return await self._hidden_limit.is_behind(refused)

    @property
    def cached_token(self) -> IssuedToken | None:
        """The target's own token in use; None for a ready one, and where none was had yet."""
        return self._own.token_cache.cached

    async def fresh_token(self, lifetime: int) -> IssuedToken | None:
        """Get an extra token that lives ``lifetime`` seconds, for ``{short}`` in a request's Authorization.

        The token that other requests use stays. None where the target has no key and secret.

        Raises what :meth:`send` raises.
        """
        if not self._own.credentials.can_issue:
            return None
        issued, _ = await self._own.endpoint.issue(lifetime)
        self._short = issued.value
        return issued

    def _tenant(self, credentials: Credentials, prefix: str) -> _Tenant:
        self.redactor.learn(credentials.app_secret, "app_secret")
        self.redactor.learn(credentials.token, "token")
        url = self.target.token_url + self._paths.token
        endpoint = TokenEndpoint(
            self._retrier,
            self.redactor,
            url,
            self._common(),
            credentials,
            lambda: next(self._numbers),
            self._hidden_limit,
            prefix,
        )
        token_cache = TokenCache(
            endpoint.issue, self.clock, self.statistics, ready=credentials.token, settle=self._settle
        )
        return _Tenant(credentials, token_cache, endpoint, prefix)

    async def _send(self, request: Request, number: int) -> Exchange:
        context = self._context(request, number)
        exchange = await self._deliver(context)
        exchange = await self._hidden_limit.pass_by(exchange, lambda: self._deliver(context))
        try:
            self._breaker.see(exchange)
        except TargetUnreachable:
            raise
        except TargetDown:
            if not await self._answers_a_neutral_query():
                raise
            self._breaker.reset()
        return exchange

    async def _answers_a_neutral_query(self) -> bool:
        """Whether what looks like an outage is only one kind of request that the service fails over."""
        request = self._neutral()
        if request is None:
            return False
        exchange = await self._deliver(self._context(request, next(self._numbers)))
        return not is_outage(exchange) and exchange.status != 429

    def _neutral(self) -> Request | None:
        return self.neutral()

    def _context(self, request: Request, number: int) -> RequestContext:
        numbers = itertools.chain([number], self._numbers)
        return RequestContext(request=request, operation=Operation.QUERY, number=lambda: next(numbers))

    async def _deliver(self, context: RequestContext) -> Exchange:
        request = context.request
        headers = [*self._common(), *self._app_key(request, context)]
        if request.content_type is not None:
            headers.append(("Content-Type", request.content_type))
        auth = (
            await self._given_auth(request, context)
            if request.credential is Credential.GIVEN
            else self._auth(request, context)
        )
        url = self.target.base_url + (self._paths.query if request.path is None else request.path)

        def build() -> httpx.Request:
            return httpx.Request(request.method, url, headers=headers, content=request.body)

        # A request keeps its place until it is done, retries included: a target that falls over meets no more of them.
        async with self._places:
            return await self._retrier.deliver(build, context, auth=auth, retry=request.retry)

    def _common(self) -> tuple[tuple[str, str], ...]:
        return (
            ("User-Agent", f"lineman/{__version__}"),
            ("Accept", "application/json"),
            ("Accept-Encoding", "gzip, deflate"),
            *self.target.headers,
        )

    def _auth(self, request: Request, context: RequestContext) -> httpx.Auth | None:
        if request.credential is Credential.NONE:
            return None
        tenant = self._own if request.credential is Credential.VALID else self._second_tenant()
        if not tenant.credentials.usable:
            raise CredentialMissing(
                f"{self.target.name} has no credentials: set {tenant.prefix}APP_KEY and {tenant.prefix}APP_SECRET, "
                f"or {tenant.prefix}TOKEN"
            )
        context.shown["authorization"] = f"Bearer ${tenant.prefix}TOKEN"
        # A foreign app key may be refused with 401 as well, and a rate limit with 403: another token would not help.
        renew = request.app_key in (AppKey.OWN, AppKey.ABSENT) and not self._hidden_limit.refuses_credentials
        return TokenAuth(tenant.token_cache, context.waited, renew=renew)

    async def _given_auth(self, request: Request, context: RequestContext) -> httpx.Auth:
        template = request.authorization or ""
        tokens = Tokens(
            own=await self._own.token_cache.token(context.waited) if names(template, "token") else None,
            second=await self._second_tenant().token_cache.token(context.waited) if names(template, "second") else None,
            short=self._short,
        )
        header = render(template, tokens)
        for secret in header.secrets:
            self.redactor.learn(secret, "token")
        context.shown["authorization"] = header.shown
        return GivenAuth(header.value)

    def _app_key(self, request: Request, context: RequestContext) -> list[tuple[str, str]]:
        if request.app_key is AppKey.ABSENT:
            return []
        if request.app_key is AppKey.UNKNOWN:
            return [("X-APP-Key", unknown_app_key(self._own.credentials.app_key))]
        second = (request.credential is Credential.SECOND) != (request.app_key is AppKey.SECOND)
        tenant = self._second_tenant() if second else self._own
        key = tenant.credentials.app_key
        if key is None:
            if request.app_key is AppKey.SECOND:
                raise CredentialMissing(f"{self.target.name} has no {tenant.prefix}APP_KEY: set it")
            return []
        context.shown["x-app-key"] = f"${tenant.prefix}APP_KEY"
        return [("X-APP-Key", key)]

    def _second_tenant(self) -> _Tenant:
        if self._second is None:
            raise CredentialMissing(
                f"{self.target.name} has no second tenant: set LINEMAN_SECOND_APP_KEY and LINEMAN_SECOND_APP_SECRET, "
                f"or LINEMAN_SECOND_TOKEN"
            )
        return self._second


def header_variable(name: str) -> str:
    """The shell variable that stands for the value of a header of the target's settings."""
    return f"${HEADER_VARIABLE}{name.upper().replace('-', '_')}"


def _network(target: Target) -> NetworkTransport:
    secure = target.base_url.startswith("https:") or target.token_url.startswith("https:")
    context = ssl_context(target.verify, target.client_certificate) if secure else None
    proxies = {
        origin_of(url): proxy
        for url, proxy in ((target.token_url, target.token_proxy), (target.base_url, target.proxy))
        if proxy is not None
    }
    return NetworkTransport(context, proxies)
