"""Places inside a page that links point to. Text of a target never becomes one."""

from __future__ import annotations

import hashlib
import re

_SAFE = re.compile(r"[a-z0-9][a-z0-9.-]{0,80}")


def clause_anchor(clause: str) -> str:
    """The id of a clause's row; ids that are not ours are replaced by their digest."""
    return f"clause-{_safe(clause)}"


def violation_anchor(fingerprint: str) -> str:
    """The id of a violation's card."""
    return f"violation-{_safe(fingerprint)}"


def _safe(text: str) -> str:
    if _SAFE.fullmatch(text):
        return text
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
