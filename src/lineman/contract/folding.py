"""What searches may take for equal besides letter case: accents, full and half width, composed and decomposed letters.

Whether they do is an open question (filter.folding). That one emoji is another, or one letter another, is none.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_VOICED = "\u3099\u309a"
"""The marks that make one kana another letter: no accents."""


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """The text as the most forgiving of honest searches compares it, letter case included."""
    if text.isascii():
        return text.casefold()
    return composed(without_accents(one_width(text)).casefold())


def composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def without_accents(text: str) -> str:
    letters = unicodedata.normalize("NFD", text)
    return composed("".join(each for each in letters if each in _VOICED or unicodedata.category(each) != "Mn"))


def one_width(text: str) -> str:
    """Full-width Latin and half-width katakana in their usual width; nothing else of NFKC."""
    return "".join(map(_usual_width, text))


def _usual_width(character: str) -> str:
    if unicodedata.decomposition(character).startswith(("<wide>", "<narrow>")):
        return unicodedata.normalize("NFKC", character)
    return character
