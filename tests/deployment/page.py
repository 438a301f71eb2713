"""The operators' page as its tests read it: its console blocks, each marked with how it is executed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "operators.md"
_BLOCK = re.compile(r"(?:<!-- (?P<mark>[^\n]*?) -->\n)?```console\n(?P<text>.*?)```", re.DOTALL)
_CRON = re.compile(r"```cron\n(?P<text>.*?)```", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A console block. ``kind``: who executes it; ``rule``: how, such as ``until says OK``."""

    line: int
    kind: str
    rule: str
    commands: tuple[str, ...]

    @property
    def script(self) -> str:
        return "\n".join(self.commands)


def blocks() -> Iterator[Block]:
    """Every console block of the page, in order. A command may go on in lines that do not begin with ``$``."""
    text = PAGE.read_text("utf-8")
    for found in _BLOCK.finditer(text):
        kind, _, rule = (found["mark"] or "").partition(": ")
        commands = tuple(part.strip() for part in re.split(r"^\$ ", found["text"], flags=re.MULTILINE) if part.strip())
        yield Block(text.count("\n", 0, found.start("text")), kind.split(" ")[0], rule, commands)


def of_kind(kind: str) -> list[Block]:
    return [block for block in blocks() if block.kind == kind]


def cron_commands() -> list[str]:
    """The commands of the page's crontab lines, without the times."""
    lines = [line for found in _CRON.finditer(PAGE.read_text("utf-8")) for line in found["text"].splitlines()]
    return [re.sub(r"^(\S+ ){5}", "", line) for line in lines]
