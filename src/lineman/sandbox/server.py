"""The sandbox on a port of this machine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn

from lineman.sandbox.app import create_app
from lineman.sandbox.options import SandboxOptionError, SandboxOptions, credentials

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
