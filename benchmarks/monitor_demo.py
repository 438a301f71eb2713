"""A monitor's night in half a minute: an outage, a broken promise and a recovery, played through for real.

Starts the sandbox and the monitor as processes of their own, takes the sandbox down and up again, and prints at the
end what was told and when, and the uptime figures. ``python -m benchmarks.monitor_demo`` runs it.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.monitor.servers import free_port, serves

MAIN = "from lineman.cli import main; main()"
CANARY = """
[canaries.hotline]
query = { accessCode = "9911411", mediatypeId = 5, description = "access code", limit = 10, offset = 0 }
interval = "1s"
timeout = "900ms"
retry = false
notices = ["demo"]

[canaries.hotline.expect]
total_at_least = 1
records = [{ accessCode = "9911411", mediatypeId = 5 }]

[canaries.hotline.incident]
opens_after = 2
ends_after = 2
settle = "2s"

[notices.demo]
webhook = "http://127.0.0.1:%d/"

[monitor]
listen = ""
"""
ACTS: tuple[tuple[str, tuple[str, ...] | None, list[str]], ...] = (
    ("all is well", (), []),
    ("the service is down", None, ["failed"]),
    ("it is back", (), ["failed", "recovered"]),
    ("it breaks a promise", ("--fault", "FAULT"), ["failed", "recovered", "failed"]),
    ("it is mended", (), ["failed", "recovered", "failed", "recovered"]),
)
"""What happens, how the sandbox is started for it, and what has been told by its end."""
PATIENCE = 60
"""Seconds within which an act has to be told."""
QUIET = 4
"""Seconds for which an act goes on once it is told: longer than ``settle``, so that acts are incidents of their own."""


def main() -> int:
    """Play the acts; return 0 where every act that should be told was told."""
    told: list[tuple[float, dict[str, Any]]] = []
    with tempfile.TemporaryDirectory() as name, _receiver(told) as port:
        folder = Path(name)
        (folder / "canary.toml").write_text(CANARY % port)
        environment, sandbox_port = _environment(), free_port()
        began = time.monotonic()
        environment["LINEMAN_BASE_URL"] = f"http://127.0.0.1:{sandbox_port}"
        with contextlib.ExitStack() as night:
            for number, (title, options, events) in enumerate(ACTS):
                _say(f"{time.monotonic() - began:5.1f} s  {title}")
                with contextlib.ExitStack() as act:
                    if options is not None:
                        act.enter_context(_sandbox(sandbox_port, options))
                    if number == 0:
                        night.enter_context(_process(["monitor", "--monitors", name], environment))
                        _wait_for(lambda: "hotline: ok" in _status(name, environment), "the first result")
                    _wait_for(functools.partial(_is_told, told, events), f"telling {events}")
                    time.sleep(QUIET)  # the play's own time: an act goes on for a while
        _say("\nwhat was told:")
        for instant, notice in told:
            _say(f"{instant - began:5.1f} s  {notice['title']}: {notice['body'].splitlines()[0]}")
        _say("\nwhat history says:")
        _say(_status(name, environment).strip())
    return 0 if _events(told) == ACTS[-1][2] else 1


def _events(told: list[tuple[float, dict[str, Any]]]) -> list[str]:
    return [notice["event"] for _, notice in told]


def _is_told(told: list[tuple[float, dict[str, Any]]], events: list[str]) -> bool:
    return _events(told) == events


def _wait_for(condition: Callable[[], bool], what: str) -> None:
    """Wait on another process, and go on without it in the end: what was told decides."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            _say(f"        {what} did not happen within {PATIENCE} s")
            return
        time.sleep(0.1)


def _status(folder: str, environment: dict[str, str]) -> str:
    command = [sys.executable, "-c", MAIN, "monitor", "status", "--monitors", folder]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _environment() -> dict[str, str]:
    from lineman.sandbox import SandboxOptions, credentials  # noqa: PLC0415 - the demo's defendant

    own = credentials(SandboxOptions())[0]
    return {**os.environ, "LINEMAN_APP_KEY": own.app_key, "LINEMAN_APP_SECRET": own.app_secret}


def _fault() -> str:
    """A fault that a single answer to the canary's query shows."""
    from lineman.sandbox import FAULTS  # noqa: PLC0415 - the demo's defendant

    return next(name for name, fault in FAULTS.items() if fault.clause == "answer.return-code" and fault.sole)


@contextlib.contextmanager
def _sandbox(port: int, options: tuple[str, ...]) -> Iterator[None]:
    arguments = [_fault() if option == "FAULT" else option for option in options]
    with _process(["sandbox", "--port", str(port), *arguments], dict(os.environ)):
        _wait_for(lambda: serves(port), "the sandbox")
        yield


@contextlib.contextmanager
def _process(arguments: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", MAIN, *arguments]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


@contextlib.contextmanager
def _receiver(told: list[tuple[float, dict[str, Any]]]) -> Iterator[int]:
    """A webhook receiver that honours the idempotency key."""
    keys: set[str] = set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers["Idempotency-Key"] not in keys:
                keys.add(self.headers["Idempotency-Key"])
                told.append((time.monotonic(), json.loads(body)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    sys.exit(main())
