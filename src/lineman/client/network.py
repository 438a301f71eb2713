"""Resolving names and opening connections, as two steps that can be timed and distinguished when they fail."""

from __future__ import annotations

import logging
import ssl
import sys
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import httpcore
import httpx

from lineman.client.clock import RequestClock
from lineman.client.dialling import addresses, first_connection
from lineman.connection import ClientCertificate, Proxy
from lineman.exchange import Phases

_EVENTS: Mapping[str, tuple[str, bool]] = {
    "connection.connect_tcp.started": ("connect", True),
    "connection.connect_tcp.complete": ("connect", False),
    "connection.start_tls.started": ("tls", True),
    "connection.start_tls.complete": ("tls", False),
    "http11.send_request_headers.started": ("send", True),
    "http11.send_request_body.complete": ("send", False),
    "http11.receive_response_headers.started": ("wait", True),
    "http11.receive_response_headers.complete": ("wait", False),
}


@dataclass(slots=True)
class PhaseRecorder:
    """Collects the phases of one attempt.

    Only the network knows when a name was resolved, and it runs below the trace; it finds the recorder of its own
    request in :data:`CURRENT`.
    """

    clock: RequestClock
    began: float
    _open: dict[str, float] = field(default_factory=dict)
    _done: dict[str, float] = field(default_factory=dict)
    _answered: float | None = None
    status: int | None = None
    """Of the answer whose head has come."""

    async def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """The callback of httpcore's ``trace`` extension."""
        if event in _EVENTS:
            phase, started = _EVENTS[event]
            if started:
                self.start(phase)
            else:
                self.complete(phase)

    def start(self, phase: str) -> None:
        self._open[phase] = self.clock.monotonic()

    def complete(self, phase: str) -> None:
        started = self._open.pop(phase, None)
        if started is not None:
            self._done[phase] = self._done.get(phase, 0.0) + self.clock.monotonic() - started

    def answered(self, status: int | None = None) -> None:
        """Note that the answer's headers are here."""
        self._answered = self.clock.monotonic()
        self.status = status
        if "wait" not in self._done:  # a transport without trace events, such as an application in this process
            self._done["wait"] = self._answered - self.began

    @property
    def unfinished(self) -> str | None:
        """The innermost phase that began and never completed, after a failure."""
        return next((phase for phase in ("resolve", "tls", "connect", "send", "wait") if phase in self._open), None)

    @property
    def just_secured(self) -> bool:
        """Whether the TLS handshake was part of this attempt."""
        return "tls" in self._done

    def phases(self, finished: float) -> Phases:
        done = dict(self._done)
        for phase, started in self._open.items():  # the time that a failed phase took counts too
            done.setdefault(phase, finished - started)
        if "connect" in done:
            done["connect"] = max(0.0, done["connect"] - done.get("resolve", 0.0))
        if self._answered is not None:
            done["receive"] = finished - self._answered
        return Phases(total=finished - self.began, **done)


CURRENT: ContextVar[PhaseRecorder | None] = ContextVar("lineman_phases", default=None)


for _name in ("httpcore", "httpx"):
    # Their debug lines hold raw headers of answers, in which a target may give a secret back.
    logging.getLogger(_name).setLevel(logging.WARNING)

if find_spec("sniffio") is None:
    # httpcore looks for it at every request, and a search in vain is slow; an entry of None ends it at once.
    sys.modules["sniffio"] = None  # type: ignore[assignment]  # that is how Python learns that there is no such module


class TimedNetwork(httpcore.AsyncNetworkBackend):
    """Resolves first, then connects to the first of the addresses that takes it.

    Host header and certificate name stay those of the URL: httpcore takes them from there.
    """

    def __init__(self, network: httpcore.AsyncNetworkBackend | None = None) -> None:
        self._network = network or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        found = await resolve(host, port)

        def connect(address: str) -> Awaitable[httpcore.AsyncNetworkStream]:
            return self._network.connect_tcp(address, port, timeout, local_address, socket_options)

        return await first_connection(found, connect)

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name in the system's order, without repetition.

    Raises:
        httpcore.ConnectError: the name cannot be resolved; the cause is the resolver's error.
    """
    recorder = CURRENT.get()
    if recorder:
        recorder.start("resolve")
    try:
        found = await addresses(host, port)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(str(error)) from error
    if recorder:
        recorder.complete("resolve")
    return found


Origin = tuple[str, str, int | None]
"""Scheme, host and port."""


def origin_of(url: str) -> Origin:
    """Where a URL leads, whatever its path."""
    parsed = httpx.URL(url)
    return (parsed.scheme, parsed.host, parsed.port)


class NetworkTransport(httpx.AsyncBaseTransport):
    """httpx's transport over the network, on :class:`TimedNetwork`. Speaks HTTP/1.1, through proxies where given."""

    def __init__(self, context: ssl.SSLContext | None, proxies: Mapping[Origin, Proxy]) -> None:
        self._direct = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=None,
            max_keepalive_connections=None,
            keepalive_expiry=30.0,
            network_backend=TimedNetwork(),
        )
        self._proxies = dict(proxies)
        self._through = {proxy: _through(proxy, context) for proxy in proxies.values()}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request.

        Raises:
            httpx.TransportError: what httpcore raised, under httpx's name for it.
        """
        inner = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        proxy = self._proxies.get(origin_of(str(request.url)))
        pool = self._direct if proxy is None else self._through[proxy]
        try:
            answer = await pool.handle_async_request(inner)
        except _HTTPCORE_ERRORS as error:
            if proxy is not None and (refused := _proxy_problem(error, proxy)):
                raise httpx.ProxyError(refused) from error
            raise _as_httpx(error) from error
        if proxy is not None and answer.status == _PROXY_WANTS_PASSWORD:
            await answer.aclose()
            raise httpx.ProxyError(_refusal(proxy, "407 Proxy Authentication Required"))
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Stream(answer), extensions=answer.extensions
        )

    async def aclose(self) -> None:
        for pool in (self._direct, *self._through.values()):
            await pool.aclose()


_PROXY_WANTS_PASSWORD = 407


def _through(proxy: Proxy, context: ssl.SSLContext | None) -> httpcore.AsyncHTTPProxy:
    password = proxy.password.reveal() if proxy.password else ""
    return httpcore.AsyncHTTPProxy(
        proxy_url=proxy.url,
        proxy_auth=None if proxy.user is None else (proxy.user.encode(), password.encode()),
        ssl_context=context,
        max_connections=None,
        max_keepalive_connections=None,
        keepalive_expiry=30.0,
        network_backend=TimedNetwork(),
    )


def _proxy_problem(error: Exception, proxy: Proxy) -> str:
    """The sentence where it is the proxy that failed; empty where it is what stands behind it."""
    if isinstance(error, httpcore.ProxyError):
        return _refusal(proxy, str(error))
    recorder = CURRENT.get()
    phase = recorder.unfinished if recorder else None
    if isinstance(error, httpcore.ConnectError | httpcore.ConnectTimeout) and phase in {"resolve", "connect", None}:
        return f"no connection to the proxy {proxy.url} ({error}): check its address, or set NO_PROXY for the target"
    return ""


def _refusal(proxy: Proxy, reason: str) -> str:
    advice = "ask those who run it whether it lets requests to this target through"
    if reason.startswith("407"):
        advice = "set LINEMAN_PROXY to http://USER:PASSWORD@HOST:PORT, or write that into a file for proxy_file"
    return f"the proxy {proxy.url} refuses ({reason}): {advice}"


_HTTPCORE_ERRORS = (
    ssl.SSLError,  # an alert that comes after the handshake: httpcore lets it through as it is
    httpcore.ProxyError,
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)


class _Stream(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> Any:
        try:
            async for part in self._answer.aiter_stream():
                yield part
        except _HTTPCORE_ERRORS as error:
            raise _as_httpx(error) from error

    async def aclose(self) -> None:
        await self._answer.aclose()


def _as_httpx(error: Exception) -> httpx.TransportError:
    if isinstance(error, ssl.SSLError):
        return httpx.ReadError(str(error))
    kind = getattr(httpx, type(error).__name__, httpx.TransportError)
    translated: httpx.TransportError = kind(str(error))
    return translated


def ssl_context(verify: Literal[True] | Path, shown: ClientCertificate | None = None) -> ssl.SSLContext:
    """A TLS context that trusts the usual authorities, or those of a CA bundle (a file, or a folder of hashed files).

    ``shown`` is the certificate for servers that want to know who asks.

    Raises:
        OSError: the bundle cannot be read (``ssl.SSLError`` is one).
        ConfigurationError: the certificate to show cannot be used.
    """
    if verify is True:
        context = httpx.create_ssl_context(trust_env=False)  # what the environment says is in the target's settings
    elif verify.is_dir():
        context = ssl.create_default_context(capath=str(verify))
    else:
        context = ssl.create_default_context(cafile=str(verify))
    if shown is not None:
        shown.load_into(context)
    return context
