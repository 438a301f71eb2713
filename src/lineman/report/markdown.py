"""Markdown that shows untrusted text as it is."""

from __future__ import annotations

import re

from lineman.report.text import visible

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~&@])")
_FENCE = re.compile(r"`{3,}")


def escaped(text: str) -> str:
    """Text on one line that means nothing in Markdown and holds no HTML; mentions of people stay silent."""
    return _SPECIAL.sub(r"\\\1", visible(" ".join(text.split())))


def code(text: str) -> str:
    """Text on one line as inline code, also inside a table."""
    flat = visible(" ".join(text.split())).replace("|", "\\|")
    longest = max((len(run) for run in re.findall(r"`+", flat)), default=0)
    ticks = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{ticks}{pad}{flat or ' '}{pad}{ticks}"


def fenced(text: str, language: str = "") -> str:
    """Text over several lines as a code block that the text cannot close."""
    longest = max((len(run) for run in _FENCE.findall(text)), default=2)
    ticks = "`" * (longest + 1)
    return f"{ticks}{language}\n{visible(text)}\n{ticks}"
