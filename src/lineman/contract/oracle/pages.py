"""Which part of the matches stands on the page asked for: limit's promises, and offset's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from lineman.contract.finding import Finding, Record, RecordDiff
from lineman.contract.model import Prediction, record_id
from lineman.contract.operation import document
from lineman.contract.oracle.comparison import Comparison, boundary_class, limit_clause, or_none, summary_of
from lineman.contract.query import ParsedQuery
from lineman.message import Message

SHOWN = 20


def check_past_end(c: Comparison) -> Iterator[Finding]:
    """A page behind the last record has no records."""
    known = len(c.prediction.required) if c.prediction.total is None else c.prediction.total
    matches = max(known, c.answer.total or 0)
    if c.answer.records and c.asked.start > 0 and c.asked.start >= matches:
        yield c.finding(
            "offset.beyond-total",
            Message.of(
                "Offset {offset} is behind the last of {matches} matches, and {count} records come.",
                offset=c.asked.start,
                matches=matches,
                count=c.answer.count,
            ),
            "no records",
            [summary_of(r) for r in c.answer.records[:10]],
            RecordDiff(extra=c.answer.records[:SHOWN]),
            parameter="offset",
            constraint="behind the last record",
            observed="records",
        )


def check_page(c: Comparison) -> Iterator[Finding]:
    """The records of another page, or in another order, or too many or too few of them."""
    expected, got = _expected(c), c.answer.records
    wanted = [record_id(r) for r in expected] if expected is not None else None
    have = [record_id(r) for r in got]
    count = min(c.asked.page_size, max(0, (c.answer.total or 0) - c.asked.start))
    if wanted == have or len(set(have)) < len(have):
        return  # a record that comes twice has a check of its own
    if wanted is not None and expected is not None:
        if sorted(wanted) == sorted(have):
            yield _displaced(c, expected, "reordered")
            return
        if _another_slice(c, have):
            yield _displaced(c, expected, "another page")
            return
    if wanted is None and _from_another_place(c, have):
        yield replace(_displaced(c, (), "another page"), expected="records that were not read: they stand further on")
    elif count < len(have) <= c.asked.page_size and c.asked.start == 0:
        yield _undercounted(c)
    elif len(have) != count:
        yield _miscounted(c, count)
    elif expected is not None:
        yield _displaced(c, expected, "other records")


def check_positions(c: Comparison) -> Iterator[Finding]:
    """As many records as belong on the page, but others: certain even where the total is wrong as well."""
    expected = _expected(c)
    if expected is None or not c.prediction.exact:
        return
    wanted, have = [record_id(r) for r in expected], [record_id(r) for r in c.answer.records]
    if wanted != have and len(wanted) == len(have) == len(set(have)) and set(wanted) != set(have):
        yield _displaced(c, expected, "another page" if _another_slice(c, have) else "other records")


def _expected(c: Comparison) -> tuple[Record, ...] | None:
    """The page's records, where they are known with their places."""
    if not c.prediction.positions_known or c.prediction.allowed:
        return None
    if not c.prediction.complete and (
        c.asked.filters or c.asked.start + c.asked.page_size > len(c.prediction.required)
    ):
        return None
    return c.prediction.page(c.asked)


def _another_slice(c: Comparison, have: Sequence[str]) -> bool:
    """True where the answer is a whole page of the list, only from another place."""
    ids = [record_id(r) for r in c.prediction.required]
    if not have or have[0] not in ids:
        return False
    start = ids.index(have[0])
    return start != c.asked.start and list(have) == ids[start : start + c.asked.page_size]


def _from_another_place(c: Comparison, have: Sequence[str]) -> bool:
    """True where records come that are known to stand before the page, though the page itself was never read."""
    if not c.prediction.order_known or c.asked.filters:
        return False
    before = {record_id(r) for r in c.prediction.required[: c.asked.start]}
    return bool(before & set(have))


def _displaced(c: Comparison, expected: Sequence[Record], observed: str) -> Finding:
    got = c.answer.records
    have = [record_id(r) for r in got]
    jumbled = observed == "reordered" or (observed == "other records" and not _in_order(have, c.prediction))
    elsewhere = observed == "another page" and len(have) > 1
    at_first = c.asked.offset == 0 and not elsewhere
    clause = "order.stable" if (jumbled and c.asked.start == 0) or at_first else _slice_clause(c.asked)
    place = f"offset {or_none(c.asked.offset)}, limit {or_none(c.asked.limit)}"
    return c.finding(
        clause,
        Message.of("The right records come in another order ({place}).", place=place)
        if observed == "reordered"
        else Message.of("The page at {place} shows other records than stand there.", place=place),
        [summary_of(r) for r in expected[:10]],
        [summary_of(r) for r in got[:10]],
        _difference(expected, got, reordered=observed == "reordered"),
        parameter="order" if clause == "order.stable" else "offset",
        constraint=f"limit {boundary_class(c.asked.limit)}, offset {boundary_class(c.asked.offset)}",
        observed=observed,
    )


def _undercounted(c: Comparison) -> Finding:
    """More records than the total says stand on a first page that has room for them."""
    return c.finding(
        "total.counts-matches",
        Message.of(
            "total is {total}, and the page itself has {count} records.",
            total=c.answer.total or 0,
            count=c.answer.count,
        ),
        c.answer.count,
        c.answer.total,
        parameter=c.asked.filter_names,
        constraint="counts the matches",
        observed="too low",
    )


def _miscounted(c: Comparison, count: int) -> Finding:
    got = c.answer.count
    short = c.prediction.page(c.asked)[got : got + SHOWN] if got < count and c.prediction.exact else ()
    clause = _size_clause(c)
    return c.finding(
        clause,
        Message.of(
            "Page (offset {offset}, limit {limit}) returned {got} records; expected {count} of the {total} matches.",
            limit=or_none(c.asked.limit),
            offset=or_none(c.asked.offset),
            got=got,
            count=count,
            total=c.answer.total or 0,
        ),
        f"{count} records",
        f"{got} records",
        RecordDiff(missing=tuple(short)),
        parameter=clause.partition(".")[0],
        constraint=f"limit {boundary_class(c.asked.limit)}, offset {boundary_class(c.asked.offset)}",
        observed="too many" if got > count else "too few",
    )


def _size_clause(c: Comparison) -> str:
    if c.asked.limit is None:
        return "limit.default"
    return limit_clause(c.asked.limit)


def _in_order(got: Sequence[str], prediction: Prediction) -> bool:
    """True where the records got keep the list's order among themselves."""
    rank = {record_id(r): position for position, r in enumerate(prediction.required)}
    ranks = [rank[id_] for id_ in got if id_ in rank]
    return ranks == sorted(ranks)


def _slice_clause(asked: ParsedQuery) -> str:
    if asked.offset is None:
        return "offset.default"
    if asked.limit is not None and asked.limit > document().paging.size_maximum:
        return "limit.clamp"
    return "offset.maximum" if asked.offset == document().paging.start_maximum else "offset.pages"


def _difference(expected: Sequence[Record], got: Sequence[Record], *, reordered: bool) -> RecordDiff:
    if reordered:
        return RecordDiff(out_of_order=tuple(record_id(r) for r in got))
    wanted, have = {record_id(r) for r in expected}, {record_id(r) for r in got}
    return RecordDiff(
        missing=tuple(r for r in expected if record_id(r) not in have)[:SHOWN],
        extra=tuple(r for r in got if record_id(r) not in wanted)[:SHOWN],
    )
