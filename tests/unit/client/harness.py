"""What the client's tests share: a clock that only tests move, a documented target in this process, real servers."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from lineman.client import Client, Paths
from lineman.exchange import Exchange
from lineman.secret import Secret
from lineman.target import Credentials, Target

KEY = "app-key-0123456789"
SECRET = "PLANTED-app-secret-0a1b2c3d4e"
TOKEN = "PLANTED.token-Zx9Yw8Vu7Ts6"
SECOND_TOKEN = "PLANTED.second-Qq1Ww2Ee3Rr4"
PATHS = Paths(query="/query", token="/token")
CREDENTIALS = Credentials(KEY, Secret(SECRET))
Handler = Callable[[httpx.Request], httpx.Response]


class FakeClock:
    """Moves on only when somebody sleeps, and then to the end of the shortest sleep."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.slept: list[float] = []
        self._ends: list[float] = []

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds - 1000.0)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        end = self.seconds + seconds
        self._ends.append(end)
        while self.seconds < end:
            for _ in range(5):  # let the others run, who may sleep for a shorter time
                await asyncio.sleep(0)
            self.seconds = max(self.seconds, min(self._ends))
        self._ends.remove(end)


@dataclass
class Vendor:
    """Both operations, as documented. ``queries`` answers a query in place of the honest answer."""

    tokens: list[str] = field(default_factory=lambda: [TOKEN, "PLANTED.token-number-two-x", "PLANTED.token-three-yy"])
    expires: Any = "600"
    queries: Handler | None = None
    token_answers: list[httpx.Response | Exception] = field(default_factory=list)
    """Answers of the token operation before the honest one."""
    token_requests: list[httpx.Request] = field(default_factory=list)
    query_requests: list[httpx.Request] = field(default_factory=list)
    accepted: set[str] = field(default_factory=set)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == PATHS.token:
            return self._token(request)
        self.query_requests.append(request)
        if self.queries is not None:
            return self.queries(request)
        known = {f"Bearer {token}" for token in self.accepted}
        return answer({"returnCode": "0"}) if request.headers.get("Authorization") in known else answer({}, 401)

    def _token(self, request: httpx.Request) -> httpx.Response:
        self.token_requests.append(request)
        if self.token_answers:
            given = self.token_answers.pop(0)
            if isinstance(given, Exception):
                raise given
            return given
        token = self.tokens.pop(0)
        self.accepted.add(token)
        return answer({"AccessToken": token, "Expires": self.expires})


def answer(content: Any, status: int = 200, **headers: str) -> httpx.Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, content=json.dumps(content), headers={"Content-Type": "application/json", **names})


@dataclass
class Setting:
    """A client, and what its tests look at."""

    client: Client
    clock: FakeClock
    exchanges: list[Exchange]


def setting(
    handler: Callable[[httpx.Request], Any], credentials: Credentials = CREDENTIALS, **settings: Any
) -> Setting:
    clock = FakeClock()
    exchanges: list[Exchange] = []
    waiting = {"settle": settings.pop("settle")} if "settle" in settings else {}
    target = Target.of(settings.pop("base_url", "http://127.0.0.1"), credentials, **settings)
    client = Client(
        target,
        paths=PATHS,
        transport=httpx.MockTransport(handler),
        clock=clock,
        on_exchange=exchanges.append,
        **waiting,
    )
    return Setting(client, clock, exchanges)


@contextlib.asynccontextmanager
async def server(
    handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], **options: Any
) -> AsyncIterator[int]:
    """A TCP server on a free port of loopback; ``handle`` runs after the request's head was read."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            await handle(reader, writer)
            await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    running = await asyncio.start_server(connected, "127.0.0.1", 0, **options)
    try:
        yield running.sockets[0].getsockname()[1]
    finally:
        running.close()
        await running.wait_closed()


@contextlib.asynccontextmanager
async def network_client(url: str, **settings: Any) -> AsyncIterator[Client]:
    """A client that talks over the network with a ready token and never waits between attempts."""
    target = Target.of(url, Credentials(token=Secret(TOKEN)), **settings)
    async with Client(target, paths=PATHS, clock=_NoWaiting()) as client:
        yield client


class _NoWaiting:
    """Real time, but no sleep takes any."""

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
