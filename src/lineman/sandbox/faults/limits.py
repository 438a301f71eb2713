"""Faults of limit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lineman.sandbox.faults.base import failure, fault, peek, reject, with_members, without
from lineman.sandbox.pipeline import INTERPRET, QUERY, SELECT, Call, Query, Reply, Step
from lineman.sandbox.store import Selection


def _given(call: Call) -> Any:
    return call.members.get("limit")


def _whole(call: Call) -> int | None:
    """The limit given, where it is an integer."""
    limit = _given(call)
    return limit if isinstance(limit, int) and not isinstance(limit, bool) else None


def _limited(call: Call, proceed: Step[Query], limit: int) -> Query:
    """The honest meaning, but with another page size."""
    return replace(proceed(call), limit=limit)


def _peeked(call: Call) -> int:
    limit = peek(call).get("limit")
    return limit if isinstance(limit, int) and not isinstance(limit, bool) else 0


@fault(SELECT, "limit.page-size", "one-record-short", "Serves one record fewer than limit.", sole=True)
def one_record_short(call: Call, proceed: Step[Selection]) -> Selection:
    return proceed(call.asking(limit=call.query.limit - 1) if 1 < call.query.limit < 100 else call)


@fault(SELECT, "limit.page-size", "one-record-more", "Serves one record more than limit.", sole=True)
def one_record_more(call: Call, proceed: Step[Selection]) -> Selection:
    return proceed(call.asking(limit=call.query.limit + 1) if 0 < call.query.limit < 100 else call)


@fault(SELECT, "limit.page-size", "round-page-sizes", "Rounds limit up to a multiple of ten.", sole=True)
def round_page_sizes(call: Call, proceed: Step[Selection]) -> Selection:
    return proceed(call.asking(limit=-(-call.query.limit // 10) * 10))


@fault(SELECT, "limit.page-size", "one-means-ten", "Serves ten records for limit 1.", sole=True)
def one_means_ten(call: Call, proceed: Step[Selection]) -> Selection:
    return proceed(call.asking(limit=10) if call.query.limit == 1 else call)


@fault(SELECT, "limit.page-size", "capped-at-fifty", "Serves 50 records at most for an explicit limit below 100.")
def capped_at_fifty(call: Call, proceed: Step[Selection]) -> Selection:
    return proceed(call.asking(limit=50) if 50 < call.query.limit < 100 else call)


@fault(SELECT, "limit.page-size", "short-second-page", "Serves one record fewer than limit behind page one.")
def short_second_page(call: Call, proceed: Step[Selection]) -> Selection:
    limit = call.query.limit
    return proceed(call.asking(limit=limit - 1) if call.query.offset and 1 < limit < 100 else call)


@fault(SELECT, "limit.page-size", "exact-size-short", "Loses the last match where limit is their number.", sole=True)
def exact_size_short(call: Call, proceed: Step[Selection]) -> Selection:
    honest, limit = proceed(call), call.query.limit
    return replace(honest, records=honest.records[:-1]) if 1 < limit == honest.total < 100 else honest


@fault(SELECT, "limit.page-size", "size-ignored-described", "Ignores limit where description is given.", sole=True)
def size_ignored_described(call: Call, proceed: Step[Selection]) -> Selection:
    ignored = call.query.criteria.description and not call.query.criteria.is_example and call.query.limit
    return proceed(call.asking(limit=100) if ignored else call)


@fault(INTERPRET, "limit.zero", "zero-means-default", "Takes limit 0 for no limit.", sole=True)
def zero_means_default(call: Call, proceed: Step[Query]) -> Query:
    return proceed(without(call, "limit") if _whole(call) == 0 else call)


@fault(INTERPRET, "limit.zero", "zero-refused", "Refuses limit 0.", sole=True)
def zero_refused(call: Call, proceed: Step[Query]) -> Query:
    return reject("limit must be positive.") if _whole(call) == 0 else proceed(call)


@fault(INTERPRET, "limit.zero", "zero-means-one", "Serves one record for limit 0.", sole=True)
def zero_means_one(call: Call, proceed: Step[Query]) -> Query:
    return proceed(with_members(call, limit=1) if _whole(call) == 0 else call)


@fault(
    INTERPRET, "limit.zero", "zero-filtered-default", "Takes limit 0 for no limit where there is a filter.", sole=True
)
def zero_filtered_default(call: Call, proceed: Step[Query]) -> Query:
    query = proceed(call)
    return replace(query, limit=100) if _whole(call) == 0 and query.criteria != Query().criteria else query


@fault(INTERPRET, "limit.default", "default-ten", "Serves ten records without limit.", sole=True)
def default_ten(call: Call, proceed: Step[Query]) -> Query:
    return _limited(call, proceed, 10) if _given(call) is None else proceed(call)


@fault(INTERPRET, "limit.default", "default-ninety-nine", "Serves 99 records without limit.", sole=True)
def default_ninety_nine(call: Call, proceed: Step[Query]) -> Query:
    return _limited(call, proceed, 99) if _given(call) is None else proceed(call)


@fault(
    INTERPRET,
    "limit.default",
    "default-twenty-filtered",
    "Serves 20 records without limit but with a filter.",
    sole=True,
)
def default_twenty_filtered(call: Call, proceed: Step[Query]) -> Query:
    query = proceed(call)
    return replace(query, limit=20) if _given(call) is None and query.criteria != Query().criteria else query


@fault(
    INTERPRET, "limit.default", "default-fifty-behind", "Serves 50 records without limit behind page one.", sole=True
)
def default_fifty_behind(call: Call, proceed: Step[Query]) -> Query:
    query = proceed(call)
    return replace(query, limit=50) if _given(call) is None and query.offset else query


@fault(INTERPRET, "limit.maximum", "hundred-gives-ninety-nine", "Serves 99 records for limit 100 exactly.", sole=True)
def hundred_gives_ninety_nine(call: Call, proceed: Step[Query]) -> Query:
    return _limited(call, proceed, 99) if _whole(call) == 100 else proceed(call)


@fault(INTERPRET, "limit.maximum", "hundred-refused", "Refuses limit 100.", sole=True)
def hundred_refused(call: Call, proceed: Step[Query]) -> Query:
    return reject("limit must be less than 100.") if _whole(call) == 100 else proceed(call)


@fault(INTERPRET, "limit.maximum", "hundred-gives-ten", "Reads the first two digits of limit 100.", sole=True)
def hundred_gives_ten(call: Call, proceed: Step[Query]) -> Query:
    return _limited(call, proceed, 10) if _whole(call) == 100 else proceed(call)


@fault(QUERY, "limit.maximum", "hundred-filtered-fails", "Fails for limit 100 with a media type.", sole=True)
def hundred_filtered_fails(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    return failure() if _peeked(call) == 100 and peek(call).get("mediatypeId") is not None else reply


@fault(INTERPRET, "limit.clamp", "over-refused", "Refuses a limit above 100.", sole=True)
def over_refused(call: Call, proceed: Step[Query]) -> Query:
    return reject("limit exceeds 100.") if (_whole(call) or 0) > 100 else proceed(call)


@fault(INTERPRET, "limit.clamp", "just-over-refused", "Refuses limit 101, and no other.", sole=True)
def just_over_refused(call: Call, proceed: Step[Query]) -> Query:
    return reject("limit exceeds 100.") if _whole(call) == 101 else proceed(call)


@fault(INTERPRET, "limit.clamp", "over-means-ten", "Serves ten records for a limit above 100.", sole=True)
def over_means_ten(call: Call, proceed: Step[Query]) -> Query:
    return _limited(call, proceed, 10) if (_whole(call) or 0) > 100 else proceed(call)


@fault(QUERY, "limit.clamp", "overflow-at-31-bits", "Fails for a limit from 2^31 on.", sole=True)
def overflow_at_31_bits(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    return failure() if _peeked(call) >= 2**31 else reply


@fault(QUERY, "limit.clamp", "overflow-at-63-bits", "Fails for a limit from 2^63 on.", sole=True)
def overflow_at_63_bits(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    return failure() if _peeked(call) >= 2**63 else reply


@fault(INTERPRET, "limit.clamp", "wraps-at-32-bits", "Keeps the lowest 32 bits of limit.", sole=True)
def wraps_at_32_bits(call: Call, proceed: Step[Query]) -> Query:
    limit = _whole(call)
    if limit is None or limit < 2**31:
        return proceed(call)
    wrapped = (limit + 2**31) % 2**32 - 2**31
    return _limited(call, proceed, min(max(wrapped, 0), 100))


@fault(INTERPRET, "limit.clamp", "far-over-empty", "Serves no records for a limit from 1000 on.", sole=True)
def far_over_empty(call: Call, proceed: Step[Query]) -> Query:
    return _limited(call, proceed, 0) if (_whole(call) or 0) >= 1000 else proceed(call)


@fault(INTERPRET, "limit.page-cap", "over-honoured", "Serves as many records as limit says, above 100 too.")
def over_honoured(call: Call, proceed: Step[Query]) -> Query:
    limit = _whole(call) or 0
    return _limited(call, proceed, min(limit, 10**9)) if limit > 100 else proceed(call)


@fault(INTERPRET, "limit.page-cap", "negative-gives-all", "Serves everything for a negative limit.", sole=True)
def negative_gives_all(call: Call, proceed: Step[Query]) -> Query:
    return _limited(without(call, "limit"), proceed, 10**9) if (_whole(call) or 0) < 0 else proceed(call)


@fault(INTERPRET, "limit.page-cap", "null-gives-all", "Serves everything for limit null.", sole=True)
def null_gives_all(call: Call, proceed: Step[Query]) -> Query:
    if "limit" not in call.members or _given(call) is not None:
        return proceed(call)
    return _limited(without(call, "limit"), proceed, 10**9)


@fault(SELECT, "limit.page-cap", "hundred-and-one", "Serves 101 records on a page of 100 that is not the last.")
def hundred_and_one(call: Call, proceed: Step[Selection]) -> Selection:
    return proceed(call.asking(limit=101) if call.query.limit == 100 else call)


@fault(INTERPRET, "limit.page-cap", "text-gives-all", "Serves everything for a limit in quotes above 100.", sole=True)
def text_gives_all(call: Call, proceed: Step[Query]) -> Query:
    limit = _given(call)
    if isinstance(limit, str) and limit.isdecimal() and limit.isascii() and int(limit[:9]) > 100:
        return _limited(without(call, "limit"), proceed, 10**9)
    return proceed(call)


@fault(INTERPRET, "limit.type", "text-limit-ignored", "Ignores a limit that is a text.", sole=True)
def text_limit_ignored(call: Call, proceed: Step[Query]) -> Query:
    return proceed(without(call, "limit") if isinstance(_given(call), str) else call)


@fault(INTERPRET, "limit.type", "true-limit-is-one", "Takes the limit true for 1.", sole=True)
def true_limit_is_one(call: Call, proceed: Step[Query]) -> Query:
    return proceed(with_members(call, limit=int(_given(call))) if isinstance(_given(call), bool) else call)


@fault(INTERPRET, "limit.type", "list-limit-first", "Takes the first number of a list for limit.", sole=True)
def list_limit_first(call: Call, proceed: Step[Query]) -> Query:
    limit = _given(call)
    return proceed(with_members(call, limit=limit[0] if limit else None) if isinstance(limit, list) else call)


@fault(INTERPRET, "limit.type", "object-limit-ignored", "Ignores a limit that is an object.", sole=True)
def object_limit_ignored(call: Call, proceed: Step[Query]) -> Query:
    return proceed(without(call, "limit") if isinstance(_given(call), dict) else call)


@fault(INTERPRET, "limit.type", "text-limit-is-zero", "Takes a limit that is a text for 0.", sole=True)
def text_limit_is_zero(call: Call, proceed: Step[Query]) -> Query:
    return proceed(with_members(call, limit=0) if isinstance(_given(call), str) else call)
