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
from collections.abc import Callable
from pathlib import Path

from tests.monitor.demo import _free_port, serves

from lineman.sandbox import SandboxOptions, credentials

MAIN = "from lineman.cli import main; main()"


def main(canaries: int, seconds: int) -> int:
    """Return 0 where 99 of 100 slots began within 50 ms."""
    port, web, own = _free_port(), _free_port(), credentials(SandboxOptions())[0]
    environment = {
        **os.environ,
        "LINEMAN_BASE_URL": f"http://127.0.0.1:{port}",
        "LINEMAN_APP_KEY": own.app_key,
        "LINEMAN_APP_SECRET": own.app_secret,
    }
    with tempfile.TemporaryDirectory() as folder:
        tables = [
            f'[canaries.c{n}]\nquery = {{ accessCode = "9911411" }}\ninterval = "10s"\ntimeout = "5s"\n'
            for n in range(canaries)
        ]
        (Path(folder) / "c.toml").write_text("\n".join(tables) + f'[monitor]\nlisten = "127.0.0.1:{web}"\n')
        last_core = str(max(os.sched_getaffinity(0)))
        first_core = str(min(os.sched_getaffinity(0)))
        service = subprocess.Popen(
            ["taskset", "-c", last_core, sys.executable, "-c", MAIN, "sandbox", "--port", str(port)],
            stdout=subprocess.DEVNULL,
        )
        _wait_for(lambda: serves(port))
        watcher = subprocess.Popen(
            ["taskset", "-c", first_core, sys.executable, "-c", MAIN, "monitor", "--monitors", folder],
            env=environment,
            stderr=subprocess.DEVNULL,
        )
        try:
            # It has started and got its token once every canary has a result.
            _wait_for(lambda: serves(web) and _good(_metrics(web)) == canaries)
            earlier = _delays(_metrics(web))
            before, began = _cpu(watcher.pid), time.monotonic()
            time.sleep(seconds)  # the time that is measured
            cpu = (_cpu(watcher.pid) - before) / (time.monotonic() - began)
            exposed = _metrics(web)
            memory = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{watcher.pid}/status").read_text())
        finally:
            for process in (watcher, service):
                process.send_signal(signal.SIGTERM)
            watcher.wait(60)
            service.wait(60)
    buckets = {bound: count - earlier[bound] for bound, count in _delays(exposed).items()}
    total = buckets[float("inf")]
    outcomes = {
        outcome: sum(
            float(count)
            for count in re.findall(rf'lineman_slots_total\{{[^}}]*outcome="{outcome}"\}} ([0-9.]+)', exposed)
        )
        for outcome in ("run", "late", "skipped", "missed")
    }
    good = _good(exposed)
    sys.stdout.write(
        f"{total:.0f} starts; within: {', '.join(f'{b * 1000:g} ms {n / total:.2%}' for b, n in buckets.items())}\n"
        f"slots {outcomes}; {good:.0f} canaries ok; CPU {cpu:.0%} of a core; "
        f"memory {int(memory.group(1)) / 1024 if memory else 0:.0f} MB\n"
    )
    return 0 if buckets[0.05] / total >= 0.99 else 1


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
