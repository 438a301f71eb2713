"""Servers of this machine that answer a monitor's probes well or badly."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

RECORD = {
    "id": "1124167935465633793",
    "accessCode": "9911411",
    "mediatypeId": 5,
    "n400Number": None,
    "description": None,
    "numCallAttr": 3,
}


def free_port() -> int:
    """A port of this machine on which nothing listens now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def serves(port: int) -> bool:
    """Whether something listens on this port of this machine."""
    with socket.socket() as caller:
        caller.settimeout(1)
        return caller.connect_ex(("127.0.0.1", port)) == 0


def answer(*records: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A successful answer with these records."""
    data = {"total": len(records), "calledRouteList": list(records)}
    return {"returnCode": "0", "data": data, "description": "success", **changes}


@dataclass
class Vendor:
    """A small vendor: what it answers can be replaced."""

    query: Callable[[BaseHTTPRequestHandler, str], None]
    token: Callable[[BaseHTTPRequestHandler], None]
    requests: list[str] = field(default_factory=list)
    issued: int = 0
    url: str = ""

    @property
    def environment(self) -> dict[str, str]:
        return {"LINEMAN_BASE_URL": self.url, "LINEMAN_APP_KEY": "key", "LINEMAN_APP_SECRET": "planted-secret-of-key"}


def send(handler: BaseHTTPRequestHandler, status: int, body: object, kind: str = "application/json") -> None:
    """Answer with JSON, or with text where the body is text."""
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(raw)))
    handler.end_headers()
    handler.wfile.write(raw)


def endless(handler: BaseHTTPRequestHandler, _: str) -> None:
    """A body that never ends, as fast as it goes, until the reader leaves."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    with contextlib.suppress(OSError):
        while True:
            handler.wfile.write(b" " * 65_536)


def trickle(handler: BaseHTTPRequestHandler, _: str) -> None:
    """One byte now and then."""
    raw = json.dumps(answer(RECORD)).encode()
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(raw)))
    handler.end_headers()
    with contextlib.suppress(OSError):
        for byte in raw:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            time.sleep(0.2)  # the server's slowness is the subject


@contextlib.contextmanager
def vendor(context: ssl.SSLContext | None = None) -> Iterator[Vendor]:
    """Serve on the loopback interface; honest until a test changes it."""
    state = Vendor(lambda handler, token: send(handler, 200, answer(RECORD)), lambda handler: None)

    def issue(handler: BaseHTTPRequestHandler) -> None:
        state.issued += 1
        send(
            handler,
            200,
            {"AccessToken": f"issued-token-{state.issued}", "ApplyType": "Bearer", "Expires": "600"},
        )

    state.token = issue

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            state.requests.append(self.path)
            if self.path.endswith("tokenByAkSk"):
                state.token(self)
            else:
                state.query(self, self.headers.get("Authorization", ""))

        def log_message(self, *_: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            return

        def get_request(self) -> tuple[socket.socket, Any]:
            connection, address = super().get_request()
            if context is None:
                return connection, address
            return context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    scheme = "http" if context is None else "https"
    state.url = f"{scheme}://localhost:{server.server_address[1]}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Receiver:
    """A webhook receiver that honours the idempotency key; ``every`` keeps repeated ones too."""

    url: str = ""
    every: list[dict[str, Any]] = field(default_factory=list)
    once: dict[str, dict[str, Any]] = field(default_factory=dict)
    status: int = 204


@contextlib.contextmanager
def receiver() -> Iterator[Receiver]:
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if state.status < 300:
                state.every.append(body)
                state.once.setdefault(self.headers["Idempotency-Key"], body)
            self.send_response(state.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}/"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
