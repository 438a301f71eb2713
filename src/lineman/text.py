"""Text of an untrusted target, made fit to be stored and shown.

Three dangers, three functions: :func:`plain` for what JSON, XML and UTF-8 cannot carry, :func:`visible` for
characters that deceive the eye, :func:`clip` for length.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_DECEIVING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_DEEPEST = 100


def _escape_surrogate(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"


def _name_character(match: re.Match[str]) -> str:
    return f"⟨U+{ord(match.group()):04X}⟩"


def plain_text(text: str) -> str:
    """Spell lone surrogates out (``\\ud800``): no encoding can carry them."""
    return _LONE_SURROGATE.sub(_escape_surrogate, text)


def plain(value: Any, depth: int = 0) -> Any:
    """Make a JSON value storable: lone surrogates spelled out, NaN and infinities as text, nesting bounded."""
    if isinstance(value, str):
        return plain_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict | list | tuple) and depth >= _DEEPEST:
        return "… nested too deeply to show"
    if isinstance(value, dict):
        return {plain_text(str(key)): plain(member, depth + 1) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [plain(member, depth + 1) for member in value]
    return value


def visible(text: str) -> str:
    """Name control characters, direction overrides and other invisible characters instead of obeying them."""
    return _DECEIVING.sub(_name_character, text)


def clip(text: str, most: int) -> str:
    """Cut a text to ``most`` characters and say how long it was."""
    if len(text) <= most:
        return text
    return f"{text[:most]}… (cut; {len(text):,} characters)"


def pretty(value: Any) -> str:
    """A JSON value over several lines, its text readable as it is."""
    return json.dumps(plain(value), ensure_ascii=False, indent=2)


def compact(value: Any) -> str:
    """A JSON value on one line."""
    return json.dumps(plain(value), ensure_ascii=False)


def count(number: int, noun: str, plural: str = "") -> str:
    """``1 request``, ``1,200 requests``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


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


def hint(name: str, valid: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?``, or the valid names where none is near and they are few, or nothing."""
    names = sorted(valid)
    lowered = {candidate.lower(): candidate for candidate in names}
    near = get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {lowered[near[0]]!r}?"
    return f"; valid: {', '.join(names)}" if 0 < len(names) <= 20 else ""
