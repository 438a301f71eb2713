"""Connections that cost little: a head has a deadline, and one client has a share of what can be open."""

from __future__ import annotations

import asyncio
import logging
import resource
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 10.0
"""For a whole request head: it fits into one packet, and a reader on the slowest line sends that within seconds."""
_MOST_OPEN = 4_096
"""Connections at the same time; each costs some 10 kB while it waits."""
_GRACE = 0.2
"""Seconds for which a new connection is not given up in favour of a newer one: its head is on its way."""
_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nContent-Type: text/plain\r\n"
    b"Content-Length: 26\r\n\r\ntoo many open connections\n"
)


def most_open() -> int:
    """How many connections may be open: half of the files that may, after asking the system for enough of them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * _MOST_OPEN
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(_MOST_OPEN, soft // 2)


class Connections:
    """All open connections of a server. Used by its event loop alone."""

    def __init__(self, most: int | None = None, head_seconds: float = HEAD_SECONDS) -> None:
        self.most = most_open() if most is None else most
        self.head_seconds = head_seconds
        self._by_client: dict[str, dict[BoundedProtocol, float]] = {}
        self._open = 0

    def admit(self, protocol: BoundedProtocol) -> bool:
        """Count a connection in; False where there is no room and none that only waits could give way."""
        mine = self._by_client.setdefault(protocol.who, {})
        if len(mine) >= self.most // 2 and not self._give_up_one(mine, protocol.now):
            return False
        largest = max(self._by_client.values(), key=len)
        if self._open >= self.most and not self._give_up_one(largest, protocol.now):
            return False
        mine[protocol] = protocol.now
        self._open += 1
        return True

    def gone(self, protocol: BoundedProtocol) -> None:
        """Count a connection out; one that is not counted does no harm."""
        mine = self._by_client.get(protocol.who, {})
        if mine.pop(protocol, None) is not None:
            self._open -= 1
        if not mine:
            self._by_client.pop(protocol.who, None)

    def _give_up_one(self, mine: dict[BoundedProtocol, float], now: float) -> bool:
        """Close the connection of a client that has waited longest without a request."""
        for protocol, since in mine.items():
            if protocol.waits and now - since >= _GRACE:
                self.gone(protocol)
                protocol.transport.abort()
                return True
        return False


class BoundedProtocol(H11Protocol):
    """uvicorn's protocol, with a deadline for heads; ``open_connections`` is the server's own."""

    open_connections: Connections

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        # One line for each bad request would let anybody fill the disk.
        self.logger = logging.getLogger("lineman.monitor.web")
        self._deadline: asyncio.TimerHandle | None = None

    @property
    def who(self) -> str:
        """The client's address."""
        return self.client[0] if self.client else ""

    @property
    def now(self) -> float:
        return self.loop.time()

    @property
    def waits(self) -> bool:
        """True where no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if not self.open_connections.admit(self):
            transport.write(_BUSY)
            transport.close()
            return
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.open_connections.gone(self)
        if self._deadline is not None:
            self._deadline.cancel()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch_head()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch_head()

    def _watch_head(self) -> None:
        if self.waits and self._deadline is None:
            self._deadline = self.loop.call_later(self.open_connections.head_seconds, self.transport.close)
        elif not self.waits and self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def bounded_protocol(connections: Connections) -> type[BoundedProtocol]:
    """The protocol of one server."""
    return type("ServerProtocol", (BoundedProtocol,), {"open_connections": connections})


logging.getLogger("lineman.monitor.web").setLevel(logging.ERROR)
