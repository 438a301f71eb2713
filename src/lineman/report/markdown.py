"""Markdown that shows untrusted text as it is."""

from __future__ import annotations

import re

from lineman.report.text import visible

_SPECIAL = re.compile(r"[\\`*_\[\]<>|~&@#]")
_AT_THE_START = re.compile(r"^(\d*)([-+=.)])")
_LINK = re.compile(r"(?i)(?<=:)/(?=/)|(?<=www)\.")
_FENCE = re.compile(r"`{3,}")


def escaped(text: str) -> str:
    """Text on one line that means nothing in Markdown: no markup, no HTML, no link, no mention."""
    flat = visible(" ".join(text.split()))
    flat = _SPECIAL.sub(lambda match: f"\\{match.group()}", flat)
    flat = _LINK.sub(lambda match: f"\\{match.group()}", flat)
    return _AT_THE_START.sub(lambda match: f"{match.group(1)}\\{match.group(2)}", flat)


def code(text: str) -> str:
    """Text on one line as inline code. Not for tables: a ``|`` would end the cell."""
    flat = visible(" ".join(text.split()))
    longest = max((len(run) for run in re.findall(r"`+", flat)), default=0)
    ticks = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{ticks}{pad}{flat or ' '}{pad}{ticks}"


def fenced(text: str, language: str = "") -> str:
    """Text over several lines as a code block that the text cannot close."""
    longest = max((len(run) for run in _FENCE.findall(text)), default=2)
    ticks = "`" * (longest + 1)
    return f"{ticks}{language}\n{visible(text)}\n{ticks}"
