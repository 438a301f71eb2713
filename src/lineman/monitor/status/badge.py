"""A badge: one word about a canary or about all of them, as SVG and in the schema of shields.io's endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from lineman.monitor.result import SEVERITY, ProbeVerdict
from lineman.monitor.status.current import WORDS, CanaryStatus

_COLOURS = {"up": "#1b6437", "degraded": "#8a5a00", "down": "#a11d17", "unknown": "#565e69", "maintenance": "#2f5482"}
_WIDE, _NARROW = "mwMW@%", "iljtf.,:;'|!() "
_NO_CANARY = "no such canary"


def badge_word(stand: Sequence[CanaryStatus]) -> str:
    """The worst of all; maintenance where nothing else is left, unknown where nothing is."""
    working = [one for one in stand if not one.maintenance]
    if not working:
        return "maintenance" if stand else "unknown"
    worst = max((one.verdict for one in working), key=SEVERITY.index, default=ProbeVerdict.UNKNOWN)
    return WORDS[worst.value]


def endpoint(label: str, word: str | None) -> dict[str, Any]:
    """What shields.io's endpoint badge reads. ``word`` None: there is no such canary."""
    if word is None:
        return {"schemaVersion": 1, "label": label, "message": _NO_CANARY, "color": "#565e69", "isError": True}
    return {"schemaVersion": 1, "label": label, "message": word, "color": _COLOURS[word], "cacheSeconds": 300}


def svg(label: str, word: str | None) -> str:
    """The same as a picture."""
    message = _NO_CANARY if word is None else word
    colour = _COLOURS.get(message, "#565e69")
    left, right = _width(label), _width(message)
    text = escape(f"{label}: {message}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-label="{text}">'
        f"<title>{text}</title>"
        f'<clipPath id="r"><rect width="{left + right}" height="20" rx="3"/></clipPath><g clip-path="url(#r)">'
        f'<rect width="{left}" height="20" fill="#333a42"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{colour}"/></g>'
        '<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f'<text x="{left / 2}" y="14" textLength="{left - 12}">{escape(label)}</text>'
        f'<text x="{left + right / 2}" y="14" textLength="{right - 12}">{escape(message)}</text></g></svg>'
    )


def _width(text: str) -> int:
    """Roughly what Verdana at 11 pixels takes, with six pixels at either side."""
    return 12 + round(sum(10.5 if letter in _WIDE else 4.3 if letter in _NARROW else 7.0 for letter in text))
