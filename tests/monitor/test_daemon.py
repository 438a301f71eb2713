"""The monitor as a process: signals, pages, heartbeat, notices, a service manager that listens."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.monitor.servers import Receiver, Vendor, receiver, send, vendor

MAIN = "from lineman.cli import main; main()"
CANARY = """
[canaries.subject]
interval = "1s"
timeout = "800ms"
retry = false
notices = ["hook"]
incident = { opens_after = 2, ends_after = 1, settle = "1s" }
[notices.hook]
webhook = "%s"
[monitor]
history = "history.sqlite"
listen = "127.0.0.1:0"
"""


def wait_for(condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait on another process; there is no clock to hold in it."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


class Process:
    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        command = [sys.executable, "-c", MAIN, "monitor", "--monitors", str(folder)]
        self.process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        self.log: list[str] = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        self.log.extend(self.process.stderr)

    def port(self) -> int:
        wait_for(lambda: any("on port" in line for line in list(self.log)))
        return int(next(re.findall(r"on port (\d+)", line)[0] for line in self.log if "on port" in line))

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port()}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        self.reader.join(5)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code


@contextlib.contextmanager
def watching(folder: Path, **extra: str) -> Iterator[tuple[Process, Vendor, Receiver]]:
    with vendor() as service, receiver() as hook:
        (folder / "c.toml").write_text(CANARY % hook.url)
        process = Process(folder, {**os.environ, **service.environment, **extra})
        try:
            yield process, service, hook
        finally:
            if process.process.poll() is None:
                process.end()


def test_an_outage_is_told_shown_and_over(tmp_path: Path) -> None:
    with watching(tmp_path) as (process, service, hook):
        wait_for(lambda: 'probe_success{canary="subject",location="here"} 1.0' in process.get("/metrics")[1])
        honest = service.query
        service.query = lambda handler, token: send(handler, 503, "<script>alert(1)</script>", "text/html")
        wait_for(lambda: [body["event"] for body in hook.once.values()] == ["failed"])
        service.query = honest
        wait_for(lambda: [body["event"] for body in hook.once.values()] == ["failed", "recovered"])
        assert process.get("/healthz")[0] == 200
        status, page = process.get("/")
        assert (status, page.count("<script>")) == (200, 1), "the page's own script, and no other"
        assert "subject" in page
        shown = subprocess.run(
            [sys.executable, "-c", MAIN, "monitor", "status", "--monitors", str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert shown.returncode == 0, shown.stderr
        assert "subject: ok" in shown.stdout
        assert process.end() == 0
    everything = "".join(process.log) + page + json.dumps(hook.every)
    assert "planted-secret" not in everything
    assert b"planted-secret" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert "Traceback" not in everything


def test_reload_takes_all_or_nothing(tmp_path: Path) -> None:
    with watching(tmp_path) as (process, _, hook):
        wait_for(lambda: 'probe_success{canary="subject",location="here"} 1.0' in process.get("/metrics")[1])
        good = CANARY % hook.url
        (tmp_path / "c.toml").write_text(good + "[canaries.other]\nintervall = 5\n")
        process.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "lineman_reload_successful 0.0" in process.get("/metrics")[1])
        assert "did you mean 'interval'?" in "".join(process.log)
        (tmp_path / "c.toml").write_text(good + '[canaries.other]\ninterval = "1s"\ntimeout = "900ms"\n')
        process.process.send_signal(signal.SIGHUP)
        wait_for(lambda: 'probe_success{canary="other",location="here"} 1.0' in process.get("/metrics")[1])
        assert "lineman_reload_successful 1.0" in process.get("/metrics")[1]
        assert 'probe_success{canary="subject",location="here"} 1.0' in process.get("/metrics")[1]
        assert process.end() == 0


def test_a_channel_out_of_order_loses_nothing(tmp_path: Path) -> None:
    with watching(tmp_path) as (process, service, hook):
        hook.status = 500
        service.query = lambda handler, token: send(handler, 503, {})
        wait_for(lambda: re.search(r"lineman_notice_failures_total [1-9]", process.get("/metrics")[1]))
        process.process.kill()
        process.process.wait()
        hook.status = 204
        again = Process(tmp_path, {**os.environ, **service.environment})
        wait_for(lambda: [body["event"] for body in hook.once.values()] == ["failed"])
        assert again.end() == 0
        assert len(hook.every) == 1
        assert process.process.stderr is not None
        process.reader.join(5)
        process.process.stderr.close()


def test_a_service_manager_is_told(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(30)
        extra = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "3000000"}
        with watching(tmp_path, **extra) as (process, _, _):
            assert manager.recv(1_000).startswith(b"READY=1")
            assert manager.recv(1_000) == b"WATCHDOG=1"
            assert process.end() == 0
        messages = [manager.recv(1_000)]
        while messages[-1] != b"STOPPING=1":
            messages.append(manager.recv(1_000))
        assert set(messages) <= {b"WATCHDOG=1", b"STOPPING=1"}


def test_the_heartbeat_follows_results(tmp_path: Path) -> None:
    with receiver() as switch, watching(tmp_path, BEAT=switch.url) as (process, _, hook):
        process.end()
        text = (CANARY % hook.url).replace("[monitor]", '[monitor]\nheartbeat_env = "BEAT"')
        (tmp_path / "c.toml").write_text(text)
        pinged = threading.Event()
        with socket.create_server(("127.0.0.1", 0)) as listener:

            def accept() -> None:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(4_096)
                    connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
                    pinged.set()

            threading.Thread(target=accept, daemon=True).start()
            beat = f"http://127.0.0.1:{listener.getsockname()[1]}/"
            again = Process(tmp_path, {**os.environ, "LINEMAN_BASE_URL": "http://127.0.0.1:1", "BEAT": beat})
            assert pinged.wait(30)
            assert again.end() == 0


@pytest.mark.parametrize(("text", "said"), [("[canaries]\n", "no [canaries.NAME] table"), ("x = [", "not TOML")])
def test_a_configuration_that_does_not_hold(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "c.toml").write_text(text)
    command = [sys.executable, "-c", MAIN, "monitor", "--monitors", str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 4
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr
