"""The page's first quarter of an hour, followed command by command in one shell, on a machine of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.deployment.page import ROOT, Block, blocks, of_kind

PATIENCE = 60
"""Seconds within which a block has to show what the page says."""


class Terminal:
    """A shell that an operator types into; everything that is shown is kept."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._shell = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._shown: list[str] = []
        self._news = threading.Condition()
        self._blocks = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._shell.stdout is not None
        for line in self._shell.stdout:
            with self._news:
                self._shown.append(line)
                self._news.notify_all()

    @property
    def shown(self) -> str:
        with self._news:
            return "".join(self._shown)

    def wait_for(self, text: str, since: int, deadline: float) -> bool:
        with self._news:
            return self._news.wait_for(
                lambda: text in "".join(self._shown)[since:], max(0, deadline - time.monotonic())
            )

    def type(self, script: str, deadline: float) -> int:
        """Type commands, wait until the last one is done, and return its exit code."""
        assert self._shell.stdin is not None
        self._blocks += 1
        since = len(self.shown)
        self._shell.stdin.write(f"{script}\necho end of block {self._blocks} with $?.\n")
        self._shell.stdin.flush()
        assert self.wait_for(f"end of block {self._blocks} with ", since, deadline), self.shown
        (code,) = re.findall(rf"end of block {self._blocks} with (\d+)\.", self.shown)
        return int(code)

    def close(self) -> None:
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.close()
        self._shell.terminate()
        self._shell.wait(30)
        self._reader.join(30)
        self._shell.stdout.close()


@pytest.fixture
def terminal(bwrap: str) -> Iterator[Terminal]:
    """Nothing of this machine's but its programs and the checkout: no network, no processes, an empty /tmp and home."""
    walls = ["--unshare-all", "--die-with-parent", "--dev-bind", "/", "/", "--proc", "/proc", "--tmpfs", "/tmp"]  # noqa: S108 - the room's
    for path in (str(ROOT), sys.prefix, sys.base_prefix):
        walls += ["--bind", path, path]
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": "/tmp",  # noqa: S108 - the room's
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    opened = Terminal([bwrap, *walls, "--chdir", str(ROOT), "bash", "--noprofile", "--norc"], environment)
    yield opened
    opened.close()


def _follow(terminal: Terminal, block: Block) -> None:
    deadline, since = time.monotonic() + PATIENCE, len(terminal.shown)
    how, _, text = block.rule.partition(" ")
    if how == "dry":
        assert block.commands[0] == "make setup"
        assert terminal.type("make --dry-run setup", deadline) == 0
        assert block.commands[1:] == (". .venv/bin/activate",), "which is what the terminal begins with"
        return
    code = terminal.type(block.script, deadline)
    if how == "until":
        text = text.removeprefix("says ")
        while text not in terminal.shown[since:] and time.monotonic() < deadline:
            terminal.type(f"sleep 0.3\n{block.script}", deadline)
        assert text in terminal.shown[since:], terminal.shown
    elif how in ("told", "shows"):
        assert terminal.wait_for(f"TOLD  {text}" if how == "told" else text, since, deadline), terminal.shown
    else:
        assert (code, how) == (0, ""), terminal.shown


def test_an_alert_fires_and_resolves(terminal: Terminal) -> None:
    followed = of_kind("quarter")
    assert [block.rule for block in followed if block.rule.startswith("told")] == [
        "told FAILED: hotline",
        "told RECOVERED: hotline",
    ]
    for block in followed:
        _follow(terminal, block)
    assert "Traceback" not in terminal.shown
    assert "No such process" not in terminal.shown


def test_every_block_of_the_page_is_executed() -> None:
    kinds = {"runnable", "quarter", "machine", "docker", "kubernetes", "history"}
    forgotten = [block.line for block in blocks() if block.kind not in kinds]
    assert not forgotten, f"blocks without a mark, by line: {forgotten}"
