"""Commands that the documentation shows really run.

A console block is run where a comment before it says so: ``<!-- runnable -->``, with ``exit=N`` for another exit code
than 0 and ``sandbox`` where a target has to be there (its address and credentials are then in the environment). Every
other command of lineman's that the documentation shows has to exist, with its options.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lineman.sandbox import SandboxOptions, serve

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"(?:<!-- runnable(?P<marks>[^>\n]*) -->\n)?```console\n(?P<text>.*?)```", re.DOTALL)
INLINE = re.compile(r"`(lineman [a-z][^`]*)`")
PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


@dataclass(frozen=True)
class Block:
    """A console block of a page: its commands and how they are to end. ``marks`` is None where it is not to be run."""

    place: str
    commands: tuple[str, ...]
    marks: tuple[str, ...] | None

    @property
    def exit_code(self) -> int:
        return next((int(mark.removeprefix("exit=")) for mark in self.marks or () if mark.startswith("exit=")), 0)


def _blocks() -> Iterator[Block]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for found in BLOCK.finditer(text):
            line = text.count("\n", 0, found.start("text"))
            commands = tuple(row[2:] for row in found["text"].splitlines() if row.startswith("$ "))
            marks = None if found["marks"] is None else tuple(found["marks"].split())
            yield Block(f"{page.relative_to(ROOT)}:{line}", commands, marks)


BLOCKS = list(_blocks())
RUNNABLE = [pytest.param(block, id=block.place) for block in BLOCKS if block.marks is not None]


def _shown_calls() -> list[tuple[str, str]]:
    """Return every call of lineman's that a page shows, with its place."""
    calls = [(block.place, command) for block in BLOCKS for command in block.commands]
    for page in PAGES:
        calls += [(page.name, call) for call in INLINE.findall(page.read_text(encoding="utf-8"))]
    shown = [(place, re.sub(r"^\S*/lineman ", "lineman ", call)) for place, call in calls]
    return sorted({(place, call) for place, call in shown if call.startswith("lineman ")})


def _environment(home: Path) -> dict[str, str]:
    return {"PATH": PATH, "HOME": str(home), "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "COLUMNS": "200"}


def _run(commands: tuple[str, ...], folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", "\n".join(commands)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("block", RUNNABLE)
def test_runnable_block(block: Block, tmp_path: Path) -> None:
    environment = _environment(tmp_path)
    if "sandbox" in (block.marks or ()):
        with serve(SandboxOptions()) as sandbox:
            outcome = _run(block.commands, tmp_path, environment | dict(sandbox.environment))
    else:
        outcome = _run(block.commands, tmp_path, environment)
    assert outcome.returncode == block.exit_code, f"{block.place}\n{outcome.stdout}\n{outcome.stderr}"


def test_there_is_something_to_run() -> None:
    assert RUNNABLE, "no block of the documentation is marked as runnable"


@pytest.mark.parametrize(("place", "call"), _shown_calls())
def test_shown_call_exists(place: str, call: str, tmp_path: Path) -> None:
    words = shlex.split(call.split("|", maxsplit=1)[0])[1:]
    names = [word for word in words[:2] if re.fullmatch(r"[a-z][a-z-]*", word)]
    options = {word.partition("=")[0] for word in words if word.startswith("--")}
    # A group's second word is a command of its own; a plain command's is an argument, which --help overrules.
    outcome = _run((f"lineman {shlex.join(names)} --help",), tmp_path, _environment(tmp_path))
    assert outcome.returncode == 0, f"{place} shows {call!r}, but: {outcome.stderr}"
    missing = {option for option in options if option not in outcome.stdout}
    assert not missing, f"{place} shows {call!r}, but its help does not know {sorted(missing)}"
