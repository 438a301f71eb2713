"""Which records an answer has, and how many it says there are: the filters' promises, and the total's."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lineman.contract.checks.answers import record_problems
from lineman.contract.finding import Finding, Record, RecordDiff
from lineman.contract.matching import Match, match_filter, match_record
from lineman.contract.model import record_id
from lineman.contract.oracle.comparison import Comparison, filter_clause, filter_words, summary_of
from lineman.contract.values import changed_members
from lineman.message import Message

SHOWN = 20


def check_records(c: Comparison) -> Iterator[Finding]:
    """Records that do not satisfy the filters, by their own content."""
    behaviour = c.model.behaviour
    known = {record_id(r) for r in (*c.prediction.required, *c.prediction.allowed)}
    strange = [r for r in c.answer.records if match_record(c.asked, r, behaviour) is Match.NO]
    wrong = [r for r in strange if record_id(r) not in known]
    if wrong and c.asked.filters:
        failed = {n for n, v in c.asked.filters.items() for r in wrong if match_filter(n, v, r, behaviour) is Match.NO}
        yield c.finding(
            filter_clause(c.asked),
            Message.of(
                "{count} of {all} records do not match {filters}.",
                count=len(wrong),
                all=c.answer.count,
                filters=filter_words(c.asked, failed),
            ),
            [summary_of(r) for r in c.prediction.page(c.asked)[:10]] if c.prediction.exact else "only matching records",
            [summary_of(r) for r in c.answer.records[:10]],
            RecordDiff(extra=tuple(wrong[:SHOWN])),
            parameter=c.asked.filter_names,
            constraint="only matches",
            observed="others too",
        )


def check_contents(c: Comparison) -> Iterator[Finding]:
    """A record that shows other members here than in the list."""
    listing = c.model.listing_for(c.asked)
    known = listing.by_id if listing else {}
    ignored = c.model.volatile
    changed = [r for r in c.answer.records if record_id(r) in known and _differ(known[record_id(r)], r, ignored)]
    if changed:
        yield c.finding(
            "query.repeatable",
            Message.of(
                "{count} records have other values here than in the list read before and after.", count=len(changed)
            ),
            [dict(known[record_id(r)]) for r in changed[:5]],
            [dict(r) for r in changed[:5]],
            parameter="record",
            constraint="the same on unchanged data",
            observed="other members",
        )


def _differ(one: Record, other: Record, ignored: Collection[str]) -> bool:
    """True where a documented member differs whose type is right in both; wrong types are answer.schema's to tell."""
    changed = changed_members(one, other) - set(ignored)
    if not changed:
        return False
    return bool(changed - {problem[0] for record in (one, other) for problem in record_problems(record)})


def check_reachable_count(c: Comparison) -> Iterator[Finding]:
    """Matching records that are not found: a whole answer lacks them, or their page does and the total is off."""
    total = c.answer.total
    if not c.asked.filters or total is None:
        return
    got = {record_id(r) for r in c.answer.records}
    if len(got) < len(c.answer.records):
        return  # a record that comes twice takes another one's place, and is reported as such
    if 0 < len(got) < min(c.asked.page_size, total - c.asked.start):
        return  # a page that is shorter than its own total says is judged as a page
    whole = c.asked.start == 0 and total <= len(c.answer.records) < c.asked.page_size
    if whole:
        owed = c.prediction.required
    elif c.prediction.total is not None and total != c.prediction.total:
        owed = c.prediction.page(c.asked) if c.prediction.positions_known else ()
    else:
        owed = c.prediction.required if total < len(c.prediction.required) and not c.answer.records else ()
        owed = owed if c.asked.page_size and c.asked.start < len(c.prediction.required) else ()
    missing = [r for r in owed if record_id(r) not in got]
    if missing:
        yield c.finding(
            filter_clause(c.asked),
            Message.of(
                "{count} records that match {filters} are not found.",
                count=len(missing),
                filters=filter_words(c.asked, set(c.asked.filters)),
            ),
            [summary_of(r) for r in owed[: min(10, c.asked.page_size)]],  # no page has more
            [summary_of(r) for r in c.answer.records[:10]],
            RecordDiff(missing=tuple(missing[:SHOWN])),
            parameter=c.asked.filter_names,
            constraint="all matches",
            observed="some not found",
        )


def check_total(c: Comparison) -> Iterator[Finding]:
    """The number of matches, whatever limit and offset are."""
    low = len(c.prediction.required) if c.prediction.total is None else c.prediction.total
    high = low + len(c.prediction.allowed) if c.prediction.complete or c.prediction.total is not None else None
    total = c.answer.total
    if total is None or (low <= total and (high is None or total <= high)):
        return
    yield c.finding(
        "total.counts-matches",
        Message.of(
            "total is {total}; {expected} records match.",
            total=total,
            expected=low if high in (low, None) else f"{low} to {high}",
        ),
        low,
        total,
        parameter=c.asked.filter_names,
        constraint="counts the matches",
        observed="too low" if total < low else "too high",
    )
