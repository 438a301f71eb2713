"""lineman against a target that attacks it: ``python -m benchmarks.hostile [MODE...]``, or ``make hostile``.

Prints, for each mode, what ``lineman test`` and ``lineman probe`` did: exit code, seconds, peak memory of the process,
and how many secrets were found in what they wrote. Ends with 1 where a row is out of bounds.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.hostile_server import MODES, attacks
from rich.console import Console
from rich.table import Table

PROBE_TIMEOUT = 5.0
TEST_TIME = 60.0
"""Seconds given to a run with --max-time, so that a mode costs a minute at most."""
MOST_TEST_MB, MOST_PROBE_MB = 400, 150
_EXITS = {"test": {0, 1, 3}, "probe": {0, 1, 2, 3}}
_CANARY = """
[canaries.hostile]
query = { limit = 10 }
interval = "60s"
timeout = "5s"
"""


@dataclass(frozen=True)
class Row:
    """What one command did against one mode."""

    mode: str
    command: str
    exit: int
    seconds: float
    megabytes: float
    secrets: int
    said: str

    def problems(self) -> Iterator[str]:
        limit = TEST_TIME + 15 if self.command == "test" else PROBE_TIMEOUT + 1 + 2
        most = MOST_TEST_MB if self.command == "test" else MOST_PROBE_MB
        if self.exit not in _EXITS[self.command]:
            yield f"exit {self.exit}"
        if self.seconds > limit:
            yield f"over {limit:g} s"
        if self.megabytes > most:
            yield f"over {most} MB"
        if self.secrets:
            yield "secrets"
        if "Traceback" in self.said or "lineman itself" in self.said:
            yield "a fault of lineman"


def measure(mode: str, command: str) -> Row:
    """Run one command against one mode, in a folder of its own."""
    with attacks(mode) as server, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("LINEMAN_", "GITHUB_"))}
        environment = clean | server.environment | {"GITHUB_ACTIONS": "true"}
        begun = time.monotonic()
        exit_code, megabytes, said = _run(_arguments(command, folder), folder, environment)
        seconds = time.monotonic() - begun
        written = said.encode() + b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
        found = sum(secret.encode() in written for secret in server.secrets)
        return Row(mode, command, exit_code, seconds, megabytes, found, said)


def _arguments(command: str, folder: Path) -> list[str]:
    if command == "test":
        return ["test", "--max-time", f"{TEST_TIME:g}", "--report-dir", "run", "--base-url", "@"]
    (folder / "canary.toml").write_text(_CANARY)
    return ["probe", "--monitors", "canary.toml", "--history", "history.sqlite"]


def _run(arguments: list[str], folder: Path, environment: dict[str, str]) -> tuple[int, float, str]:
    given = [environment["LINEMAN_BASE_URL"] if word == "@" else word for word in arguments]
    with (folder / "output.txt").open("wb") as output:
        command = [sys.executable, "-m", "lineman", *given]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss / 1024, (folder / "output.txt").read_text("utf-8", "replace")


def main(chosen: list[str]) -> int:
    """Measure the modes and print the table."""
    table = Table("mode", "command", "exit", "seconds", "peak MB", "secrets", "out of bounds")
    console, bad = Console(width=140), 0
    for mode in chosen or MODES:
        for command in ("test", "probe"):
            row = measure(mode, command)
            problems = list(row.problems())
            bad += bool(problems)
            told = [
                row.mode,
                row.command,
                str(row.exit),
                f"{row.seconds:.1f}",
                f"{row.megabytes:.0f}",
                str(row.secrets),
            ]
            table.add_row(*told, ", ".join(problems))
            console.print(" ".join([*told, *problems]), markup=False)
    console.print(table)
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
