"""A certain question, its answer, and what was predicted: what every judgement by the model is made on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from lineman.contract.answer import Answer
from lineman.contract.checks.registry import Case
from lineman.contract.document import document
from lineman.contract.finding import Finding, Record, Rows
from lineman.contract.model import Knowledge, Prediction
from lineman.contract.question import Question

CLAUSE_OF_FILTER = {
    "accessCode": "filter.access-code",
    "description": "filter.description",
    "mediatypeId": "filter.media-type",
}
WORDS_FOR_NOTHING = frozenset({"0", "null", "undefined", "None"})
"""Texts that a careless service takes for no filter."""
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
        """Build a finding about this exchange; ``identity`` are parameter, constraint and observed."""
        built = self.case.finding(clause, summary, expected, actual, **identity)
        return replace(built, rows=rows or Rows())


def readable(answer: Answer) -> bool:
    """True where the answer shows a page of records with a total, whatever status or returnCode come with it."""
    return answer.has_list and answer.total is not None and answer.status is not None and 200 <= answer.status < 300


def unusual(text: str) -> bool:
    """True for filter texts beyond ASCII letters, digits, spaces and single hyphens, long ones, words for nothing."""
    if not text.strip() or text in WORDS_FOR_NOTHING:
        return True
    plain = all(c.isascii() and (c.isalnum() or c in " -") for c in text)
    return len(text) > PLAIN_LENGTH or not plain or "--" in text


def filter_clause(asked: Question) -> str:
    """The clause that a filter's failure breaks: its own, any-text for unusual texts, conjunction for several."""
    if len(asked.filters) > 1:
        return "filter.conjunction"
    name, value = next(iter(asked.filters.items()))
    return "filter.any-text" if isinstance(value, str) and unusual(value) else CLAUSE_OF_FILTER[name]


def describe(asked: Question) -> str:
    """The question's parameters in words, long texts cut."""
    parts = [f"{name} {_short(value)}" for name, value in asked.query.items()]
    return ", ".join(parts) or "no parameters"


def _short(value: object) -> str:
    return repr(value[:40]) if isinstance(value, str) else str(value)[:40]


def filter_words(asked: Question, names: set[str]) -> str:
    """The named filters and their values in words."""
    return " and ".join(f"{name} {str(asked.filters[name])[:60]!r}" for name in asked.filters if name in names)


def number_words(number: int | None) -> str:
    return "(none)" if number is None else str(number)


def band(number: int | None) -> str:
    """A value's place among the documented boundaries: words that stay the same from run to run."""
    if number is None:
        return "absent"
    maximum = document().limit_maximum
    return str(number) if number in (0, 1, maximum) else ("above 100" if number > maximum else "between")


def brief(record: Record) -> dict[str, Any]:
    """The members of a record that queries look at."""
    return {name: record.get(name) for name in ("id", "accessCode", "mediatypeId", "description")}
