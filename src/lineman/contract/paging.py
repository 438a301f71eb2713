"""Which part of the matches stands on the page asked for: limit's promises, and offset's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lineman.contract.comparison import Comparison, band, brief, number_words
from lineman.contract.document import document
from lineman.contract.finding import Finding, Record, Rows
from lineman.contract.model import Prediction, record_id
from lineman.contract.question import Question, question

SHOWN = 20


def behind_the_last(c: Comparison) -> Iterator[Finding]:
    """A page behind the last record has no records."""
    matches = len(c.prediction.found) if c.prediction.exact else c.answer.total
    if matches is not None and c.answer.records and c.asked.start > 0 and c.asked.start >= matches:
        yield c.finding(
            "offset.beyond-total",
            f"Offset {c.asked.start} is behind the last of {matches} matches, and {len(c.answer.records)} records come.",
            "no records",
            [brief(r) for r in c.answer.records[:10]],
            Rows(extra=c.answer.records[:SHOWN]),
            parameter="offset",
            constraint="behind the last record",
            observed="records",
        )


def wrong_page(c: Comparison) -> Iterator[Finding]:
    """The records of another page, or in another order, or too many or too few of them."""
    expected, got = _expected(c), c.answer.records
    wanted = [record_id(r) for r in expected] if expected is not None else None
    have = [record_id(r) for r in got]
    count = min(c.asked.page_size, max(0, (c.answer.total or 0) - c.asked.start))
    if wanted == have or (wanted is None and len(have) == count):
        return
    if wanted is not None and expected is not None:
        if sorted(wanted) == sorted(have):
            yield _displaced(c, expected, "reordered")
            return
        if _another_slice(c, have):
            yield _displaced(c, expected, "another page")
            return
    if len(have) != count:
        yield _miscounted(c, count)
    elif expected is not None:
        yield _displaced(c, expected, "other records")


def _expected(c: Comparison) -> tuple[Record, ...] | None:
    """The page's records, where they are known with their places."""
    if not c.prediction.placed or c.prediction.possible:
        return None
    if not c.prediction.complete and (c.asked.filters or c.asked.start + c.asked.page_size > len(c.prediction.found)):
        return None
    return c.prediction.page(c.asked)


def _another_slice(c: Comparison, have: Sequence[str]) -> bool:
    """True where the answer is a whole page of the list, only from another place."""
    ids = [record_id(r) for r in c.prediction.found]
    if not have or have[0] not in ids:
        return False
    start = ids.index(have[0])
    return start != c.asked.start and list(have) == ids[start : start + c.asked.page_size]


def _displaced(c: Comparison, expected: Sequence[Record], observed: str) -> Finding:
    got = c.answer.records
    have = [record_id(r) for r in got]
    jumbled = observed == "reordered" or (observed == "other records" and not _in_order(have, c.prediction))
    clause = "order.stable" if jumbled and c.asked.start == 0 else _slice_clause(c.asked)
    place = f"offset {number_words(c.asked.offset)}, limit {number_words(c.asked.limit)}"
    return c.finding(
        clause,
        f"The right records come in another order ({place})."
        if observed == "reordered"
        else f"The page at {place} shows other records than stand there.",
        [brief(r) for r in expected[:10]],
        [brief(r) for r in got[:10]],
        _difference(expected, got, reordered=observed == "reordered"),
        parameter="order" if clause == "order.stable" else "offset",
        constraint=f"limit {band(c.asked.limit)}, offset {band(c.asked.offset)}",
        observed=observed,
    )


def _miscounted(c: Comparison, count: int) -> Finding:
    got = len(c.answer.records)
    short = c.prediction.page(c.asked)[got : got + SHOWN] if got < count and c.prediction.exact else ()
    clause = _size_clause(c, got)
    return c.finding(
        clause,
        f"A page of limit {number_words(c.asked.limit)} at offset {number_words(c.asked.offset)} has {got} records; "
        f"{count} of the {c.answer.total} matches belong on it.",
        f"{count} records",
        f"{got} records",
        Rows(missing=tuple(short)),
        parameter=clause.partition(".")[0],
        constraint=f"limit {band(c.asked.limit)}, offset {band(c.asked.offset)}",
        observed="too many" if got > count else "too few",
    )


def _size_clause(c: Comparison, got: int) -> str:
    contract, asked = document(), c.asked
    if asked.limit == 0:
        return "limit.zero"
    at_maximum = asked.start == contract.offset_maximum
    if at_maximum and (got == 0 or asked.page_size == contract.limit_maximum) and _pages_of_100_work(c):
        return "offset.maximum"
    if asked.limit is None:
        return "limit.default"
    if asked.limit == contract.limit_maximum:
        return "limit.maximum"
    return "limit.clamp" if asked.limit > contract.limit_maximum else "limit.page-size"


def _pages_of_100_work(c: Comparison) -> bool:
    """True where the list was read by pages of 100 from its beginning, so that at offset 100 the offset is to blame."""
    listing, maximum = c.knowledge.whole, document().limit_maximum
    if listing is None or not listing.exchanges or len(listing.records) < maximum:
        return False
    return question(listing.exchanges[0].ask.query or {}).limit == maximum


def _in_order(got: Sequence[str], prediction: Prediction) -> bool:
    """True where the records got keep the list's order among themselves."""
    rank = {record_id(r): position for position, r in enumerate(prediction.found)}
    ranks = [rank[id_] for id_ in got if id_ in rank]
    return ranks == sorted(ranks)


def _slice_clause(asked: Question) -> str:
    if asked.offset is None:
        return "offset.default"
    if asked.limit is not None and asked.limit > document().limit_maximum:
        return "limit.clamp"
    return "offset.maximum" if asked.offset == document().offset_maximum else "offset.pages"


def _difference(expected: Sequence[Record], got: Sequence[Record], *, reordered: bool) -> Rows:
    if reordered:
        return Rows(out_of_order=tuple(record_id(r) for r in got))
    wanted, have = {record_id(r) for r in expected}, {record_id(r) for r in got}
    return Rows(
        missing=tuple(r for r in expected if record_id(r) not in have)[:SHOWN],
        extra=tuple(r for r in got if record_id(r) not in wanted)[:SHOWN],
    )
