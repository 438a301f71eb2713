"""Runs the whole contract suite against a sandbox in process, without a socket and without waiting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from lineman.client import RequestClock
from lineman.report.run import Run
from lineman.sandbox import SandboxOptions, create_app, credentials
from lineman.secret import Secret
from lineman.suite.run_state import RunOptions
from lineman.suite.runner import prepare, run_suite
from lineman.target import Credentials, Target

BASE_URL = "http://127.0.0.1:9"
"""Never connected to: the transport calls the application."""
SHORT = 0.3
"""Seconds that are really waited, so that a changing list can change."""


@dataclass
class LeapingClock:
    """The real time, and what was skipped of it: a long sleep is over at once."""

    skipped: float = 0.0

    def monotonic(self) -> float:
        return time.perf_counter() + self.skipped

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.skipped)

    async def sleep(self, seconds: float) -> None:
        """Skip all of a long sleep, wait a short one."""
        if seconds > SHORT:
            self.skipped += seconds
        await asyncio.sleep(seconds if seconds <= SHORT else 0)

    def epoch(self) -> float:
        return time.time() + self.skipped


@dataclass
class Judged:
    """A run, and what it took."""

    run: Run
    seconds: float
    checks: dict[str, set[str]] = field(default_factory=dict)
    """Clause to the names of the checks that found it broken."""

    @property
    def causes(self) -> list[str]:
        """The clauses of the violations that follow from no other, in the order in which the run names them."""
        return [violation.clause for violation in self.run.violations if violation.cause == violation.fingerprint]

    @property
    def broken(self) -> set[str]:
        return {violation.clause for violation in self.run.violations}


def target(options: SandboxOptions, **limits: Any) -> Target:
    """The target that a sandbox in process is, with both tenants' credentials."""
    one, two = (Credentials(app_key=c.app_key, app_secret=Secret(c.app_secret)) for c in credentials(options))
    return replace(Target.of(BASE_URL, one, second=two, name="sandbox"), **limits)


class BrokenOff(httpx.AsyncByteStream):
    """The beginning of a body, and then no more."""

    def __init__(self, beginning: bytes) -> None:
        self._beginning = beginning

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the beginning."""
        yield self._beginning
        raise httpx.ReadError("the connection was cut")


@dataclass
class Watched:
    """The application, and whether it left its answer unfinished, or gave none at all."""

    app: Any
    unfinished: bool = False
    hung: bool = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """See ASGI. An answer that was left unfinished is ended, which httpx's transport insists on.

        A caller whom nothing reaches leaves at once: who waits for that sees a disconnection behind the request.
        """
        begun = asked = False

        async def received() -> Any:
            nonlocal asked
            if asked and not begun:
                return {"type": "http.disconnect"}
            message = await receive()
            asked = not message.get("more_body", False)
            return message

        async def sent(message: dict[str, Any]) -> None:
            nonlocal begun
            begun, self.unfinished = True, message.get("more_body", True)
            await send(message)

        await self.app(scope, received, sent)
        if not begun:
            self.hung = True
            await send({"type": "http.response.start", "status": 504, "headers": []})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        if self.unfinished:
            await send({"type": "http.response.body", "body": b"", "more_body": False})


class Wire(httpx.AsyncBaseTransport):
    """Calls the application; a connection that it cuts looks as it does on a socket.

    So does an answer that never comes, but that the time until the caller gives up is skipped.
    """

    def __init__(self, app: Any, clock: LeapingClock, timeout: float) -> None:
        self._app, self._clock, self._timeout = app, clock, timeout

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx, whose own transport knows nothing of answers that break off."""
        watched = Watched(self._app)
        response = await httpx.ASGITransport(watched, raise_app_exceptions=False).handle_async_request(request)
        if watched.hung:
            self._clock.skipped += self._timeout
            raise httpx.ReadTimeout("nothing came", request=request)
        if not watched.unfinished:
            return response
        beginning = await response.aread()
        return httpx.Response(response.status_code, headers=response.headers, stream=BrokenOff(beginning))


def judge(
    options: SandboxOptions, settings: RunOptions | None = None, *, report_dir: Path | None = None, **limits: Any
) -> Judged:
    """Run the suite against a sandbox with these options."""
    leaping = LeapingClock()
    app = create_app(options, clock=leaping.epoch)
    clock: RequestClock = leaping
    judged = target(options, **limits)
    transport = Wire(app, leaping, judged.timeout)
    plugin = prepare(settings or RunOptions(), target=judged, transport=transport, clock=clock)
    began = time.perf_counter()
    try:
        result = run_suite(plugin, report_dir=report_dir)
    finally:
        app.state.service.close()
    checks: dict[str, set[str]] = {}
    for finding in plugin.service.state.findings:
        checks.setdefault(finding.clause, set()).add(finding.check)
    return Judged(result.run, time.perf_counter() - began, checks)
