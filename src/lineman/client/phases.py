"""When each phase of an attempt began and ended, gathered from the transport's trace events."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from lineman.client.clock import Clock
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

    clock: Clock
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
