"""Faults of offset and of the order of records."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from lineman.sandbox.faults.base import all_matches, every_nth, fault, page, reject, with_members, without
from lineman.sandbox.pipeline import INTERPRET, SELECT, Call, Query, Step
from lineman.sandbox.store import Criteria, Selection


def _given(call: Call) -> Any:
    return call.members.get("offset")


def _filtered(call: Call) -> bool:
    return call.query.criteria != Criteria()


@fault(INTERPRET, "offset.default", "default-skips-one", "Skips the first record where there is no offset.", sole=True)
def default_skips_one(call: Call, proceed: Step[Query]) -> Query:
    query = proceed(call)
    return replace(query, offset=1) if _given(call) is None else query


@fault(
    INTERPRET,
    "offset.default",
    "default-skips-page",
    "Serves the second page where limit comes without offset.",
    sole=True,
)
def default_skips_page(call: Call, proceed: Step[Query]) -> Query:
    query = proceed(call)
    return replace(query, offset=query.limit) if _given(call) is None and "limit" in call.members else query


@fault(
    INTERPRET, "offset.default", "default-needed-for-type", "Skips a record of a media type without offset.", sole=True
)
def default_needed_for_type(call: Call, proceed: Step[Query]) -> Query:
    query = proceed(call)
    return replace(query, offset=1) if _given(call) is None and query.criteria.media_type is not None else query


@fault(SELECT, "offset.pages", "last-page-filled", "Fills the last page with the records before it.")
def last_page_filled(call: Call, proceed: Step[Selection]) -> Selection:
    honest, limit, offset = proceed(call), call.query.limit, call.query.offset
    if 0 < offset < honest.total < offset + limit:
        return proceed(call.asking(offset=max(0, honest.total - limit)))
    return honest


@fault(SELECT, "offset.pages", "offset-is-page-number", "Takes offset for the number of the page.")
def offset_is_page_number(call: Call, proceed: Step[Selection]) -> Selection:
    return proceed(call.asking(offset=call.query.offset * call.query.limit))


@fault(SELECT, "offset.pages", "page-repeats-record", "Begins a later page with the last record of the one before.")
def page_repeats_record(call: Call, proceed: Step[Selection]) -> Selection:
    return proceed(call.asking(offset=max(0, call.query.offset - 1)))


@fault(SELECT, "offset.pages", "page-skips-record", "Leaves a gap of one record before later pages.", sole=True)
def page_skips_record(call: Call, proceed: Step[Selection]) -> Selection:
    return proceed(call.asking(offset=call.query.offset + 1) if call.query.offset else call)


@fault(SELECT, "offset.pages", "offset-ignored", "Ignores offset.")
def offset_ignored(call: Call, proceed: Step[Selection]) -> Selection:
    return proceed(call.asking(offset=0))


@fault(SELECT, "offset.pages", "offset-ignored-filtered", "Ignores offset where there is a filter.")
def offset_ignored_filtered(call: Call, proceed: Step[Selection]) -> Selection:
    return proceed(call.asking(offset=0) if _filtered(call) else call)


@fault(SELECT, "offset.pages", "third-page-skips", "Leaves a gap of one record before page three.")
def third_page_skips(call: Call, proceed: Step[Selection]) -> Selection:
    limit, offset = call.query.limit, call.query.offset
    return proceed(call.asking(offset=offset + 1) if limit and offset >= 2 * limit else call)


@fault(SELECT, "offset.pages", "later-pages-reversed", "Turns the order within later pages around.")
def later_pages_reversed(call: Call, proceed: Step[Selection]) -> Selection:
    selection = proceed(call)
    return replace(selection, records=selection.records[::-1]) if call.query.offset else selection


@fault(SELECT, "offset.pages", "small-pages-drift", "Skips a record on later pages of fewer than five.")
def small_pages_drift(call: Call, proceed: Step[Selection]) -> Selection:
    return proceed(call.asking(offset=call.query.offset + 1) if call.query.offset and call.query.limit < 5 else call)


@fault(SELECT, "offset.pages", "filtered-pages-skip", "Leaves a gap before later pages of a media type.", sole=True)
def filtered_pages_skip(call: Call, proceed: Step[Selection]) -> Selection:
    typed = call.query.criteria.media_type is not None
    return proceed(call.asking(offset=call.query.offset + 1) if call.query.offset and typed else call)


@fault(INTERPRET, "offset.maximum", "offset-hundred-refused", "Refuses offset 100.", sole=True)
def offset_hundred_refused(call: Call, proceed: Step[Query]) -> Query:
    return reject("offset must be less than 100.") if _given(call) == 100 else proceed(call)


@fault(INTERPRET, "offset.maximum", "offset-hundred-is-ninety-nine", "Takes offset 100 for 99.")
def offset_hundred_is_ninety_nine(call: Call, proceed: Step[Query]) -> Query:
    query = proceed(call)
    return replace(query, offset=99) if query.offset == 100 else query


@fault(SELECT, "offset.maximum", "offset-hundred-empty", "Serves no records from offset 100 on.", sole=True)
def offset_hundred_empty(call: Call, proceed: Step[Selection]) -> Selection:
    selection = proceed(call)
    return replace(selection, records=()) if call.query.offset >= 100 else selection


@fault(SELECT, "offset.maximum", "window-of-150", "Serves no records behind number 150.", sole=True)
def window_of_150(call: Call, proceed: Step[Selection]) -> Selection:
    selection = proceed(call)
    return replace(selection, records=selection.records[: max(0, 150 - call.query.offset)])


@fault(SELECT, "offset.beyond-total", "beyond-repeats-last", "Serves the last records behind the last page.", sole=True)
def beyond_repeats_last(call: Call, proceed: Step[Selection]) -> Selection:
    honest = proceed(call)
    if call.query.offset < honest.total or not honest.total:
        return honest
    return proceed(call.asking(offset=max(0, honest.total - max(1, call.query.limit))))


@fault(SELECT, "offset.beyond-total", "beyond-wraps", "Begins again behind the last page.", sole=True)
def beyond_wraps(call: Call, proceed: Step[Selection]) -> Selection:
    honest = proceed(call)
    return proceed(call.asking(offset=0)) if call.query.offset >= honest.total else honest


@fault(SELECT, "offset.beyond-total", "beyond-unfiltered", "Drops the filters behind the last page.")
def beyond_unfiltered(call: Call, proceed: Step[Selection]) -> Selection:
    honest = proceed(call)
    if not honest.total or call.query.offset < honest.total:
        return honest
    return replace(proceed(call.asking(criteria=Criteria())), total=honest.total)


@fault(INTERPRET, "offset.type", "text-offset-ignored", "Ignores an offset that is a text.", sole=True)
def text_offset_ignored(call: Call, proceed: Step[Query]) -> Query:
    return proceed(without(call, "offset") if isinstance(_given(call), str) else call)


@fault(INTERPRET, "offset.type", "true-offset-is-one", "Takes the offset true for 1.", sole=True)
def true_offset_is_one(call: Call, proceed: Step[Query]) -> Query:
    return proceed(with_members(call, offset=int(_given(call))) if isinstance(_given(call), bool) else call)


@fault(INTERPRET, "offset.type", "list-offset-ignored", "Ignores an offset that is a list.", sole=True)
def list_offset_ignored(call: Call, proceed: Step[Query]) -> Query:
    return proceed(without(call, "offset") if isinstance(_given(call), list) else call)


@fault(INTERPRET, "offset.type", "object-offset-ignored", "Ignores an offset that is an object.", sole=True)
def object_offset_ignored(call: Call, proceed: Step[Query]) -> Query:
    return proceed(without(call, "offset") if isinstance(_given(call), dict) else call)


@fault(SELECT, "order.stable", "order-random", "Shuffles the records for every request.")
def order_random(call: Call, proceed: Step[Selection]) -> Selection:
    matches = list(all_matches(call, proceed))
    random.Random(call.number).shuffle(matches)  # noqa: S311 - repeatable disorder
    return page(call, matches)


@fault(SELECT, "order.stable", "ties-shuffled", "Orders by media type, and shuffles the records of a type.", sole=True)
def ties_shuffled(call: Call, proceed: Step[Selection]) -> Selection:
    matches = list(all_matches(call, proceed))
    random.Random(call.number).shuffle(matches)  # noqa: S311 - repeatable disorder
    return page(call, sorted(matches, key=lambda record: record.media_type))


@fault(SELECT, "order.stable", "order-by-page-size", "Orders small pages by code, and large ones not.", sole=True)
def order_by_page_size(call: Call, proceed: Step[Selection]) -> Selection:
    if call.query.limit >= 50:
        return proceed(call)
    return page(call, sorted(all_matches(call, proceed), key=lambda record: (record.access_code, record.id)))


@fault(SELECT, "order.stable", "order-flips", "Turns the order around in every seventh answer.")
def order_flips(call: Call, proceed: Step[Selection]) -> Selection:
    return page(call, reversed(all_matches(call, proceed))) if every_nth(call, "order-flips", 7) else proceed(call)


@fault(SELECT, "order.stable", "single-from-the-end", "Counts from the end for pages of one record.", sole=True)
def single_from_the_end(call: Call, proceed: Step[Selection]) -> Selection:
    return page(call, reversed(all_matches(call, proceed))) if call.query.limit == 1 else proceed(call)


@fault(SELECT, "order.stable", "neighbours-swap", "Swaps two neighbours in every second answer.")
def neighbours_swap(call: Call, proceed: Step[Selection]) -> Selection:
    matches = list(all_matches(call, proceed))
    if len(matches) > 1 and every_nth(call, "neighbours-swap", 2):
        matches[:2] = matches[1::-1]
    return page(call, matches)
