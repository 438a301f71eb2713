"""Faults of searches that take different letters for equal, as collations of databases do."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from lineman.sandbox.faults.base import failure, fault, filter_by_hand, media_matches, peek
from lineman.sandbox.pipeline import QUERY, SELECT, Call, Reply, Step
from lineman.sandbox.records import Record
from lineman.sandbox.store import Selection

_ASTRAL = 0xFFFF


def _folded(call: Call, proceed: Step[Selection], fold: Callable[[str], str]) -> Selection:
    """What is found when texts and records are folded alike; what contains the text itself is found too."""
    criteria = call.query.criteria
    if criteria.is_example or not (criteria.access_code or criteria.description) or criteria.nothing:
        return proceed(call)

    def holds(text: str | None, wanted: str | None) -> bool:
        return not wanted or (text is not None and (wanted in text or fold(wanted) in fold(text)))

    def keep(record: Record) -> bool:
        return (
            holds(record.access_code, criteria.access_code)
            and holds(record.description, criteria.description)
            and media_matches(call, record)
        )

    return filter_by_hand(call, keep)


def _is_wide(text: str) -> bool:
    """Whether the text has full-width Latin or half-width katakana."""
    return any("\uff01" <= each <= "\uff9f" for each in text)


def _rewritten(call: Call, proceed: Step[Selection], rewrite: Callable[[str], str]) -> Selection:
    """The honest answer to rewritten texts."""
    code, description = call.query.criteria.access_code, call.query.criteria.description
    return proceed(
        call.filtering(
            access_code=code and (rewrite(code) or None), description=description and (rewrite(description) or None)
        )
    )


@fault(
    SELECT,
    "filter.any-text",
    "emoji-equal",
    "Takes every character of four bytes for the same, as old MySQL.",
    sole=True,
)
def emoji_equal(call: Call, proceed: Step[Selection]) -> Selection:
    return _folded(call, proceed, lambda text: "".join("\ufffd" if ord(each) > _ASTRAL else each for each in text))


@fault(SELECT, "filter.any-text", "emoji-weightless", "Gives no weight to emoji in texts and records.", sole=True)
def emoji_weightless(call: Call, proceed: Step[Selection]) -> Selection:
    return _folded(call, proceed, lambda text: "".join(each for each in text if ord(each) <= _ASTRAL))


@fault(SELECT, "filter.any-text", "digits-of-any-script", "Takes digits of every script for equal.", sole=True)
def digits_of_any_script(call: Call, proceed: Step[Selection]) -> Selection:
    return _folded(call, proceed, lambda text: "".join(str(unicodedata.decimal(each, each)) for each in text))


@fault(SELECT, "filter.any-text", "punctuation-weightless", "Gives no weight to punctuation.")
def punctuation_weightless(call: Call, proceed: Step[Selection]) -> Selection:
    return _folded(call, proceed, lambda text: "".join(each for each in text if unicodedata.category(each)[0] != "P"))


@fault(SELECT, "filter.any-text", "chinese-equal", "Takes every Chinese character for the same.", sole=True)
def chinese_equal(call: Call, proceed: Step[Selection]) -> Selection:
    return _folded(call, proceed, lambda text: "".join("一" if "一" <= each <= "鿿" else each for each in text))


@fault(SELECT, "filter.any-text", "trailing-space-dropped", "Drops spaces at the end of texts.")
def trailing_space_dropped(call: Call, proceed: Step[Selection]) -> Selection:
    return _rewritten(call, proceed, lambda text: text.rstrip(" "))


@fault(
    SELECT,
    "filter.any-text",
    "decomposed-first",
    "Decomposes the letters of the text, but not of the records.",
    sole=True,
)
def decomposed_first(call: Call, proceed: Step[Selection]) -> Selection:
    return _rewritten(call, proceed, lambda text: unicodedata.normalize("NFD", text))


@fault(
    SELECT,
    "filter.any-text",
    "twin-form-only",
    "Finds the other normal form of a letter, and never the very text.",
    sole=True,
)
def twin_form_only(call: Call, proceed: Step[Selection]) -> Selection:
    def twin(text: str) -> str:
        composed = unicodedata.normalize("NFC", text)
        return unicodedata.normalize("NFD", text) if composed == text else composed

    return _rewritten(call, proceed, twin)


@fault(
    SELECT,
    "filter.any-text",
    "width-narrowed",
    "Narrows the letters of the text, but not of the records.",
    sole=True,
    variants=("wide-texts",),
)
def width_narrowed(call: Call, proceed: Step[Selection]) -> Selection:
    return _rewritten(call, proceed, lambda text: unicodedata.normalize("NFKC", text) if _is_wide(text) else text)


@fault(SELECT, "filter.any-text", "nul-ends-text", "Ends texts at a NUL.", sole=True)
def nul_ends_text(call: Call, proceed: Step[Selection]) -> Selection:
    return _rewritten(call, proceed, lambda text: text.partition("\0")[0])


@fault(QUERY, "filter.any-text", "nul-fails", "Fails for a text with a NUL.", sole=True)
def nul_fails(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    texts = (peek(call).get("accessCode"), peek(call).get("description"))
    return failure() if any(isinstance(text, str) and "\0" in text for text in texts) else reply
