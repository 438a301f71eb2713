"""Compare an answer with its prediction, and say which clause a difference breaks.

Each function states one clause. They are asked in an order in which an earlier difference explains the later ones: a
filter that
lets too much through also changes the total and the pages, and is told once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lineman.contract.answer import Answer, Form, holds_records, read_answer
from lineman.contract.checks.registry import Case
from lineman.contract.document import document
from lineman.contract.finding import Finding, Record, Rows
from lineman.contract.matching import Match, match_filter, match_record
from lineman.contract.model import Knowledge, Prediction, learn_order, record_id
from lineman.contract.question import Question, read_question
from lineman.exchange import Exchange

CLAUSE_OF_FILTER = {
    "accessCode": "filter.access-code",
    "description": "filter.description",
    "mediatypeId": "filter.media-type",
}
PLAIN_LENGTH = 64
"""Longer filter texts count as unusual."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A certain question, its answer and what was predicted."""

    case: Case
    asked: Question
    answer: Answer
    prediction: Prediction
    knowledge: Knowledge

    def finding(
        self, clause: str, summary: str, expected: Any, actual: Any, rows: Rows | None = None, **identity: str
    ) -> Finding:
        built = self.case.finding(clause, summary, expected, actual, **identity)
        return replace(built, rows=rows or Rows())


def compare(exchange: Exchange, knowledge: Knowledge) -> list[Finding]:
    """Compare the answer to a certain question with what is known; empty where they agree or nothing can be said."""
    asked = read_question(exchange.ask)
    if asked is None or not asked.certain:
        return []
    case = Case(exchange, read_answer(exchange), asked)
    if not case.on_operation or case.answer.form in (Form.OUTAGE, Form.NO_ANSWER, Form.UNAUTHORISED):
        return []
    prediction = knowledge.predict(asked)
    if prediction is None:
        prediction = Prediction((), (), complete=False, order_known=False, total=None)
    comparison = Comparison(case, asked, case.answer, prediction, knowledge)
    if not readable(case.answer):
        return list(_not_accepted(comparison))
    learn_order(case.answer, asked, knowledge)
    return _first_of(comparison)


def readable(answer: Answer) -> bool:
    """True where the answer shows a page of records with a total, whatever status or returnCode come with it."""
    return answer.has_list and answer.total is not None and answer.status is not None and 200 <= answer.status < 300


def _first_of(comparison: Comparison) -> list[Finding]:
    said_in_its_own_way = comparison.answer.signature in comparison.knowledge.no_match
    if said_in_its_own_way and not comparison.prediction.found and not comparison.answer.records:
        return []
    found = [*_status(comparison), *_return_code(comparison)]
    for judge in (_wrong_records, _changed_records, _too_few_found, _wrong_total, _wrong_count, _wrong_page):
        findings = list(judge(comparison))
        if findings:
            return found + findings
    return found


def _status(c: Comparison) -> Iterator[Finding]:
    if c.answer.status != 200:
        yield c.finding(
            "answer.status",
            f"A valid request is answered with status {c.answer.status}.",
            200,
            c.answer.status,
            parameter="status",
            constraint="200 for a valid request",
            observed=str(c.answer.status),
        )


def _return_code(c: Comparison) -> Iterator[Finding]:
    code = c.answer.return_code
    if code == "0" or (c.answer.form is Form.REFUSAL and holds_records(c.answer)):
        return  # records beside a failure code have a check of their own
    if isinstance(code, int | float) and not isinstance(code, bool) and code == 0:
        return  # of the wrong type, which answer.schema tells
    yield c.finding(
        "answer.return-code",
        'A valid query\'s answer has no returnCode "0".',
        "0",
        code if isinstance(code, str | int | float | bool | None) else str(type(code).__name__),
        parameter="returnCode",
        constraint='"0" on success',
        observed="other" if isinstance(code, str) else "absent or no text",
    )


def unusual(text: str) -> bool:
    """True for filter texts beyond ASCII letters, digits, spaces and hyphens, and for long ones."""
    return len(text) > PLAIN_LENGTH or not all(c.isascii() and (c.isalnum() or c in " -") for c in text)


def filter_clause(asked: Question) -> str:
    """The clause that a filter's failure breaks: its own, any-text for unusual texts, conjunction for several."""
    if len(asked.filters) > 1:
        return "filter.conjunction"
    name, value = next(iter(asked.filters.items()))
    return "filter.any-text" if isinstance(value, str) and unusual(value) else CLAUSE_OF_FILTER[name]


def _wrong_records(c: Comparison) -> Iterator[Finding]:
    """Records that do not satisfy the filters, by their own content."""
    habits = c.knowledge.habits
    wrong = [r for r in c.answer.records if match_record(c.asked, r, habits) is Match.NO]
    if wrong and c.asked.filters:
        failed = {n for n, v in c.asked.filters.items() for r in wrong if match_filter(n, v, r, habits) is Match.NO}
        yield c.finding(
            filter_clause(c.asked),
            f"{len(wrong)} record(s) come that do not match {_words(c.asked, failed)}.",
            [_brief(r) for r in c.prediction.page(c.asked)[:10]] if c.prediction.exact else "only matching records",
            [_brief(r) for r in c.answer.records[:10]],
            Rows(extra=tuple(wrong[:20])),
            parameter=c.asked.filter_names,
            constraint="only matches",
            observed="others too",
        )


def _changed_records(c: Comparison) -> Iterator[Finding]:
    """A record that shows other members here than in the list."""
    listing = c.knowledge.listing_for(c.asked)
    known = listing.by_id if listing else {}
    changed = [r for r in c.answer.records if record_id(r) in known and known[record_id(r)] != r]
    if changed:
        yield c.finding(
            "query.repeatable",
            f"{len(changed)} record(s) show other members here than in the list read before and after.",
            [dict(known[record_id(r)]) for r in changed[:5]],
            [dict(r) for r in changed[:5]],
            parameter="record",
            constraint="the same on unchanged data",
            observed="other members",
        )


def _too_few_found(c: Comparison) -> Iterator[Finding]:
    """Matching records that a filter does not find: the total is short of them, or a whole answer lacks them."""
    if not c.asked.filters or c.answer.total is None:
        return
    got = {record_id(r) for r in c.answer.records}
    whole = c.asked.start == 0 and c.answer.total <= len(c.answer.records) < c.asked.page_size
    missing = [r for r in c.prediction.found if record_id(r) not in got] if whole else []
    if c.answer.total < len(c.prediction.found) and not whole:
        page = c.prediction.page(c.asked) if c.prediction.order_known else c.prediction.found
        missing = [r for r in page if record_id(r) not in got]
        if len(c.answer.records) == len(c.prediction.page(c.asked)) and c.prediction.exact:
            missing = []  # the page is whole: only the total is wrong
    if missing:
        yield c.finding(
            filter_clause(c.asked),
            f"{len(missing)} record(s) that match {_words(c.asked, set(c.asked.filters))} are not found.",
            [_brief(r) for r in c.prediction.found[:10]],
            [_brief(r) for r in c.answer.records[:10]],
            Rows(missing=tuple(missing[:20])),
            parameter=c.asked.filter_names,
            constraint="all matches",
            observed="some not found",
        )


def _wrong_total(c: Comparison) -> Iterator[Finding]:
    """The number of matches, whatever limit and offset are."""
    low = len(c.prediction.found) if c.prediction.total is None else c.prediction.total
    high = low + len(c.prediction.possible) if c.prediction.complete or c.prediction.total is not None else None
    total = c.answer.total
    if total is None or (low <= total and (high is None or total <= high)):
        return
    yield c.finding(
        "total.counts-matches",
        f"total is {total} where {low if high in (low, None) else f'{low} to {high}'} records match.",
        low,
        total,
        parameter=f"{c.asked.filter_names}, limit {_band(c.asked.limit)}, offset {_band(c.asked.offset)}",
        constraint="counts the matches",
        observed="too low" if total < low else "too high",
    )


def _wrong_count(c: Comparison) -> Iterator[Finding]:
    """min(limit, records left from offset), counted against the answer's own total."""
    total = c.answer.total or 0
    expected, got = min(c.asked.page_size, max(0, total - c.asked.start)), len(c.answer.records)
    if got == expected:
        return
    beyond = c.asked.start >= total
    clause = "offset.beyond-total" if beyond else _size_clause(c.asked, got, c.knowledge)
    yield c.finding(
        clause,
        f"A page of limit {_value(c.asked.limit)} at offset {_value(c.asked.offset)} has {got} records; "
        f"{expected} of the {total} matches belong on it.",
        f"{expected} records",
        f"{got} records",
        Rows(missing=c.prediction.page(c.asked)[got:][:20]) if got < expected and c.prediction.exact else None,
        parameter="offset" if beyond else "limit",
        constraint=f"limit {_band(c.asked.limit)}, offset {_band(c.asked.offset)}",
        observed="too many" if got > expected else "too few",
    )


def _size_clause(asked: Question, got: int, knowledge: Knowledge) -> str:
    if asked.limit is None:
        return "limit.default"
    maximum = document().limit_maximum
    if asked.start == document().offset_maximum and got == 0 and asked.limit != maximum:
        return "offset.maximum"
    if asked.limit == 0:
        return "limit.zero"
    if asked.limit == maximum:
        return "offset.maximum" if asked.start and _first_page_is_full(asked, knowledge) else "limit.maximum"
    return "limit.clamp" if asked.limit > maximum else "limit.page-size"


def _first_page_is_full(asked: Question, knowledge: Knowledge) -> bool:
    """True where limit 100 is known to work from offset 0, so that the offset is to blame."""
    listing = knowledge.whole
    return listing is not None and len(listing.records) >= document().limit_maximum


def _wrong_page(c: Comparison) -> Iterator[Finding]:
    """The right number of records, but not the ones that stand there: another place in the list, or another order."""
    sure = c.prediction.exact or (not c.asked.filters and not c.prediction.possible)
    if not sure:
        return
    expected, got = c.prediction.page(c.asked), c.answer.records
    if not c.prediction.complete and len(expected) < len(got):
        return  # beyond what was read
    wanted_ids, got_ids = [record_id(r) for r in expected], [record_id(r) for r in got]
    if wanted_ids == got_ids:
        return
    if not c.prediction.order_known and set(got_ids) == set(wanted_ids) and c.asked.filters:
        return  # the order of these filters was never seen: the whole set is all that can be asked
    reordered = sorted(wanted_ids) == sorted(got_ids)
    clause = "order.stable" if reordered or not _in_order(got_ids, c.prediction) else _slice_clause(c.asked)
    yield c.finding(
        clause,
        "The right records come in another order."
        if reordered
        else f"The page at offset {_value(c.asked.offset)}, limit {_value(c.asked.limit)} shows other records "
        "than stand there.",
        [_brief(r) for r in expected[:10]],
        [_brief(r) for r in got[:10]],
        _row_difference(expected, got, reordered=reordered),
        parameter="order" if clause == "order.stable" else "offset",
        constraint=f"limit {_band(c.asked.limit)}, offset {_band(c.asked.offset)}",
        observed="reordered" if reordered else "other records",
    )


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


def _row_difference(expected: Sequence[Record], got: Sequence[Record], *, reordered: bool) -> Rows:
    if reordered:
        return Rows(out_of_order=tuple(record_id(r) for r in got))
    wanted, have = {record_id(r) for r in expected}, {record_id(r) for r in got}
    return Rows(
        missing=tuple(r for r in expected if record_id(r) not in have)[:20],
        extra=tuple(r for r in got if record_id(r) not in wanted)[:20],
    )


def _not_accepted(c: Comparison) -> Iterator[Finding]:
    """A valid query that got no readable page: a refusal where nothing can be found is one of the honest answers."""
    if c.answer.form in (Form.SUCCESS, Form.OTHER):
        return  # judged by the checks on a single exchange: status, JSON, data
    nothing = c.prediction.complete and not c.prediction.found
    if nothing and (c.answer.signature in c.knowledge.no_match or not c.knowledge.no_match):
        return
    matches = c.prediction.total
    if c.asked.start and (matches is None or c.asked.start >= matches) and not holds_records(c.answer):
        known = matches is not None or c.asked.filters
        if known:
            return
    if (
        not c.prediction.complete
        and c.asked.filters
        and c.answer.signature in c.knowledge.no_match
        and not c.prediction.found
    ):
        return  # nothing is known to match, and this is how the target says so
    if holds_records(c.answer) and c.answer.status == 200:
        return  # told by answer.return-code
    clause, parameter, constraint = acceptance(c.asked, c.case.exchange.ask.clauses)
    yield c.finding(
        clause,
        f"A valid query ({describe(c.asked)}) is not answered with success: {c.answer.signature}.",
        'status 200 with returnCode "0"',
        c.answer.signature,
        parameter=parameter,
        constraint=constraint,
        observed=f"status {c.answer.status}",
    )


def acceptance(asked: Question, purposes: Sequence[str]) -> tuple[str, str, str]:
    """Clause, parameter and constraint that a refused valid query breaks, read off its parameters; fewest say most."""
    contract, names = document(), set(asked.query)
    if dict(asked.query) == contract.example_request and "request.example" in purposes:
        return "request.example", "example", "accepted"
    if names == {"limit"} and asked.limit is not None:
        if asked.limit == 0:
            return "limit.zero", "limit", "0 accepted"
        if asked.limit > contract.limit_maximum:
            return "limit.clamp", "limit", "above the maximum accepted"
        return ("limit.maximum" if asked.limit == contract.limit_maximum else "limit.page-size"), "limit", "accepted"
    if names and names <= {"limit", "offset"} and asked.offset:
        clause = "offset.maximum" if asked.offset == contract.offset_maximum else "offset.pages"
        return clause, "offset", "accepted"
    if len(names) == 1 and asked.filters:
        return filter_clause(asked), asked.filter_names, "accepted"
    if names and any(isinstance(v, str) and unusual(v) for v in asked.filters.values()):
        return "filter.any-text", asked.filter_names, "accepted"
    return "request.all-optional", "+".join(sorted(names)) or "no parameter", "accepted"


def describe(asked: Question) -> str:
    """The question's parameters in words, long texts cut."""
    parts = [f"{name} {str(value)[:40]!r}" for name, value in asked.query.items()]
    return ", ".join(parts) or "no parameters"


def _words(asked: Question, names: set[str]) -> str:
    return " and ".join(f"{name} {str(asked.filters[name])[:60]!r}" for name in asked.filters if name in names)


def _value(number: int | None) -> str:
    return "(none)" if number is None else str(number)


def _band(number: int | None) -> str:
    """A value's place among the documented boundaries: words that stay the same from run to run."""
    if number is None:
        return "absent"
    maximum = document().limit_maximum
    return str(number) if number in (0, 1, maximum) else ("above 100" if number > maximum else "between")


def _brief(record: Record) -> dict[str, Any]:
    return {name: record.get(name) for name in ("id", "accessCode", "mediatypeId", "description")}
