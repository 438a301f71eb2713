"""A valid query that is not answered with a page: an honest way to say that nothing matches, or a promise broken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lineman.contract.answer import Form, holds_records
from lineman.contract.comparison import Comparison, describe, filter_clause, unusual
from lineman.contract.document import document
from lineman.contract.finding import Finding
from lineman.contract.question import Question


def not_accepted(c: Comparison) -> Iterator[Finding]:
    """Judge an answer without a page of records."""
    if c.answer.form in (Form.SUCCESS, Form.OTHER):
        return  # judged by the checks on a single exchange: status, JSON, data
    if may_be_refused(c):
        return
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


def may_be_refused(c: Comparison) -> bool:
    """True where nothing can be found, and no success is promised."""
    return _says_that_nothing_matches(c) or _is_behind_the_last(c)


def _says_that_nothing_matches(c: Comparison) -> bool:
    """True where nothing is known to match, and the target says so as it does for plain queries."""
    learned = c.knowledge.no_match
    if c.prediction.found or c.answer.form is Form.UNAUTHORISED:
        return False
    if c.asked.limit == 0 and not c.prediction.complete:
        return False
    if c.answer.signature in learned:
        return bool(c.asked.filters) or c.prediction.complete
    return not learned and c.prediction.complete


def _is_behind_the_last(c: Comparison) -> bool:
    """True where the page asked for may well be behind the last match; whether that is a success is left open."""
    if not c.asked.start or holds_records(c.answer) or c.answer.form is Form.UNAUTHORISED:
        return False
    matches = c.prediction.total
    return c.asked.start >= matches if matches is not None else bool(c.asked.filters) and not c.prediction.found


def acceptance(asked: Question, purposes: Sequence[str]) -> tuple[str, str, str]:
    """Clause, parameter and constraint that a refused valid query breaks, read off its parameters; fewest say most."""
    contract, names = document(), set(asked.query)
    if dict(asked.query) == contract.example_request and "request.example" in purposes:
        return "request.example", "example", "accepted"
    if names == {"limit"} and asked.limit is not None:
        return limit_clause(asked.limit), "limit", "accepted"
    if names and names <= {"limit", "offset"} and asked.offset:
        return offset_clause(asked.offset), "offset", "accepted"
    if len(names) == 1 and asked.filters:
        return filter_clause(asked), asked.filter_names, "accepted"
    if names and any(isinstance(v, str) and unusual(v) for v in asked.filters.values()):
        return "filter.any-text", asked.filter_names, "accepted"
    return "request.all-optional", "+".join(sorted(names)) or "no parameter", "accepted"


def limit_clause(limit: int) -> str:
    """The clause that says that this limit is accepted."""
    if limit == 0:
        return "limit.zero"
    maximum = document().limit_maximum
    return "limit.clamp" if limit > maximum else "limit.maximum" if limit == maximum else "limit.page-size"


def offset_clause(offset: int) -> str:
    """The clause that says that this offset is accepted."""
    return "offset.maximum" if offset == document().offset_maximum else "offset.pages"
