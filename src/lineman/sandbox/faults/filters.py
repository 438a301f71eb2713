"""Faults of what the filters find."""

from __future__ import annotations

import re
from collections.abc import Callable

from lineman.sandbox.faults.base import (
    code_matches,
    contains,
    description_matches,
    everything,
    fault,
    filter_by_hand,
    media_matches,
    reject,
)
from lineman.sandbox.pipeline import SELECT, Call, Step
from lineman.sandbox.records import Record
from lineman.sandbox.store import Selection


def _by_code(call: Call, proceed: Step[Selection], keep: Callable[[Record, str], bool]) -> Selection:
    """Filter codes in another way, where there is such a filter; everything else honestly."""
    wanted = call.query.criteria.access_code
    if not wanted or call.query.criteria.is_example:
        return proceed(call)
    return filter_by_hand(
        call, lambda record: keep(record, wanted) and description_matches(call, record) and media_matches(call, record)
    )


def _by_description(call: Call, proceed: Step[Selection], keep: Callable[[Record, str], bool]) -> Selection:
    """Filter descriptions in another way, where there is such a filter; everything else honestly."""
    wanted = call.query.criteria.description
    if not wanted or call.query.criteria.is_example:
        return proceed(call)
    return filter_by_hand(
        call, lambda record: keep(record, wanted) and code_matches(call, record) and media_matches(call, record)
    )


def _by_media(call: Call, proceed: Step[Selection], keep: Callable[[Record, int], bool]) -> Selection:
    """Filter media types in another way, where there is such a filter; everything else honestly."""
    wanted = call.query.criteria.media_type
    if wanted is None or call.query.criteria.is_example:
        return proceed(call)
    return filter_by_hand(
        call, lambda record: keep(record, wanted) and code_matches(call, record) and description_matches(call, record)
    )


@fault(SELECT, "filter.access-code", "code-beginning-only", "Finds the text at the beginning of codes only.", sole=True)
def code_beginning_only(call: Call, proceed: Step[Selection]) -> Selection:
    return _by_code(call, proceed, lambda record, text: record.access_code.startswith(text))


@fault(SELECT, "filter.access-code", "code-end-only", "Finds the text at the end of codes only.", sole=True)
def code_end_only(call: Call, proceed: Step[Selection]) -> Selection:
    return _by_code(call, proceed, lambda record, text: record.access_code.endswith(text))


@fault(SELECT, "filter.access-code", "code-exact-only", "Finds whole codes only.", sole=True)
def code_exact_only(call: Call, proceed: Step[Selection]) -> Selection:
    return _by_code(call, proceed, lambda record, text: record.access_code == text)


@fault(SELECT, "filter.access-code", "code-last-character", "Does not search the last character of codes.", sole=True)
def code_last_character(call: Call, proceed: Step[Selection]) -> Selection:
    return _by_code(call, proceed, lambda record, text: contains(call, record.access_code[:-1], text))


@fault(SELECT, "filter.access-code", "code-ignored", "Ignores accessCode.")
def code_ignored(call: Call, proceed: Step[Selection]) -> Selection:
    return _by_code(call, proceed, lambda record, text: True)


@fault(SELECT, "filter.access-code", "one-character-ignored", "Ignores an accessCode of one character.", sole=True)
def one_character_ignored(call: Call, proceed: Step[Selection]) -> Selection:
    return _by_code(call, proceed, lambda record, text: len(text) == 1 or code_matches(call, record))


@fault(SELECT, "filter.access-code", "leading-zeros-lost", "Drops leading zeros of the text searched for.", sole=True)
def leading_zeros_lost(call: Call, proceed: Step[Selection]) -> Selection:
    return _by_code(call, proceed, lambda record, text: contains(call, record.access_code, text.lstrip("0") or "0"))


@fault(SELECT, "filter.access-code", "service-number-searched", "Searches n400Number besides accessCode.", sole=True)
def service_number_searched(call: Call, proceed: Step[Selection]) -> Selection:
    return _by_code(
        call, proceed, lambda record, text: contains(call, record.service_number, text) or code_matches(call, record)
    )


@fault(
    SELECT, "filter.access-code", "code-cut-to-five", "Searches for the first five characters of the text.", sole=True
)
def code_cut_to_five(call: Call, proceed: Step[Selection]) -> Selection:
    return _by_code(call, proceed, lambda record, text: contains(call, record.access_code, text[:5]))


@fault(SELECT, "filter.access-code", "code-index-lags", "Finds no codes of the records behind number 150.", sole=True)
def code_index_lags(call: Call, proceed: Step[Selection]) -> Selection:
    indexed = {record.id for record in everything(call)[:150]}
    return _by_code(call, proceed, lambda record, text: record.id in indexed and code_matches(call, record))


@fault(
    SELECT,
    "filter.access-code",
    "code-of-video-missed",
    "Does not find codes of media type 53 by accessCode.",
    sole=True,
)
def code_of_video_missed(call: Call, proceed: Step[Selection]) -> Selection:
    return _by_code(call, proceed, lambda record, text: record.media_type != 53 and code_matches(call, record))


@fault(SELECT, "filter.access-code", "whole-code-wins", "Finds only the code that equals the text, if any.", sole=True)
def whole_code_wins(call: Call, proceed: Step[Selection]) -> Selection:
    codes = {record.access_code for record in everything(call)}
    return _by_code(
        call,
        proceed,
        lambda record, wanted: record.access_code == wanted if wanted in codes else wanted in record.access_code,
    )


@fault(SELECT, "filter.description", "description-ignored", "Ignores description.")
def description_ignored(call: Call, proceed: Step[Selection]) -> Selection:
    return _by_description(call, proceed, lambda record, text: True)


@fault(SELECT, "filter.description", "code-searched-too", "Searches accessCode besides description.", sole=True)
def code_searched_too(call: Call, proceed: Step[Selection]) -> Selection:
    return _by_description(
        call,
        proceed,
        lambda record, text: contains(call, record.access_code, text) or description_matches(call, record),
    )


@fault(SELECT, "filter.description", "null-matches", "Finds records without description by any description.", sole=True)
def null_matches(call: Call, proceed: Step[Selection]) -> Selection:
    return _by_description(
        call, proceed, lambda record, text: record.description is None or description_matches(call, record)
    )


@fault(SELECT, "filter.description", "words-only", "Finds the text at the beginning of words only.", sole=True)
def words_only(call: Call, proceed: Step[Selection]) -> Selection:
    return _by_description(
        call,
        proceed,
        lambda record, text: re.search(rf"(?<!\w){re.escape(text)}", record.description or "") is not None,
    )


@fault(SELECT, "filter.description", "any-word-matches", "Finds records that contain any of several words.", sole=True)
def any_word_matches(call: Call, proceed: Step[Selection]) -> Selection:
    return _by_description(
        call,
        proceed,
        lambda record, text: any(contains(call, record.description, word) for word in text.split() or [text]),
    )


@fault(
    SELECT,
    "filter.description",
    "first-ten-characters",
    "Searches the first ten characters of descriptions.",
    sole=True,
)
def first_ten_characters(call: Call, proceed: Step[Selection]) -> Selection:
    return _by_description(call, proceed, lambda record, text: contains(call, (record.description or "")[:10], text))


@fault(SELECT, "filter.description", "description-exact-only", "Finds whole descriptions only.", sole=True)
def description_exact_only(call: Call, proceed: Step[Selection]) -> Selection:
    return _by_description(call, proceed, lambda record, text: record.description == text)


@fault(SELECT, "filter.description", "description-trimmed", "Strips blanks off the text searched for.", sole=True)
def description_trimmed(call: Call, proceed: Step[Selection]) -> Selection:
    return _by_description(call, proceed, lambda record, text: contains(call, record.description, text.strip()))


@fault(SELECT, "filter.media-type", "media-type-ignored", "Ignores mediatypeId.")
def media_type_ignored(call: Call, proceed: Step[Selection]) -> Selection:
    return _by_media(call, proceed, lambda record, wanted: True)


@fault(SELECT, "filter.media-type", "media-type-as-text", "Finds 53 where 5 is asked for.", sole=True)
def media_type_as_text(call: Call, proceed: Step[Selection]) -> Selection:
    return _by_media(call, proceed, lambda record, wanted: str(record.media_type).startswith(str(wanted)))


@fault(
    SELECT, "filter.media-type", "two-includes-eighteen", "Finds video click-to-dial where 2 is asked for.", sole=True
)
def two_includes_eighteen(call: Call, proceed: Step[Selection]) -> Selection:
    return _by_media(call, proceed, lambda record, wanted: {18: 2}.get(record.media_type, record.media_type) == wanted)


@fault(SELECT, "filter.media-type", "five-three-refused", "Refuses media type 53.", sole=True)
def five_three_refused(call: Call, proceed: Step[Selection]) -> Selection:
    return reject("mediatypeId is not supported.") if call.query.criteria.media_type == 53 else proceed(call)


@fault(SELECT, "filter.media-type", "two-finds-nothing", "Finds nothing for media type 2.", sole=True)
def two_finds_nothing(call: Call, proceed: Step[Selection]) -> Selection:
    return _by_media(call, proceed, lambda record, wanted: wanted != 2 and media_matches(call, record))


@fault(SELECT, "filter.media-type", "media-type-misses-late", "Misses records of a type behind number 150.", sole=True)
def media_type_misses_late(call: Call, proceed: Step[Selection]) -> Selection:
    early = {record.id for record in everything(call)[:150]}
    return _by_media(call, proceed, lambda record, wanted: record.id in early and media_matches(call, record))


@fault(SELECT, "filter.media-type", "other-type-ignored", "Ignores a mediatypeId other than 2, 5 and 53.", sole=True)
def other_type_ignored(call: Call, proceed: Step[Selection]) -> Selection:
    return _by_media(call, proceed, lambda record, wanted: wanted not in {2, 5, 53} or media_matches(call, record))


def _both(call: Call) -> bool:
    criteria = call.query.criteria
    return bool(criteria.access_code and criteria.description) and not criteria.is_example


@fault(SELECT, "filter.conjunction", "filters-widen", "Finds records that meet any one of the filters.", sole=True)
def filters_widen(call: Call, proceed: Step[Selection]) -> Selection:
    criteria = call.query.criteria
    given = [
        test
        for value, test in (
            (criteria.access_code, code_matches),
            (criteria.description, description_matches),
            (criteria.media_type, media_matches),
        )
        if value is not None
    ]
    if len(given) < 2 or criteria.is_example:
        return proceed(call)
    return filter_by_hand(call, lambda record: any(test(call, record) for test in given))


@fault(SELECT, "filter.conjunction", "code-wins", "Ignores description where accessCode is given.", sole=True)
def code_wins(call: Call, proceed: Step[Selection]) -> Selection:
    return proceed(call.filtering(description=None) if _both(call) else call)


@fault(SELECT, "filter.conjunction", "description-wins", "Ignores accessCode where description is given.", sole=True)
def description_wins(call: Call, proceed: Step[Selection]) -> Selection:
    return proceed(call.filtering(access_code=None) if _both(call) else call)


@fault(SELECT, "filter.conjunction", "texts-win", "Ignores mediatypeId where both texts are given.", sole=True)
def texts_win(call: Call, proceed: Step[Selection]) -> Selection:
    return proceed(call.filtering(media_type=None) if _both(call) else call)


@fault(SELECT, "filter.conjunction", "media-type-wins", "Ignores accessCode where mediatypeId is 53.", sole=True)
def media_type_wins(call: Call, proceed: Step[Selection]) -> Selection:
    return proceed(call.filtering(access_code=None) if call.query.criteria.media_type == 53 else call)


@fault(
    SELECT, "total.counts-matches", "counted-before-type", "Counts what the texts find before mediatypeId is applied."
)
def counted_before_type(call: Call, proceed: Step[Selection]) -> Selection:
    wanted = call.query.criteria.media_type
    if wanted is None or (call.query.criteria.access_code is None and call.query.criteria.description is None):
        return proceed(call)
    whole = proceed(call.filtering(media_type=None))
    return Selection(tuple(record for record in whole.records if record.media_type == wanted), whole.total)
