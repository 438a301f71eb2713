"""Running probes: one client for all probes of a target, a new connection for every try."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import replace
from urllib.parse import urlsplit

import httpx

from lineman.client.client import Client, Paths
from lineman.client.dialling import addresses
from lineman.client.errors import ClientError, TokenError
from lineman.contract.answer import read_answer
from lineman.contract.operation import document
from lineman.exchange import Exchange, FailureKind, Operation, Request
from lineman.monitor.clock import Clock, SystemClock
from lineman.monitor.config.models import Canary
from lineman.monitor.probe.certificate import certificate_verdict, read
from lineman.monitor.probe.judge import (
    OWN_NETWORK,
    judge,
    refused,
    resolver_hangs,
    token_step,
    with_token_times,
    worth_another_try,
)
from lineman.monitor.result import SEVERITY, Attempt, Cause, CertificateSeen, ProbeResult, ProbeVerdict, TokenStep
from lineman.target import ConfigurationError, Target, load_target

LOG = logging.getLogger("lineman.monitor")
_PAUSE = 0.5
"""Seconds before the second try."""
_LEAST_TRY = 1.0
"""Seconds that a second try must have, or a quarter of the timeout where that is less: an answer needs some time."""
_MARGIN = 0.2
"""Seconds beyond the deadline in which an attempt ends by its own limit, which says more of what it waited for."""
_RENEWAL = 60.0
"""Seconds between new tokens asked for because the kept one was refused."""
_RENEWAL_HELPED = 5.0
"""The same where the last new token was accepted."""
_REFUSED = (401, 403)
_CERTIFICATE_KEPT = 600.0
"""Seconds for which a certificate read by a long-running monitor is believed."""
_SEEN: ContextVar[list[Exchange]] = ContextVar("seen")


class Prober:
    """Probes canaries. Keeps clients, and with them tokens, for as long as it lives."""

    def __init__(
        self,
        environment: Mapping[str, str],
        clock: Clock | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._environment = environment
        self._clock: Clock = clock or SystemClock()
        self._transport = transport
        self._clients: dict[tuple[str | None, int], Client] = {}
        self._retired: list[Client] = []
        """Clients that gave way to others; probes in flight may still use them."""
        self._renewable: dict[tuple[str | None, int], float] = {}
        self._certificates: dict[str, tuple[float, CertificateSeen | None]] = {}
        self._paths = Paths(query=document().query_path, token=document().token_path)

    async def aclose(self) -> None:
        """Close all connections."""
        for client in [*self._clients.values(), *self._retired]:
            await client.aclose()
        self._clients.clear()
        self._retired.clear()

    async def probe(self, canary: Canary) -> ProbeResult:
        """Probe a canary once. Never raises for what went wrong: that is the result."""
        started = self._clock.wall()
        try:
            client = self._client(canary)
            client.target.require_credentials()
        except (ConfigurationError, OSError) as error:
            return _unmeasured(canary, started, Cause.CONFIGURATION, str(error))
        try:
            return await self._measure(canary, client, started)
        except Exception:
            LOG.exception("probing %s failed for a reason of ours", canary.name)
            return _unmeasured(canary, started, Cause.INTERNAL, "an error of lineman's own: see its log")
        finally:
            read_answer.cache_clear()  # a monitor lives long, and what it has read may be large

    async def _measure(self, canary: Canary, client: Client, started: int) -> ProbeResult:
        deadline = self._clock.monotonic() + canary.timeout / 1_000
        certificate = asyncio.create_task(self._certificate(client.target, canary))
        attempts: list[Attempt] = []
        token: TokenStep | None = None
        try:
            attempt, token = await self._attempt(canary, client, deadline)
            attempts.append(attempt)
            anew = self._with_new_token(canary, attempt) if token is None else None
            again_possible = self._time_left(canary, deadline)
            retried = canary.retry and worth_another_try(attempt) and again_possible
            if (anew is not None and again_possible) or retried:
                await self._clock.sleep(0.0 if anew is not None else _PAUSE)
                attempt, again = await self._attempt(canary, anew or client, deadline)
                token = again or token
                attempts.append(attempt)
                if anew is not None and attempt.status not in _REFUSED:
                    self._renewable[canary.target, canary.timeout] = self._clock.monotonic() + _RENEWAL_HELPED
            seen = await self._in_time(certificate, deadline)
        finally:
            certificate.cancel()
        result = _concluded(canary, client.target, started, attempts, token, seen, self._clock.wall())
        return with_token_times(result, self._clients.get((canary.target, canary.timeout), client).cached_token)

    def _with_new_token(self, canary: Canary, attempt: Attempt) -> Client | None:
        """A client that will ask for a new token, where the kept one was refused; not too often.

        The client itself does so after a 401; but 403 is documented for a refused token as well, and a token that
        its service has forgotten would fail every probe until it expires.
        """
        key = (canary.target, canary.timeout)
        old = self._clients[key]
        now = self._clock.monotonic()
        if attempt.status not in _REFUSED or not old.target.credentials.can_issue:
            return None
        if old.target.credentials.token is not None or now < self._renewable.get(key, 0.0):
            return None
        self._renewable[key] = now + _RENEWAL
        self._retired = [*self._retired[-7:], old]
        del self._clients[key]
        return self._client(canary)

    def _time_left(self, canary: Canary, deadline: float) -> bool:
        """Whether another try has a sensible part of the probe's time."""
        least = min(_LEAST_TRY, canary.timeout / 4_000)
        return deadline - self._clock.monotonic() - _PAUSE >= least

    async def _in_time(
        self, certificate: asyncio.Task[CertificateSeen | None], deadline: float
    ) -> CertificateSeen | None:
        """The certificate, where it was read within the probe's time."""
        left = max(0.0, deadline - self._clock.monotonic()) + _MARGIN
        done, _ = await asyncio.wait([certificate], timeout=left)
        return certificate.result() if done else None

    async def _attempt(self, canary: Canary, client: Client, deadline: float) -> tuple[Attempt, TokenStep | None]:
        seen: list[Exchange] = []
        context = _SEEN.set(seen)
        limit = max(0.0, deadline - self._clock.monotonic()) + _MARGIN
        try:
            async with asyncio.timeout(limit):
                exchange = await client.send(Request.of(canary.query, note=f"canary {canary.name}", retry=False))
        except TokenError as error:
            attempt = refused(error, client.target)
            if error.failure is not None and error.failure.kind is FailureKind.RESOLVE:
                attempt = await _classify_resolve_failure(attempt, client.target.token_url)
            return attempt, token_step(_tokens(seen), error)
        except ClientError as error:
            return Attempt(ProbeVerdict.UNKNOWN, Cause.INTERNAL, str(error), 0.0), token_step(_tokens(seen), None)
        except TimeoutError:
            return _out_of_time(canary, seen), token_step(_tokens(seen), None)
        finally:
            _SEEN.reset(context)
        attempt = judge(exchange, canary)
        if attempt.cause is Cause.RESOLVE:
            attempt = await _classify_resolve_failure(attempt, client.target.base_url)
        return attempt, token_step(_tokens(seen), None)

    def _client(self, canary: Canary) -> Client:
        key = (canary.target, canary.timeout)
        if key not in self._clients:
            target = load_target(canary.target, None, None, self._environment)
            self._clients[key] = Client(
                _for_probes(target, canary.timeout),
                paths=self._paths,
                transport=self._transport,
                on_exchange=_note,
                settle=0.0,  # a probe says what it meets, within its time
            )
        return self._clients[key]

    async def _certificate(self, target: Target, canary: Canary) -> CertificateSeen | None:
        kept = self._certificates.get(target.base_url)
        if kept is not None and self._clock.monotonic() < kept[0]:
            return kept[1]
        seen = await read(target, canary.timeout / 1_000)
        if seen is not None and seen.verified:
            self._certificates[target.base_url] = (self._clock.monotonic() + _CERTIFICATE_KEPT, seen)
        return seen


async def probe_once(canary: Canary, environment: Mapping[str, str]) -> ProbeResult:
    """Probe a canary once, with a client of its own."""
    prober = Prober(environment)
    try:
        return await prober.probe(canary)
    finally:
        await prober.aclose()


def _for_probes(target: Target, timeout: int) -> Target:
    """The target with the canary's limits: no budget, no queue, and a connection of its own for every try."""
    return replace(
        target,
        timeout=timeout / 1_000,
        max_requests=None,
        concurrency=1_024,
        headers=(*target.headers, ("Connection", "close")),
    )


def _note(exchange: Exchange) -> None:
    """Keep an exchange for the probe that caused it, which runs in a context of its own."""
    seen = _SEEN.get(None)
    if seen is not None:
        seen.append(exchange)


def _tokens(seen: list[Exchange]) -> list[Exchange]:
    return [exchange for exchange in seen if exchange.operation is Operation.TOKEN]


def _out_of_time(canary: Canary, seen: list[Exchange]) -> Attempt:
    """The probe's time ended before there was a final exchange: what it was spent on last says why."""
    limit = canary.timeout / 1_000
    last = seen[-1] if seen else None
    if last is None:
        return Attempt(ProbeVerdict.UNKNOWN, Cause.INTERNAL, f"{canary.name} was not measured within {limit:g} s", 0.0)
    if last.status == 429:
        return Attempt(ProbeVerdict.UNKNOWN, Cause.STATUS, "the target limits our requests (status 429)", 0.0, 429)
    if last.failure is not None and last.failure.phase == "resolve":
        return resolver_hangs(last)
    if last.operation is Operation.TOKEN:
        return Attempt(ProbeVerdict.FAILED, Cause.TOKEN, f"no token within {limit:g} s", last.phases.total)
    return Attempt(ProbeVerdict.FAILED, Cause.TIMEOUT, f"no whole answer within {limit:g} s", last.phases.total)


async def _classify_resolve_failure(attempt: Attempt, url: str) -> Attempt:
    """Tell a name that does not exist from a resolver of ours that does not work, and name the shared root cause."""
    host = urlsplit(url).hostname or ""
    try:
        await addresses(host, 0)
    except socket.gaierror as error:
        if error.errno in (socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_SYSTEM):
            message = f"our own name resolution does not work: {attempt.message}"
            return replace(
                attempt, verdict=ProbeVerdict.UNKNOWN, cause=Cause.NETWORK, message=message, root=OWN_NETWORK
            )
    except OSError:
        pass
    return replace(attempt, root=f"resolve/{host}")


def _concluded(
    canary: Canary,
    target: Target,
    started: int,
    attempts: list[Attempt],
    token: TokenStep | None,
    certificate: CertificateSeen | None,
    now: int,
) -> ProbeResult:
    last = attempts[-1]
    verdict, cause, message = last.verdict, last.cause, last.message
    aside, aside_cause, aside_message = certificate_verdict(certificate, canary, now)
    if SEVERITY.index(aside) > SEVERITY.index(verdict):
        verdict, cause, message = aside, aside_cause, aside_message
    elif cause is Cause.TLS and aside is not ProbeVerdict.OK:
        message = f"{message}; {aside_message}"
    if len(attempts) > 1 and verdict in (ProbeVerdict.OK, ProbeVerdict.DEGRADED):
        message = f"{message} after a retry; first: {attempts[0].message}"
    return ProbeResult(canary.name, target.name, started, verdict, cause, message, tuple(attempts), token, certificate)


def _unmeasured(canary: Canary, started: int, cause: Cause, message: str) -> ProbeResult:
    return ProbeResult(canary.name, canary.target or "", started, ProbeVerdict.UNKNOWN, cause, message, ())
