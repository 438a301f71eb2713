"""Texts that a careless service reads as something else: a pattern, SQL, an escape, a text without its marks."""

from __future__ import annotations

import unicodedata


def misread_code(code: str) -> list[str]:
    """A code as a pattern, as SQL, escaped, with a blank before it, with a comment behind it."""
    first, second, rest = code[0], code[1], code[2:]
    return [
        f"{first}.{rest}",
        f"^{code}$",
        f"{code}' OR '1'='1",
        f"{first}\\{second}{rest}",
        f"{first}[{second}x]{rest}",
        f"{first}%{ord(second):02X}{rest}",
        f" {code}",
        f"{code}--",
    ]


def misread_words(text: str) -> list[str]:
    """A text as a pattern, as SQL, with a space, a mark or a character without width more."""
    return [
        f"{text[:2]}.{text[3:]}",
        f"^{text}$",
        f"{text}' OR '1'='1",
        text.replace(" ", "+", 1),
        text.replace(" ", "  ", 1),
        f'{text[:2]}"{text[2:]}',
        f"{text[:2]}&{text[2:]}",
        f"{text[:2]}\u200b{text[2:]}",
        f"{text}\U0001f4de",
    ]


def is_unusual(character: str) -> bool:
    """True for all but ASCII letters, digits, blanks and hyphens."""
    return not (character.isascii() and (character.isalnum() or character in " -"))


def unusual_span(text: str) -> str:
    """The part of a text from its first unusual character to its last, with a neighbour on each side."""
    places = [position for position, character in enumerate(text[:200]) if is_unusual(character)]
    return text[max(0, places[0] - 1) : places[-1] + 2].strip() if places else ""


def kind_of(character: str) -> str:
    """What a careless service treats alike: a script, a category, characters of four bytes; of ASCII each by itself."""
    if character.isascii():
        return character
    if ord(character) > 0xFFFF:
        return "four bytes"
    category = unicodedata.category(character)
    return unicodedata.name(character, "?").split()[0] if category.startswith("L") else category
