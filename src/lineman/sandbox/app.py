"""The sandbox as an ASGI application."""

from __future__ import annotations

import time
from collections.abc import Callable

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from lineman.sandbox.honest import QUERY_PATH
from lineman.sandbox.options import SandboxOptions
from lineman.sandbox.pipeline import HANDLE, Call, Reply
from lineman.sandbox.service import Service


def create_app(options: SandboxOptions | None = None, *, clock: Callable[[], float] = time.time) -> Starlette:
    """Build the application; ``clock`` gives epoch seconds. Needs no lifespan events.

    ``app.state.service.close()`` frees the database early.
    """
    service = Service(options or SandboxOptions(), clock)
    app = Starlette(routes=[Route("/{path:path}", _Endpoint(service))])
    app.state.service = service
    return app


class _Endpoint:
    """Takes every path and every method: what is not documented is the service's to refuse."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _send(await self._reply(Request(scope, receive)), send)

    async def _reply(self, request: Request) -> Reply:
        service = self._service
        body = await request.body()
        if service.options.latency:
            await anyio.sleep(service.options.latency)
        service.move()
        path = request.url.path
        service.queries += path.startswith(QUERY_PATH)
        call = Call(service, service.queries, request.method, path, request.headers, body)
        return await call.run(HANDLE)


async def _send(reply: Reply, send: Send) -> None:
    """Send the reply; one that is cut promises more than comes."""
    length = len(reply.body) + (1000 if reply.cut else 0)
    headers = [(name.encode(), value.encode("latin-1")) for name, value in reply.headers]
    headers.append((b"content-length", str(length).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body, "more_body": reply.cut})
