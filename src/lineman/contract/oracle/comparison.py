"""A valid query that is not answered with a page: an honest way to say that nothing matches, or a promise broken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lineman.contract.answer import Answer, AnswerKind, holds_records
from lineman.contract.checks.base import Case
from lineman.contract.finding import Finding, Record, RecordDiff
from lineman.contract.model import Model, Prediction
from lineman.contract.operation import document
from lineman.contract.query import ParsedQuery
from lineman.message import Message
from lineman.text import compact

WORDS_FOR_NOTHING = frozenset({"0", "null", "undefined", "None"})
"""Texts that a careless service takes for no filter."""
PLAIN_LENGTH = 64
"""Longer filter texts count as unusual."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A certain question, its answer and what was predicted."""

    case: Case
    asked: ParsedQuery
    answer: Answer
    prediction: Prediction
    model: Model

    def finding(
        self, clause: str, summary: str, expected: Any, actual: Any, rows: RecordDiff | None = None, **identity: str
    ) -> Finding:
        """Build a finding about this exchange; ``identity`` are parameter, constraint and observed."""
        built = self.case.finding(clause, summary, expected, actual, **identity)
        return replace(built, rows=rows or RecordDiff())


def has_page(answer: Answer) -> bool:
    """True where the answer shows a page of records with a total, whatever status or returnCode come with it."""
    return answer.has_list and answer.total is not None and answer.status is not None and 200 <= answer.status < 300


def is_special_text(text: str) -> bool:
    """True for filter texts beyond ASCII letters, digits, spaces and single hyphens, for long ones and for words
    that mean nothing.
    """
    if text in WORDS_FOR_NOTHING or not any(character.isalnum() for character in text):
        return True
    plain = all(c.isascii() and (c.isalnum() or c in " -") for c in text)
    return len(text) > PLAIN_LENGTH or not plain or "--" in text


def filter_clause(asked: ParsedQuery) -> str:
    """The clause that a filter's failure breaks: its own, any-text for unusual texts, conjunction for several."""
    if len(asked.filters) > 1:
        return "filter.conjunction"
    name, value = next(iter(asked.filters.items()))
    return "filter.any-text" if isinstance(value, str) and is_special_text(value) else document().filters[name].clause


def describe(asked: ParsedQuery) -> str:
    """The question's parameters in words, long texts cut."""
    parts = [f"{name} {_short(value)}" for name, value in asked.query.items()]
    return ", ".join(parts) or "no parameters"


def _short(value: object) -> str:
    return compact(value[:40]) if isinstance(value, str) else compact(value)[:40]


def filter_words(asked: ParsedQuery, names: set[str]) -> str:
    """The named filters and their values in words."""
    return " and ".join(f"{name} {_short(asked.filters[name])}" for name in asked.filters if name in names)


def or_none(number: int | None) -> str:
    return "(none)" if number is None else str(number)


def boundary_class(number: int | None) -> str:
    """A value's place among the documented boundaries: words that stay the same from run to run."""
    if number is None:
        return "absent"
    maximum = document().paging.size_maximum
    return str(number) if number in (0, 1, maximum) else (f"above {maximum}" if number > maximum else "between")


def summary_of(record: Record) -> dict[str, Any]:
    """The members of a record that queries look at."""
    return {name: record.get(name) for name in document().shown_members}


_FIRST_REFUSAL = 400
"""From this status on a request is refused, whether the page documents the status or not."""


def not_accepted(c: Comparison) -> Iterator[Finding]:
    """Judge an answer without a page of records."""
    refused = c.answer.status is not None and c.answer.status >= _FIRST_REFUSAL
    if c.answer.kind is AnswerKind.SUCCESS or (c.answer.kind is AnswerKind.OTHER and not refused):
        return  # judged by the checks on a single exchange: status, JSON, data
    if may_be_refused(c):
        return
    if holds_records(c.answer) and c.answer.status == 200:
        return  # reported by answer.return-code
    clause, parameter, constraint = acceptance(c.asked, c.case.exchange.request.clauses)
    yield c.finding(
        clause,
        Message.of(
            "A valid query ({query}) is not answered with success: {answer}.",
            query=describe(c.asked),
            answer=c.answer.signature,
        ),
        f'status 200 with {document().envelope.code} "{document().envelope.success}"',
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
    learned = c.model.no_match
    if c.prediction.required or c.answer.kind is AnswerKind.UNAUTHORISED:
        return False
    if c.asked.limit == 0 and not c.prediction.complete:
        return False
    if c.answer.signature in learned:
        return bool(c.asked.filters) or c.prediction.complete
    return not learned and c.prediction.complete


def _is_behind_the_last(c: Comparison) -> bool:
    """True where the page asked for may well be behind the last match; whether that is a success is left open."""
    if not c.asked.start or holds_records(c.answer) or c.answer.kind is AnswerKind.UNAUTHORISED:
        return False
    matches = c.prediction.total
    return c.asked.start >= matches if matches is not None else bool(c.asked.filters) and not c.prediction.required


def acceptance(asked: ParsedQuery, purposes: Sequence[str]) -> tuple[str, str, str]:
    """Clause, parameter and constraint that a refused valid query breaks, read off its parameters; fewest say most."""
    contract, names = document(), set(asked.query)
    paging = contract.paging
    if dict(asked.query) == contract.example_request and "request.example" in purposes:
        return "request.example", "example", "accepted"
    if names == {paging.size} and asked.limit is not None:
        return limit_clause(asked.limit), "limit", "accepted"
    if names and names <= set(paging.names) and asked.offset:
        return offset_clause(asked.offset), "offset", "accepted"
    if len(names) == 1 and asked.filters:
        return filter_clause(asked), asked.filter_names, "accepted"
    if names and any(isinstance(v, str) and is_special_text(v) for v in asked.filters.values()):
        return "filter.any-text", asked.filter_names, "accepted"
    return "request.all-optional", "+".join(sorted(names)) or "no parameter", "accepted"


def limit_clause(limit: int) -> str:
    """The clause that says that this limit is accepted."""
    if limit == 0:
        return "limit.zero"
    maximum = document().paging.size_maximum
    return "limit.clamp" if limit > maximum else "limit.maximum" if limit == maximum else "limit.page-size"


def offset_clause(offset: int) -> str:
    """The clause that says that this offset is accepted."""
    return "offset.maximum" if offset == document().paging.start_maximum else "offset.pages"
