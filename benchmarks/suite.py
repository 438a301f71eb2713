"""Measure lineman against the numbers that it has to reach, beside Schemathesis's own command in the same run.

    python -m benchmarks.suite [--repeat N]

Both suites judge the sandbox that comes with lineman: once on loopback, once with 150 ms more for every answer.
Schemathesis gets the same OpenAPI document, a valid token, its default settings and the query operation alone. It is
told to continue after a failure: one that stopped at its first finding, as it does with the honest sandbox, would not
have done the work that is compared. Runs alternate; the median of each counts. Exits 1 where a number is missed.
"""

import argparse
import json
import os
import re
import shlex
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
DOCUMENT = "openapi/query-access-code-list.yaml"
TOKEN_PATH = "/apigovernance/api/oauth/tokenByAkSk"
EXPORT = re.compile(r"^export (LINEMAN_\w+)=(.*)$")
Environment = dict[str, str]


@dataclass(frozen=True)
class Cost:
    """What one command took: seconds on the clock, seconds of CPU time of it and its children, MiB at its peak."""

    wall: float
    cpu: float
    peak: float


@contextmanager
def sandbox(latency: str) -> Iterator[Environment]:
    """Serve the sandbox in a process of its own and yield the variables that lead to it."""
    command = [str(BIN / "lineman"), "sandbox", "--port", "0", "--latency", latency]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield exported(process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def exported(process: subprocess.Popen[str]) -> Environment:
    """Read the sandbox's export lines up to the last one that is needed."""
    found: Environment = {}
    for line in process.stdout or ():
        match = EXPORT.match(line.strip())
        if match:
            found[match[1]] = shlex.split(match[2])[0]
        if "LINEMAN_SECOND_APP_SECRET" in found:
            return found
    raise SystemExit("the sandbox ended before it said where it is")


def token(target: Environment) -> str:
    """Ask the sandbox for a token that outlives the bench."""
    body = {"app_key": target["LINEMAN_APP_KEY"], "app_secret": target["LINEMAN_APP_SECRET"]}
    headers = {"Content-Type": "application/json", "X-Token-Expire": "3600"}
    url = target["LINEMAN_BASE_URL"] + TOKEN_PATH
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310 -- the sandbox, on loopback
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 -- the same
        return str(json.load(answer)["AccessToken"])


def cost(command: list[str], environment: Environment, accepted: set[int]) -> Cost:
    """Run a command to its end and measure it."""
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as printed:
        process = subprocess.Popen(
            [str(BIN / command[0]), *command[1:]],
            cwd=ROOT,
            env=os.environ | environment,
            stdout=printed,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - started
        if process.returncode not in accepted:
            printed.seek(0)
            raise SystemExit(f"{shlex.join(command[:3])} ended with {process.returncode}:\n{printed.read()}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def schemathesis(target: Environment) -> Cost:
    """Run Schemathesis's own command. It may find what it takes for failures; how long it takes is all that counts."""
    command = ["st", "run", DOCUMENT, "--url", target["LINEMAN_BASE_URL"], "--no-color"]
    only = ["--include-operation-id", "queryAccessCodeList", "--continue-on-failure"]
    return cost([*command, *only, "-H", f"Authorization: Bearer {token(target)}"], {}, {0, 1})


def suite(target: Environment) -> tuple[Cost, int]:
    """Run the contract suite and return what it cost and how many requests it sent."""
    with tempfile.TemporaryDirectory() as folder:
        measured = cost(["lineman", "test", "--report-dir", folder], target, {0})
        [record] = Path(folder).rglob("run.json")
        requests = json.loads(record.read_text(encoding="utf-8"))["requests"]
    return measured, requests if isinstance(requests, int) else len(requests)


def tell(what: str, value: float, limit: float, unit: str) -> bool:
    """Print one number beside the one to reach and return whether it was reached."""
    reached = value <= limit
    sys.stdout.write(f"{'ok    ' if reached else 'MISSED'}  {what:<58} {value:8.2f} {unit:<8} (at most {limit:g})\n")
    sys.stdout.flush()
    return reached


def suite_beside_schemathesis(latency: str, factor: float, repeat: int) -> list[bool]:
    """Measure the suite against Schemathesis at one latency; its time may be ``factor`` times as long."""
    with sandbox(latency) as target:
        runs = [(schemathesis(target), *suite(target)) for _ in range(repeat)]
    theirs = statistics.median(their.wall for their, _, _ in runs)
    ours = statistics.median(our.wall for _, our, _ in runs)
    peaks = max(their.peak for their, _, _ in runs), max(our.peak for _, our, _ in runs)
    sys.stdout.write(
        f"        at {latency}: st run {theirs:.2f} s and {peaks[0]:.0f} MiB at its peak, "
        f"lineman test {ours:.2f} s and {peaks[1]:.0f} MiB\n"
    )
    return [
        tell(f"suite at {latency} of added latency, beside st run", ours / theirs, factor, "times"),
        tell(f"requests of the suite at {latency}", max(count for _, _, count in runs), 399, "requests"),
    ]


def probe(repeat: int) -> bool:
    """Measure the CPU time of one probe from start to exit."""
    with sandbox("0") as target:
        command = ["lineman", "probe", "documented-example"]
        spent = statistics.median(cost(command, target, {0}).cpu for _ in range(2 * repeat + 1))
    return tell("CPU time of lineman probe, start to exit", spent, 0.5, "s")


def main() -> int:
    """Measure everything and return 0 where every number was reached."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repeat", type=int, default=3, help="how often each command runs (default 3)")
    repeat = parser.parse_args().repeat
    reached = [
        *suite_beside_schemathesis("0", 2.0, repeat),
        *suite_beside_schemathesis("150ms", 1.0, repeat),
        probe(repeat),
    ]
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
