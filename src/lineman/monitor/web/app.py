"""The web application, and the thread that serves it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined
)
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class ListenError(Exception):
    """The address cannot be listened on. One sentence for people."""


@dataclass(frozen=True, slots=True)
class Views:
    """What the pages show; each is called for each request."""

    registry: CollectorRegistry
    health: Callable[[], tuple[bool, dict[str, Any]]]
    page: Callable[[], dict[str, Any]]


def application(views: Views) -> Starlette:
    """The three pages."""

    def metrics(request: Request) -> Response:
        encode, kind = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(views.registry), media_type=None, headers={"Content-Type": kind, **_HEADERS})

    def health(_: Request) -> Response:
        sound, state = views.health()
        return JSONResponse(state, status_code=200 if sound else 503, headers=_HEADERS)

    def page(_: Request) -> Response:
        return HTMLResponse(_TEMPLATES.get_template("status.html").render(views.page()), headers=_HEADERS)

    return Starlette(routes=[Route("/metrics", metrics), Route("/healthz", health), Route("/", page)])


class WebServer:
    """Serves in a thread; port 0 picks one."""

    def __init__(self, listen: str, views: Views) -> None:
        """Bind, so that a taken port is told at once.

        Raises:
            ListenError: the address is taken or is none.
        """
        host, _, port = listen.rpartition(":")
        try:
            self._socket = socket.create_server((host.strip("[]"), int(port)), family=_family(host), reuse_port=False)
        except (OSError, ValueError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or "expected HOST:PORT"
            raise ListenError(
                f"cannot listen on {listen!r}: {reason}; set another address as listen in [monitor]"
            ) from None
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            application(views), log_config=None, access_log=False, lifespan="off", limit_concurrency=64
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
