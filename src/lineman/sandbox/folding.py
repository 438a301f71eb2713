"""What a search may take for equal besides letter case: the answers to the open question ``filter.folding``."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


_VOICED = "\u3099\u309a"
"""The marks that make one kana another letter: no accents."""


def _without_accents(text: str) -> str:
    letters = unicodedata.normalize("NFD", text)
    return _composed("".join(each for each in letters if each in _VOICED or unicodedata.category(each) != "Mn"))


def _one_width(text: str) -> str:
    """Full-width Latin and half-width katakana in their usual width; nothing else of NFKC."""
    return "".join(map(_usual_width, text))


def _usual_width(character: str) -> str:
    mapping = unicodedata.decomposition(character)
    if mapping.startswith(("<wide>", "<narrow>")):
        return unicodedata.normalize("NFKC", character)
    return character


def _all_alike(text: str) -> str:
    return _without_accents(_one_width(text))


FOLDINGS: Mapping[str, Callable[[str], str] | None] = MappingProxyType(
    {
        "told-apart": None,
        "forms-equal": _composed,
        "accents-equal": _without_accents,
        "width-equal": _one_width,
        "all-equal": _all_alike,
    }
)
"""Answer to the form in which two texts are compared; None where the texts themselves are."""
