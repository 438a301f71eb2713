"""lineman against a target that attacks it: ``python -m benchmarks.hostile [MODE...]``, or ``make hostile``.

Prints, for each mode, what ``lineman test``, ``lineman probe`` and ``lineman monitor`` did: exit code, seconds, peak
memory of the process, and how many secrets were found, in any disguise, in what they wrote. Ends with 1 where a row is
out of bounds. ``--only COMMAND`` plays one of the three.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.hostile_monitor import Watched, peak_memory, watch
from benchmarks.hostile_search import found
from benchmarks.hostile_server import HONEST, MODES, attacks
from rich.console import Console
from rich.table import Table

PROBE_TIMEOUT = 5.0
TEST_TIME = 40.0
"""Seconds given to a run with --max-time, so that a mode costs less than a minute."""
MONITOR_TIME = 20.0
START = 2.0
"""Seconds to start Python and load what a command needs, on a busy machine."""
END = 15.0
"""Seconds to conclude a run and write its files, on a busy machine."""
MOST_MB = {"test": 400, "probe": 150, "monitor": 150}
MOST_HONEST_MB = 200
LOOK = 0.02
"""Seconds between two looks at the memory of a process."""
ADDRESS_SPACE = 4 << 30
"""Bytes that a command may reserve: more is an error of its own, and not the death of the machine."""
_EXITS = {"test": {0, 1, 3}, "probe": {0, 1, 2, 3}, "monitor": {0}}
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
    more: tuple[str, ...] = ()

    def problems(self) -> Iterator[str]:
        """What is out of bounds."""
        most = MOST_HONEST_MB if self.mode == HONEST and self.command == "test" else MOST_MB[self.command]
        if self.exit not in _EXITS[self.command]:
            yield f"exit {self.exit}"
        if self.seconds > _LONGEST[self.command]:
            yield f"over {_LONGEST[self.command]:g} s"
        if self.megabytes > most:
            yield f"over {most} MB"
        if self.secrets:
            yield "secrets"
        if any(word in self.said for word in ("Traceback", "lineman itself", "Error calling", "MemoryError")):
            yield "a fault of lineman"
        yield from self.more


_LONGEST = {"test": TEST_TIME + END, "probe": PROBE_TIMEOUT + 1 + START, "monitor": MONITOR_TIME + 120}


def measure(mode: str, command: str) -> Row:
    """Run one command against one mode, in a folder of its own."""
    with attacks(mode) as server, tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "here"
        folder.mkdir()
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("LINEMAN_", "GITHUB_"))}
        environment = clean | server.environment | {"GITHUB_ACTIONS": "true"}
        begun, pages = time.monotonic(), b""
        more: tuple[str, ...] = ()
        if command == "monitor":
            with attacks(HONEST) as honest:
                watched = watch(folder, honest, server, environment, MONITOR_TIME)
            exit_code, megabytes, pages, more = 0, watched.megabytes, watched.pages, tuple(_wrong(watched))
            server.secrets |= honest.secrets
        else:
            exit_code, megabytes = _run(_arguments(command, folder), folder, environment)
        seconds = time.monotonic() - begun
        said = (folder / "output.txt").read_text("utf-8", "replace")
        written = b"\n".join([pages, *(path.read_bytes() for path in folder.rglob("*") if path.is_file())])
        return Row(mode, command, exit_code, seconds, megabytes, found(written, server.secrets), said, more)


def _wrong(watched: Watched) -> Iterator[str]:
    yield from watched.problems
    if watched.missed:
        yield f"{watched.missed:g} slots missed"
    if watched.ill:
        yield f"ill {watched.ill} times"


def _arguments(command: str, folder: Path) -> list[str]:
    if command == "test":
        return ["test", "--max-time", f"{TEST_TIME:g}", "--report-dir", "run", "--base-url", "@"]
    (folder / "canary.toml").write_text(_CANARY)
    return ["probe", "hostile", "--monitors", "canary.toml", "--history", "history.sqlite"]


def _run(arguments: list[str], folder: Path, environment: dict[str, str]) -> tuple[int, float]:
    given = [environment["LINEMAN_BASE_URL"] if word == "@" else word for word in arguments]
    with (folder / "output.txt").open("wb") as output:
        command = [sys.executable, "-m", "lineman", *given]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
        resource.prlimit(process.pid, resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
        deadline, megabytes = time.monotonic() + 2 * (TEST_TIME + END), 0.0
        while process.poll() is None:
            # Not what wait4 tells: that counts the memory of this process, which the child is a copy of at first.
            megabytes = max(megabytes, peak_memory(process.pid))
            if time.monotonic() > deadline:
                process.kill()
            time.sleep(LOOK)
    return process.returncode, megabytes


def main(arguments: list[str]) -> int:
    """Measure the modes and print the table."""
    parser = argparse.ArgumentParser(prog="hostile")
    parser.add_argument("modes", nargs="*", metavar="MODE", help=", ".join(MODES))
    parser.add_argument("--only", choices=sorted(MOST_MB), action="append")
    chosen = parser.parse_args(arguments)
    table = Table("mode", "command", "exit", "seconds", "peak MB", "secrets", "out of bounds")
    console, bad = Console(width=140), 0
    for mode in chosen.modes or MODES:
        for command in chosen.only or MOST_MB:
            row = measure(mode, command)
            problems = list(row.problems())
            bad += bool(problems)
            told = [mode, command, str(row.exit), f"{row.seconds:.1f}", f"{row.megabytes:.0f}", str(row.secrets)]
            table.add_row(*told, ", ".join(problems))
            console.print(" ".join([*told, *problems]), markup=False)
    console.print(table)
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
