"""Texts that collations of real databases confuse with a text of the data, though they are others.

Each is built from a text that has such a character, and from any text where none has.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence

from lineman.contract.folding import composed, one_width, without_accents

_EMOJI = "📟🛎🪗"
"""Emoji that hardly anybody describes a hotline with; each has four bytes in UTF-8."""
_IDEOGRAPHS = "龘鱻靐"
"""Ideographs that hardly anybody uses."""
_OTHER_DIGITS = "٠١٢٣٤٥٦٧٨٩"
"""The digits of Arabic: another script, and no other width of ours."""
_ACCENTED = {"a": "á", "e": "é", "i": "í", "o": "ó", "u": "ú", "n": "ñ"}


def confusable(texts: Sequence[str]) -> Iterator[str]:
    """Texts that match none of ``texts``, unless the search takes different characters for equal or drops some."""
    made = (
        _changed(texts, _is_emoji, lambda c: _another(c, _EMOJI)),
        _changed(texts, _is_ideograph, lambda c: _another(c, _IDEOGRAPHS)),
        _changed(texts, lambda c: c in "0123456789", lambda c: _OTHER_DIGITS[int(c)]),
        next((text + " " for text in reversed(texts) if len(text) > 2 and text == text.strip()), None),
        next((f"{text}\x00{text[-1]}" for text in texts if len(text) > 2), None),
    )
    yield from (text for text in made if text and not any(text in other for other in texts))


def foldings(texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Kinds of folding, and for each a text that a search finds only where it folds so."""
    changes: dict[str, Callable[[str], str]] = {
        "accents": _other_accent,
        "width": _other_width,
        "composed and decomposed letters": _other_form,
    }
    for kind, change in changes.items():
        made = (change(text) for text in _those_that_change_first(texts, change))
        found = next((text for text in made if not any(text in other for other in texts)), None)
        if found is not None:
            yield kind, found


def _those_that_change_first(texts: Sequence[str], change: Callable[[str], str]) -> list[str]:
    """Texts with a character that is beyond ASCII first: there the question is a real one."""
    return sorted((text for text in texts if change(text) != text), key=str.isascii)


def _changed(texts: Sequence[str], wanted: Callable[[str], bool], change: Callable[[str], str]) -> str | None:
    """A text with the first wanted character changed, beside a neighbour on each side."""
    for text in texts:
        place = next((place for place, character in enumerate(text) if wanted(character)), None)
        if place is not None and len(text) > 1:
            return text[max(0, place - 2) : place] + change(text[place]) + text[place + 1 : place + 3]
    return None


def _is_emoji(character: str) -> bool:
    return ord(character) > 0xFFFF and unicodedata.category(character) == "So"


def _is_ideograph(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff"


def _another(character: str, others: str) -> str:
    return next(other for other in others if other != character)


def _other_accent(text: str) -> str:
    bare = without_accents(text)
    if bare != composed(text):
        return bare
    place = next((place for place, letter in enumerate(text) if letter in _ACCENTED), None)
    return text if place is None else text[:place] + _ACCENTED[text[place]] + text[place + 1 :]


def _other_width(text: str) -> str:
    usual = one_width(text)
    if usual != text:
        return usual
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


def _other_form(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return decomposed if decomposed != text else composed(text)
