"""What searches may take for equal besides letter case: accents, full and half width, composed and decomposed letters.

Whether they do is an open question (filter.folding). That one emoji is another, or one letter another, is none.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from lineman.contract.caching import BoundedCache

_SHORT = 256
"""Characters up to which a text counts as one of many short ones: 4,096 of them take a few megabytes."""
_LONG: BoundedCache[str] = BoundedCache(4_000_000)
_VOICED = "\u3099\u309a"
"""The marks that make one kana another letter: no accents."""


def folded(text: str) -> str:
    """The text as the most forgiving of honest searches compares it, letter case included."""
    if text.isascii():
        return text.casefold()
    return _folded(text) if len(text) <= _SHORT else _long(text)


def _fold(text: str) -> str:
    return composed(without_accents(one_width(text)).casefold())


_folded = lru_cache(maxsize=4096)(_fold)


def _long(text: str) -> str:
    """Long texts have a cache of their own, which is bounded by their length together."""
    found = _LONG.get(text)
    if found is None:
        found = _fold(text)
        _LONG.put(text, found, len(text) + len(found))
    return found


def composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def without_accents(text: str) -> str:
    letters = unicodedata.normalize("NFD", text)
    marks = {ord(each): None for each in set(letters) - {*_VOICED} if unicodedata.category(each) == "Mn"}
    return composed(letters.translate(marks) if marks else letters)


def one_width(text: str) -> str:
    """Full-width Latin and half-width katakana in their usual width; nothing else of NFKC."""
    others = (each for each in set(text) if unicodedata.decomposition(each).startswith(("<wide>", "<narrow>")))
    usual = {ord(each): unicodedata.normalize("NFKC", each) for each in others}
    return text.translate(usual) if usual else text
