"""The sandbox on a port of this machine."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import anyio
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from lineman.sandbox.operation import QUERY_PATH
from lineman.sandbox.option_error import SandboxOptionError
from lineman.sandbox.options import SandboxOptions, credentials
from lineman.sandbox.pipeline import HANDLE, Call, Reply
from lineman.sandbox.state import Sandbox


def create_app(options: SandboxOptions | None = None, *, clock: Callable[[], float] = time.time) -> Starlette:
    """Build the application; ``clock`` gives epoch seconds. Needs no lifespan events.

    ``app.state.service.close()`` frees the database early.
    """
    service = Sandbox(options or SandboxOptions(), clock)
    app = Starlette(routes=[Route("/{path:path}", _Endpoint(service))])
    app.state.service = service
    return app


class _Endpoint:
    """Takes every path and every method: what is not documented is the service's to refuse."""

    def __init__(self, service: Sandbox) -> None:
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reply = await self._reply(Request(scope, receive))
        if reply.hang:
            await _until_left(receive)
        else:
            await _send(reply, send)

    async def _reply(self, request: Request) -> Reply:
        service = self._service
        body = await request.body()
        if service.options.latency:
            await anyio.sleep(service.options.latency)
        service.move()
        path = request.url.path
        service.queries += path.startswith(QUERY_PATH)
        connection = ":".join(map(str, request.client or ()))
        call = Call(service, service.queries, request.method, path, request.headers, body, connection)
        return await call.run(HANDLE)


async def _until_left(receive: Receive) -> None:
    """Send nothing until the caller gives up."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(reply: Reply, send: Send) -> None:
    """Send the reply; one that is cut promises more than comes."""
    length = len(reply.body) + (1000 if reply.cut else 0)
    headers = [(name.encode(), value.encode("latin-1")) for name, value in reply.headers]
    headers.append((b"content-length", str(length).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body, "more_body": reply.cut})


_HOST = "127.0.0.1"
_START_SECONDS = 30


@dataclass(frozen=True, slots=True)
class RunningSandbox:
    """Where a sandbox listens, and the environment that points lineman at it."""

    base_url: str
    environment: Mapping[str, str]


class _Server(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


@contextmanager
def serve(options: SandboxOptions | None = None, port: int = 0) -> Iterator[RunningSandbox]:
    """Serve on the loopback interface until the block ends; port 0 picks a free one.

    Raises :class:`SandboxOptionError` where the port is not to be had.
    """
    options = options or SandboxOptions()
    with _listener(port) as listener:
        app = create_app(options)
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        server = _Server(config)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, name="lineman-sandbox", daemon=True
        )
        thread.start()
        try:
            if not server.listening.wait(_START_SECONDS):
                raise SandboxOptionError(f"The sandbox did not start within {_START_SECONDS} seconds.")
            base_url = f"http://{_HOST}:{listener.getsockname()[1]}"
            yield RunningSandbox(base_url, environment(options, base_url))
        finally:
            server.should_exit = True
            thread.join()
            app.state.service.close()


def environment(options: SandboxOptions, base_url: str) -> dict[str, str]:
    """The variables that point lineman at a sandbox with these options."""
    first, second = credentials(options)
    return {
        "LINEMAN_BASE_URL": base_url,
        "LINEMAN_APP_KEY": first.app_key,
        "LINEMAN_APP_SECRET": first.app_secret,
        "LINEMAN_SECOND_APP_KEY": second.app_key,
        "LINEMAN_SECOND_APP_SECRET": second.app_secret,
    }


def _listener(port: int) -> socket.socket:
    listener = socket.socket(
        socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )  # without it asyncio sets no TCP_NODELAY
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_HOST, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        reason = error.strerror or str(error)
        raise SandboxOptionError(
            f"Port {port} of {_HOST} cannot be used: {reason}. Give another --port, or 0."
        ) from error
    return listener
