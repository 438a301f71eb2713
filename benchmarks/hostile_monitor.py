"""A monitor that watches an attacker beside an honest target: the honest slots are kept, and the page answers."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.hostile_server import HostileServer
from tests.monitor.servers import free_port, serves

HONEST = 5
"""Canaries that watch the honest target."""
_PAGES = ("/", "/metrics", "/feed.atom", "/canary/attacked", "/healthz")
_STARTING = 60.0
_HEALTHY = 1.0
"""Seconds between two looks at ``/healthz``."""
_MISSED = re.compile(r'lineman_slots_total\{[^}]*canary="honest-\d+"[^}]*outcome="missed"[^}]*\} ([0-9.]+)')
_CANARY = (
    '[canaries.{name}]\ntarget = "{target}"\nquery = {{ limit = 10 }}\ninterval = "{interval}"\ntimeout = "{timeout}"\n'
)


@dataclass
class Watched:
    """What a monitor did: its largest memory, slots that honest canaries missed, times that it was called ill."""

    megabytes: float = 0.0
    missed: float = 0.0
    ill: int = 0
    pages: bytes = b""
    problems: list[str] = field(default_factory=list)


def watch(
    folder: Path, honest: HostileServer, attacker: HostileServer, environment: dict[str, str], seconds: float
) -> Watched:
    """Run a monitor for some seconds against both."""
    port = free_port()
    _configure(folder, honest, attacker, port)
    made = Watched()
    with _monitor(folder, environment) as process:
        if not _begun(port, process):
            made.problems.append("it did not begin")
            return made
        end = time.monotonic() + seconds
        while time.monotonic() < end and process.poll() is None:
            made.ill += _asked(port, "/healthz")[0] != 200
            made.megabytes = max(made.megabytes, peak_memory(process.pid))
            time.sleep(_HEALTHY)
        if process.poll() is not None:
            made.problems.append(f"it ended with {process.returncode}")
        made.pages = b"\n".join(_asked(port, page)[1] for page in _PAGES)
    made.missed = sum(map(float, _MISSED.findall(made.pages.decode("utf-8", "replace"))))
    return made


def _configure(folder: Path, honest: HostileServer, attacker: HostileServer, port: int) -> None:
    tables = []
    for name, server in (("honest", honest), ("attacker", attacker)):
        secret = folder.parent / f"{name}.secret"  # not among what is searched for it
        secret.touch(0o600)
        secret.write_text(server.environment["LINEMAN_APP_SECRET"])
        key = server.environment["LINEMAN_APP_KEY"]
        tables.append(f'[targets.{name}]\nbase_url = "{server.url}"\napp_key = "{key}"\napp_secret_file = "{secret}"\n')
    (folder / "lineman.toml").write_text("\n".join(tables))
    canaries = [_CANARY.format(name="attacked", target="attacker", interval="3s", timeout="2s")]
    canaries += [
        _CANARY.format(name=f"honest-{number}", target="honest", interval="1s", timeout="900ms")
        for number in range(HONEST)
    ]
    (folder / "canaries.toml").write_text(
        "\n".join([*canaries, f'[monitor]\nhistory = "history.sqlite"\nlisten = "127.0.0.1:{port}"\n'])
    )


@contextmanager
def _monitor(folder: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    clean = {key: value for key, value in environment.items() if not key.startswith("LINEMAN_")}
    command = [sys.executable, "-m", "lineman", "monitor", "--monitors", "canaries.toml"]
    with (folder / "output.txt").open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env=clean, stdout=output, stderr=output)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _begun(port: int, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + _STARTING
    while time.monotonic() < deadline and process.poll() is None:
        if serves(port) and _asked(port, "/healthz")[0] == 200:
            return True
        time.sleep(0.2)
    return False


def _asked(port: int, path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""


def peak_memory(pid: int) -> float:
    """The most memory that a process had until now, in MiB."""
    try:
        told = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0.0
    return int(told[1]) / 1024 if told else 0.0
