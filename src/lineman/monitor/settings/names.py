"""The nearest valid name, for messages about an unknown one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def hint(name: str, valid: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?``, or the valid names where none is near and they are few, or nothing."""
    names = sorted(valid)
    lowered = {candidate.lower(): candidate for candidate in names}
    near = get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {lowered[near[0]]!r}?"
    return f"; valid: {', '.join(names)}" if 0 < len(names) <= 20 else ""
