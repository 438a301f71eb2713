"""What "fuzzy" means here: the text stands anywhere in the member, read by the dialect's case and wildcards."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

_WILDCARDS = {
    "literal": {},
    "like": {"%": ".*", "_": "."},
    "percent": {"%": ".*"},
    "glob": {"*": ".*", "?": "."},
    "both": {"%": ".*", "*": ".*", "_": ".", "?": "."},
}
_ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def fold(text: str, case: str) -> str:
    """The form in which two texts are compared, by the answer to ``filter.case``."""
    if case == "insensitive":
        return text.casefold()
    return text.translate(_ASCII_LOWER) if case == "ascii-insensitive" else text


@lru_cache(maxsize=256)
def matcher(needle: str, case: str, wildcards: str) -> Callable[[str], bool]:
    """A predicate over texts: does the text contain ``needle``?"""
    special = _WILDCARDS[wildcards]
    folded = fold(needle, case)
    if not any(character in special for character in folded):
        return lambda text: folded in fold(text, case)
    pattern = re.compile("".join(special.get(character) or re.escape(character) for character in folded), re.DOTALL)
    return lambda text: pattern.search(fold(text, case)) is not None
