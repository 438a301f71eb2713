"""A monitor with many canaries on one core: how punctual slots start, and what it costs.

Arguments: canaries (1000), seconds (60). Prints the 50th, 99th and largest delay, CPU share and memory.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.monitor.servers import free_port, serves

from lineman.sandbox import SandboxOptions, credentials

_SLOTS = r'lineman_slots_total\{{[^}}]*outcome="{}"\}} ([0-9.]+)'
MAIN = "from lineman.cli import main; main()"


@dataclass(frozen=True)
class Measured:
    """What a monitor did in the time that counts: starts by the bound of their delay in seconds, all it exposed at
    the end, its share of a core, its memory in MiB.
    """

    starts: dict[float, float]
    exposed: str
    cpu: float
    memory: float


def main(canaries: int, seconds: int) -> int:
    """Return 0 where 99 of 100 slots began within 50 ms."""
    with running(canaries) as (watcher, web):
        # It has started and got its token once every canary has a result.
        _wait_for(lambda: serves(web) and _good(_metrics(web)) == canaries)
        measured = measure(watcher.pid, web, seconds)
    return tell(measured)


@contextmanager
def running(canaries: int) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A monitor on a core of its own, and the sandbox that it watches on another; yields it and its port."""
    port, web, own = free_port(), free_port(), credentials(SandboxOptions())[0]
    environment = {
        **os.environ,
        "LINEMAN_BASE_URL": f"http://127.0.0.1:{port}",
        "LINEMAN_APP_KEY": own.app_key,
        "LINEMAN_APP_SECRET": own.app_secret,
    }
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        tables = [
            f'[canaries.c{n}]\nquery = {{ accessCode = "9911411" }}\ninterval = "10s"\ntimeout = "5s"\n'
            for n in range(canaries)
        ]
        (Path(folder) / "c.toml").write_text("\n".join(tables) + f'[monitor]\nlisten = "127.0.0.1:{web}"\n')
        stack.enter_context(_process(cores[-1], ["sandbox", "--port", str(port)], environment))
        _wait_for(lambda: serves(port))
        yield stack.enter_context(_process(cores[0], ["monitor", "--monitors", folder], environment)), web


@contextmanager
def _process(core: int, arguments: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        ["taskset", "-c", str(core), sys.executable, "-c", MAIN, *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def measure(pid: int, web: int, seconds: float) -> Measured:
    """Let it run for some seconds, and take the difference."""
    earlier = _delays(_metrics(web))
    before, began = _cpu(pid), time.monotonic()
    time.sleep(seconds)  # the time that is measured
    cpu = (_cpu(pid) - before) / (time.monotonic() - began)
    exposed = _metrics(web)
    memory = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    starts = {bound: count - earlier[bound] for bound, count in _delays(exposed).items()}
    return Measured(starts, exposed, cpu, int(memory.group(1)) / 1024 if memory else 0.0)


def tell(measured: Measured) -> int:
    """Print what was measured, and return 0 where it is good enough."""
    total = measured.starts[float("inf")]
    within = ", ".join(f"{bound * 1000:g} ms {count / total:.2%}" for bound, count in measured.starts.items())
    outcomes = {
        outcome: sum(map(float, re.findall(_SLOTS.format(outcome), measured.exposed)))
        for outcome in ("run", "late", "skipped", "missed")
    }
    sys.stdout.write(
        f"{total:.0f} starts; within: {within}\n"
        f"slots {outcomes}; {_good(measured.exposed):.0f} canaries ok; CPU {measured.cpu:.0%} of a core; "
        f"memory {measured.memory:.0f} MB\n"
    )
    return 0 if measured.starts[0.05] / total >= 0.99 else 1


def _wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"it did not begin within {seconds:g} s")
        time.sleep(0.2)


def _good(exposed: str) -> float:
    """How many canaries are well."""
    return sum(float(value) for value in re.findall(r"probe_success\{[^}]*\} ([0-9.]+)", exposed))


def _metrics(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        text: str = answer.read().decode()
        return text


def _delays(exposed: str) -> dict[float, float]:
    """Starts by the bound of their delay, in seconds; the scrapes' difference leaves the start of the monitor out."""
    found = re.findall(r'lineman_slot_start_delay_seconds_bucket\{le="([^"]+)"\} ([0-9.]+)', exposed)
    return {float(bound): float(count) for bound, count in found}


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in [*sys.argv[1:], *["1000", "60"][len(sys.argv) - 1 :]])))
