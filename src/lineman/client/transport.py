"""The one way out: every request of lineman's goes through :class:`Wire`, which makes an exchange of it.

It is an httpx transport around the one that talks, so that a request that an ``httpx.Auth`` sends on its own is
numbered, paced, bounded, timed and redacted like any other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

import httpx

from lineman.client.body import BoundedBody, BrokenEncodingError
from lineman.client.clock import RequestClock
from lineman.client.errors import classify, timed_out
from lineman.client.network import CURRENT, PhaseRecorder
from lineman.client.pacing import Pacer
from lineman.client.redaction import HEADER, Redactor
from lineman.client.statistics import Statistics
from lineman.client.tokens import AuthTrace
from lineman.exchange import (
    Arrived,
    Exchange,
    FailureKind,
    Operation,
    Request,
    Response,
    SentRequest,
    TransportFailure,
    packed,
)

_PURPOSE = "lineman.context"
_TRACE = "trace"
OUTAGES = frozenset({502, 503, 504})


@dataclass(slots=True)
class RequestContext:
    """Why a request is sent; travels with it in its extensions, and brings the exchange back."""

    request: Request
    operation: Operation
    number: Callable[[], int]
    attempt: int = 1
    shown: dict[str, str] = field(default_factory=dict)
    """Text to show in place of a request header, by the header's lower-case name."""
    waited: AuthTrace = field(default_factory=AuthTrace)
    shown_body: bytes | None = None
    """A body to show in place of the one sent."""
    inspect: Callable[[bytes], None] | None = field(default=None, repr=False)
    """Sees the answer's body before redaction."""
    exchange: Exchange | None = None

    def attach(self, request: httpx.Request) -> httpx.Request:
        request.extensions[_PURPOSE] = self
        return request


@dataclass(frozen=True, slots=True)
class _Start:
    instant: datetime
    number: int
    recorder: PhaseRecorder


class AttemptFailed(httpx.TransportError):
    """No answer came; the context's exchange says why."""


@dataclass(slots=True)
class RecordingTransport(httpx.AsyncBaseTransport):
    """Sends through ``inner`` and records one exchange for each request."""

    inner: httpx.AsyncBaseTransport
    pacer: Pacer
    clock: RequestClock
    redactor: Redactor
    statistics: Statistics
    timeout: float
    """Total seconds for an attempt."""
    limit: int
    """The most bytes of a body to keep."""
    on_exchange: Callable[[Exchange], None]
    placeholders: dict[str, str] = field(default_factory=dict)
    """What every exchange shows in place of a header's value, by the header's lower-case name."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and return the status alone: httpx needs no more, and cookies and redirects end here.

        Raises:
            AttemptFailed: no answer came.
            BudgetSpent: nothing was sent.
        """
        context: RequestContext = request.extensions[_PURPOSE]
        async with self.pacer.slot():
            exchange = await self._attempt(request, context)
        self._record(exchange, context)
        if exchange.response is None:
            raise AttemptFailed("no answer", request=request)
        return httpx.Response(exchange.response.status)

    async def aclose(self) -> None:
        await self.inner.aclose()

    def _record(self, exchange: Exchange, context: RequestContext) -> None:
        context.exchange = exchange
        context.attempt += 1
        self._count(exchange)
        self.on_exchange(exchange)

    async def _attempt(self, request: httpx.Request, context: RequestContext) -> Exchange:
        recorder = PhaseRecorder(self.clock, self.clock.monotonic())
        start = _Start(self.clock.now(), context.number(), recorder)
        outcome: Response | TransportFailure
        token = CURRENT.set(recorder)
        try:
            async with asyncio.timeout(self.timeout):
                outcome = await self._exchange(request, recorder)
        except asyncio.CancelledError:
            given_up = TransportFailure(
                FailureKind.ABANDONED, f"lineman stopped waiting for {request.url.host}", phase=recorder.unfinished
            )
            self._record(self._build(request, context, start, given_up), context)
            raise
        except TimeoutError:
            outcome = TransportFailure(
                FailureKind.TIMEOUT, timed_out(request.url, recorder, self.timeout), phase=recorder.unfinished
            )
        except (httpx.TransportError, BrokenEncodingError, httpx.StreamError) as error:
            outcome = replace(classify(error, recorder, request.url), status=recorder.status)
        finally:
            CURRENT.reset(token)
        return self._build(request, context, start, outcome)

    def _build(
        self, request: httpx.Request, context: RequestContext, start: _Start, outcome: Response | TransportFailure
    ) -> Exchange:
        finished = self.clock.monotonic()
        waited, context.waited.phases = context.waited.phases, None
        refused_after, context.waited.token_age_when_refused = context.waited.token_age_when_refused, None
        bare = Exchange(
            number=start.number,
            request=context.request,
            operation=context.operation,
            sent=self._sent_request(request, context),
            started=start.instant,
            phases=start.recorder.phases(finished),
            attempt=context.attempt,
            started_at=start.recorder.began,
            finished_at=finished,
            token=waited,
            token_age_when_refused=refused_after,
            redaction=self.redactor,
        )
        if isinstance(outcome, TransportFailure):
            return replace(bare, failure=replace(outcome, message=self.redactor.text(outcome.message)))
        if context.inspect is not None:
            context.inspect(outcome.body)
        response, leaked = self._redacted(outcome, context)
        unchanged = response.body == outcome.body and response.headers == outcome.headers
        arrived = None if unchanged or context.operation is Operation.TOKEN else Arrived(packed(outcome))
        shown = packed(outcome if unchanged else response)
        self.statistics.read_bytes += len(outcome.body)
        self.statistics.kept_bytes += shown.kept + (arrived.reveal().kept if arrived is not None else 0)
        return replace(bare, response=shown, leaked_secrets=leaked, arrived=arrived)

    async def _exchange(self, request: httpx.Request, recorder: PhaseRecorder) -> Response:
        request.extensions[_TRACE] = recorder.trace
        answer = await self.inner.handle_async_request(request)
        recorder.answered(answer.status_code)
        encoding = answer.headers.get("Content-Encoding")
        has_body = request.method != "HEAD" and answer.status_code not in {204, 304}
        body = BoundedBody(self.limit, encoding if has_body else None)
        assert isinstance(answer.stream, httpx.AsyncByteStream)  # noqa: S101  # the transport is asynchronous
        try:
            async for part in answer.stream:
                if not body.feed(part):
                    break
        finally:
            await answer.stream.aclose()
        announced = answer.headers.get("Content-Length", "")
        if has_body and not body.truncated and announced.isdecimal() and int(announced) > body.received:
            raise httpx.ReadError(f"{body.received} bytes of the {announced} announced")
        return Response(
            status=answer.status_code,
            headers=tuple((key.decode("latin-1"), value.decode("latin-1")) for key, value in answer.headers.raw),
            body=body.finish(),
            size=body.received if not encoding else body.decoded,
            truncated=body.truncated,
            http_version=answer.http_version,
        )

    def _redacted(self, response: Response, context: RequestContext) -> tuple[Response, tuple[str, ...]]:
        body, kinds = self.redactor.body(response.body, truncated=response.truncated)
        headers, in_headers = self.redactor.headers(response.headers)
        kinds += in_headers
        if context.operation is Operation.TOKEN:
            kinds = tuple(kind for kind in kinds if kind != "token")  # giving it is what that operation is for
        kinds = tuple(kind for kind in kinds if kind != HEADER and kind not in self.redactor.weak)
        return replace(response, body=body, headers=headers), tuple(sorted(set(kinds)))

    def _sent_request(self, request: httpx.Request, context: RequestContext) -> SentRequest:
        sent = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]
        instead = self.placeholders | context.shown
        shown = tuple((name, instead.get(name.lower(), value)) for name, value in sent)
        headers, _ = self.redactor.headers(shown)
        body = context.shown_body
        if body is None and context.request.body is not None:
            body = self.redactor.body(request.content)[0]
        return SentRequest(request.method, self.redactor.text(str(request.url)), headers, body)

    def _count(self, exchange: Exchange) -> None:
        statistics = self.statistics
        statistics.token_requests += exchange.operation is Operation.TOKEN
        statistics.transport_failures += exchange.failure is not None
        statistics.rate_limited += exchange.status == 429
        statistics.outages += exchange.status in OUTAGES
