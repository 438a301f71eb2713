"""Faults that only certain texts bring out."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable
from urllib.parse import unquote_plus

from lineman.sandbox.faults.base import code_matches, failure, fault, filter_by_hand, media_matches, peek
from lineman.sandbox.pipeline import QUERY, SELECT, Call, Refusal, Reply, Step
from lineman.sandbox.store import Selection


def _rewritten(call: Call, proceed: Step[Selection], rewrite: Callable[[str], str | None]) -> Selection:
    """The honest answer to rewritten texts."""
    criteria = call.query.criteria
    code, description = criteria.access_code, criteria.description
    return proceed(
        call.filtering(
            access_code=rewrite(code) if code else code,
            description=rewrite(description) if description else description,
        )
    )


def _failing(call: Call, proceed: Step[Reply], breaks: Callable[[str], object], status: int = 500) -> Reply:
    """A failure of the service where a text breaks it."""
    members = peek(call)
    texts = [text for text in (members.get("accessCode"), members.get("description")) if isinstance(text, str)]
    reply = proceed(call)
    return failure(status) if any(breaks(text) for text in texts) else reply


@fault(QUERY, "filter.any-text", "apostrophe-fails", "Fails for a text with an apostrophe.", sole=True)
def apostrophe_fails(call: Call, proceed: Step[Reply]) -> Reply:
    return _failing(call, proceed, lambda text: "'" in text)


@fault(QUERY, "filter.any-text", "backslash-fails", "Fails for a text that ends with a backslash.", sole=True)
def backslash_fails(call: Call, proceed: Step[Reply]) -> Reply:
    return _failing(call, proceed, lambda text: text.endswith("\\"))


@fault(QUERY, "filter.any-text", "emoji-fails", "Fails for characters that need four bytes.", sole=True)
def emoji_fails(call: Call, proceed: Step[Reply]) -> Reply:
    return _failing(call, proceed, lambda text: any(ord(character) > 0xFFFF for character in text))


@fault(QUERY, "filter.any-text", "long-text-fails", "Fails for a text of more than 255 characters.", sole=True)
def long_text_fails(call: Call, proceed: Step[Reply]) -> Reply:
    return _failing(call, proceed, lambda text: len(text) > 255)


@fault(QUERY, "filter.any-text", "firewall", "Refuses texts that look like SQL or script with 403.", sole=True)
def firewall(call: Call, proceed: Step[Reply]) -> Reply:
    mismatch = re.compile(r"(\b(drop|union|select)\b|'\s*or\b|--|<script)", re.IGNORECASE)
    return _failing(call, proceed, mismatch.search, 403)


@fault(SELECT, "filter.any-text", "sql-injection", "Runs texts as SQL: a quote and OR finds everything.", sole=True)
def sql_injection(call: Call, proceed: Step[Selection]) -> Selection:
    return _rewritten(call, proceed, lambda text: None if re.search(r"'\s*(or|\|\|)", text, re.IGNORECASE) else text)


@fault(SELECT, "filter.any-text", "comment-injection", "Cuts texts at two dashes, as SQL does.", sole=True)
def comment_injection(call: Call, proceed: Step[Selection]) -> Selection:
    return _rewritten(
        call, proceed, lambda text: (text.partition("--")[0].rstrip("'; ") or None) if "--" in text else text
    )


@fault(SELECT, "filter.any-text", "regular-expression", "Runs descriptions as regular expressions.", sole=True)
def regular_expression(call: Call, proceed: Step[Selection]) -> Selection:
    wanted = call.query.criteria.description
    if not wanted or call.query.criteria.is_example:
        return proceed(call)
    try:
        pattern = re.compile(wanted)
    except re.error:
        raise Refusal("request", "pattern", "description is not a valid pattern.") from None
    return filter_by_hand(
        call,
        lambda record: (
            bool(pattern.search(record.description or ""))
            and code_matches(call, record)
            and media_matches(call, record)
        ),
    )


@fault(SELECT, "filter.any-text", "brackets-are-classes", "Runs [abc] as one character out of a, b and c.", sole=True)
def brackets_are_classes(call: Call, proceed: Step[Selection]) -> Selection:
    wanted = call.query.criteria.description
    if not wanted or not re.search(r"\[[^\]]+\]", wanted):
        return proceed(call)
    parts = re.split(r"(\[[^\]]+\])", wanted)
    escaped = (
        f"[{re.escape(part[1:-1])}]" if part.startswith("[") and part[1:-1] else re.escape(part) for part in parts
    )
    pattern = re.compile("".join(escaped))
    return filter_by_hand(
        call,
        lambda record: (
            bool(pattern.search(record.description or ""))
            and code_matches(call, record)
            and media_matches(call, record)
        ),
    )


@fault(SELECT, "filter.any-text", "backslash-swallowed", "Drops backslashes, as an escape of LIKE.", sole=True)
def backslash_swallowed(call: Call, proceed: Step[Selection]) -> Selection:
    return _rewritten(call, proceed, lambda text: text.replace("\\", "") or None)


@fault(SELECT, "filter.any-text", "emoji-dropped", "Drops characters that need four bytes from the text.", sole=True)
def emoji_dropped(call: Call, proceed: Step[Selection]) -> Selection:
    return _rewritten(call, proceed, lambda text: "".join(each for each in text if ord(each) <= 0xFFFF) or None)


@fault(SELECT, "filter.any-text", "latin-only", "Reads characters outside of Latin-1 as question marks.", sole=True)
def latin_only(call: Call, proceed: Step[Selection]) -> Selection:
    return _rewritten(call, proceed, lambda text: text.encode("latin-1", "replace").decode("latin-1"))


@fault(
    SELECT,
    "filter.any-text",
    "composed-first",
    "Composes combining marks of the text, but not of the records.",
    sole=True,
)
def composed_first(call: Call, proceed: Step[Selection]) -> Selection:
    return _rewritten(call, proceed, lambda text: unicodedata.normalize("NFC", text))


@fault(SELECT, "filter.any-text", "marks-dropped", "Drops combining marks from the text.", sole=True)
def marks_dropped(call: Call, proceed: Step[Selection]) -> Selection:
    return _rewritten(
        call, proceed, lambda text: "".join(each for each in text if not unicodedata.combining(each)) or None
    )


@fault(SELECT, "filter.any-text", "url-decoded", "Decodes plus and percent signs in the text.", sole=True)
def url_decoded(call: Call, proceed: Step[Selection]) -> Selection:
    return _rewritten(call, proceed, unquote_plus)


@fault(SELECT, "filter.any-text", "html-escaped", "Escapes the text for HTML before it searches.", sole=True)
def html_escaped(call: Call, proceed: Step[Selection]) -> Selection:
    return _rewritten(call, proceed, html.escape)


@fault(SELECT, "filter.any-text", "quotes-stripped", "Strips quotes from the text.", sole=True)
def quotes_stripped(call: Call, proceed: Step[Selection]) -> Selection:
    return _rewritten(call, proceed, lambda text: text.replace('"', "").replace("'", "") or None)


@fault(SELECT, "filter.any-text", "long-text-cut", "Searches for the first 50 characters of a long text.", sole=True)
def long_text_cut(call: Call, proceed: Step[Selection]) -> Selection:
    return _rewritten(call, proceed, lambda text: text[:50])


@fault(SELECT, "filter.any-text", "long-text-ignored", "Ignores a text of more than 100 characters.", sole=True)
def long_text_ignored(call: Call, proceed: Step[Selection]) -> Selection:
    return _rewritten(call, proceed, lambda text: None if len(text) > 100 else text)


@fault(QUERY, "filter.any-text", "double-quote-fails", "Fails for a text with a double quote.", sole=True)
def double_quote_fails(call: Call, proceed: Step[Reply]) -> Reply:
    return _failing(call, proceed, lambda text: '"' in text)


@fault(QUERY, "filter.any-text", "parenthesis-fails", "Answers 400 for a text with a parenthesis.", sole=True)
def parenthesis_fails(call: Call, proceed: Step[Reply]) -> Reply:
    return _failing(call, proceed, lambda text: "(" in text, 400)


@fault(QUERY, "filter.any-text", "combining-fails", "Fails for combining marks.", sole=True)
def combining_fails(call: Call, proceed: Step[Reply]) -> Reply:
    return _failing(call, proceed, lambda text: any(map(unicodedata.combining, text)))


@fault(SELECT, "filter.any-text", "null-word-ignored", 'Takes the text "null" for no filter.', sole=True)
def null_word_ignored(call: Call, proceed: Step[Selection]) -> Selection:
    return _rewritten(call, proceed, lambda text: None if text == "null" else text)


@fault(SELECT, "filter.any-text", "zero-ignored", 'Takes the text "0" for no filter.', sole=True)
def zero_ignored(call: Call, proceed: Step[Selection]) -> Selection:
    return _rewritten(call, proceed, lambda text: None if text == "0" else text)


@fault(SELECT, "filter.any-text", "blank-ignored", "Takes a text of blanks for no filter.", sole=True)
def blank_ignored(call: Call, proceed: Step[Selection]) -> Selection:
    return _rewritten(call, proceed, lambda text: text if text.strip() else None)


@fault(SELECT, "filter.any-text", "invisible-dropped", "Drops characters without width from the text.", sole=True)
def invisible_dropped(call: Call, proceed: Step[Selection]) -> Selection:
    return _rewritten(call, proceed, lambda text: "".join(c for c in text if unicodedata.category(c) != "Cf") or None)


@fault(SELECT, "filter.any-text", "ampersand-dropped", "Drops ampersands from the text.", sole=True)
def ampersand_dropped(call: Call, proceed: Step[Selection]) -> Selection:
    return _rewritten(call, proceed, lambda text: text.replace("&", "") or None)


@fault(SELECT, "filter.any-text", "anchors-obeyed", "Takes ^ and $ around a description for its ends.", sole=True)
def anchors_obeyed(call: Call, proceed: Step[Selection]) -> Selection:
    wanted = call.query.criteria.description or ""
    if not (wanted.startswith("^") and wanted.endswith("$")):
        return proceed(call)
    return filter_by_hand(
        call,
        lambda record: (
            record.description == wanted[1:-1] and code_matches(call, record) and media_matches(call, record)
        ),
    )
