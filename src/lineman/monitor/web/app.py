"""The web application, and the thread that serves it."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import uvicorn
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from lineman.monitor.status.live import PageResponse
from lineman.monitor.status.rendering import make_ready, policy
from lineman.monitor.web.connections import Connections, bounded_protocol
from lineman.monitor.web.guard import NOTHING, Guard

FRESH = 1.0
"""Seconds for which an answer is given again without another look."""
SHARE = 10
"""An answer that took long to compute is kept for so many times as long: readers may take a tenth of the time."""
MOST = 64
"""Answers kept at most."""
_SMALL = 1_000
_BACKLOG = 2_048
"""Clients that may wait for their connection to be taken."""


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """An answer, the same compressed, and until when (monotonic seconds) it is fresh."""

    answer: PageResponse | None
    packed: bytes | None
    until: float
    tag: str
    """The same as long as the answer is."""


class ResponseCache:
    """Used by one event loop. What it is asked to compute runs in a thread, never two at the same time."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, ...], CachedResponse] = OrderedDict()
        self._under_way: set[tuple[str, ...]] = set()
        self._turn = asyncio.Lock()

    async def get(self, key: tuple[str, ...], compute: Callable[[], PageResponse | None]) -> CachedResponse:
        """The answer to a key: a fresh one, or the last one while another reader waits for a new one already."""
        found = self._kept.get(key)
        if found is not None and (time.monotonic() < found.until or key in self._under_way):
            return found
        self._under_way.add(key)
        try:
            async with self._turn:
                return await self._fresh(key, compute)
        finally:
            self._under_way.discard(key)

    async def _fresh(self, key: tuple[str, ...], compute: Callable[[], PageResponse | None]) -> CachedResponse:
        """In turn: what somebody before us has computed meanwhile, or a new answer."""
        found = self._kept.get(key)
        if found is None or time.monotonic() >= found.until:
            found = await run_in_threadpool(_computed, compute)
            self._kept[key] = found
        self._kept.move_to_end(key)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return found


def _computed(compute: Callable[[], PageResponse | None]) -> CachedResponse:
    began = time.monotonic()
    answer = compute()
    packed = gzip.compress(answer.body, 5) if answer is not None and len(answer.body) > _SMALL else None
    # Weak: the same answer goes out compressed as well.
    tag = "" if answer is None else f'W/"{hashlib.sha256(answer.body).hexdigest()[:32]}"'
    now = time.monotonic()
    return CachedResponse(answer, packed, now + max(FRESH, SHARE * (now - began)), tag)


_PATHS = ("/", "/feed.atom", "/canary/{name}", "/badge.svg", "/badge.json")


class ListenError(Exception):
    """The address cannot be listened on. One sentence for people."""


@dataclass(frozen=True, slots=True)
class Views:
    """What is served."""

    registry: CollectorRegistry
    health: Callable[[], tuple[bool, dict[str, Any]]]
    """Called for each request."""
    page: Callable[[str, Mapping[str, str]], PageResponse | None]
    """What a path with a query shows; called in a thread, once for all who ask within a second."""


def application(views: Views, hosts: Iterable[str] = ()) -> Guard:
    """Metrics, health, and what the pages show. A burst of readers costs as much as one reader a second.

    ``hosts``: names by which it may be asked for, beside addresses and names without a dot.
    """
    make_ready()
    keeping, scrapes = ResponseCache(), ResponseCache()
    pages_policy = {"Content-Security-Policy": policy()}

    async def metrics(request: Request) -> Response:
        accept = request.headers.get("accept", "")

        def collect() -> PageResponse:
            encode, kind = choose_encoder(accept)
            return PageResponse(encode(views.registry), kind)

        kept = await scrapes.get((choose_encoder(accept)[1],), collect)
        return _response(kept, request, NOTHING, packed=False)

    async def health(_: Request) -> Response:
        sound, state = views.health()
        return JSONResponse(state, status_code=200 if sound else 503)

    async def page(request: Request) -> Response:
        path = request.url.path
        query = {"canary": name} if (name := request.query_params.get("canary")) and path.startswith("/badge") else {}
        kept = await keeping.get((path, *query.values()), lambda: views.page(path, query))
        html = kept.answer is not None and kept.answer.kind.startswith("text/html")
        packed = "gzip" in request.headers.get("accept-encoding", "")
        return _response(kept, request, pages_policy if html else NOTHING, packed=packed)

    routes = [Route("/metrics", metrics), Route("/healthz", health), *(Route(path, page) for path in _PATHS)]
    return Guard(Starlette(routes=routes), hosts)


def _response(kept: CachedResponse, request: Request, more: Mapping[str, str], *, packed: bool) -> Response:
    answer = kept.answer
    if answer is None:
        return PlainTextResponse("there is no such page\n", status_code=404)
    headers = {**more, "Content-Type": answer.kind, "Vary": "Accept-Encoding", "ETag": kept.tag}
    if answer.status == 200 and kept.tag in request.headers.get("if-none-match", ""):
        return Response(None, 304, headers)
    if not packed or kept.packed is None:
        return Response(answer.body, answer.status, headers)
    return Response(kept.packed, answer.status, {**headers, "Content-Encoding": "gzip"})


class WebServer:
    """Serves in a thread; port 0 picks one."""

    def __init__(
        self, listen: str, views: Views, hosts: Iterable[str] = (), connections: Connections | None = None
    ) -> None:
        """Bind, so that a taken port is reported at once.

        Raises:
            ListenError: the address is taken or is none.
        """
        host, _, port = listen.rpartition(":")
        try:
            self._socket = socket.create_server((host.strip("[]"), int(port)), family=_family(host), backlog=_BACKLOG)
        except (OSError, ValueError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or "expected HOST:PORT"
            raise ListenError(
                f"cannot listen on {listen!r}: {reason}; set another address as listen in [monitor]"
            ) from None
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            application(views, [*hosts, host.strip("[]"), socket.gethostname()]),
            http=bounded_protocol(connections or Connections()),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="lineman-web", daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and let go of the port."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(5)
        self._socket.close()


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
