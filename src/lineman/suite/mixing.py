"""Answers that come only now and then, or only after or beside another query."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lineman.contract.answer import Form, read_answer
from lineman.contract.comparison import describe
from lineman.contract.finding import Finding
from lineman.contract.model import record_id
from lineman.contract.question import question, read_question
from lineman.exchange import Ask, Exchange
from lineman.suite.suspects import Suspect, Witness, ids

NEARBY = 60
"""How many requests apart two queries may be to have been mixed up."""


@dataclass
class Mixing:
    """Tells an occasional failure from an answer that belongs to another query."""

    witness: Witness

    def occasional(self, suspect: Suspect) -> list[Finding]:
        """The list did not change, and yet the same question gets its right answer now."""
        answer = read_answer(suspect.exchange)
        other = self._owner(suspect)
        if other is not None:
            return [self._mixed_up(suspect, other)]
        first = suspect.findings[0]
        if answer.form is not Form.SUCCESS:
            clause = "answer.return-code" if answer.status == 200 else "answer.status"
            return [
                replace(
                    first,
                    clause=clause,
                    summary=f"Now and then a valid query ({describe(suspect.asked)}) is not answered with success: "
                    f"{answer.signature}.",
                    parameter="valid requests",
                    constraint="always succeed",
                    observed=f"now and then {answer.signature}",
                )
            ]
        repeatable = replace(
            first,
            clause="query.repeatable",
            summary=f"The same query ({describe(suspect.asked)}) is answered differently on unchanged data. "
            f"{first.summary}",
            parameter="answer",
            constraint="the same on unchanged data",
            observed="now and then another answer",
        )
        return [repeatable, *suspect.findings]

    def after_another(self, suspect: Suspect) -> Finding | None:
        """A wrong answer that comes again, but not behind an unlike query, depends on the query before it."""
        other = self._owner(suspect)
        if other is None:
            return None
        unlike = Ask.of({"limit": 1, "accessCode": "5", "offset": 0}, "query.independent", note="an unlike query")
        mine = suspect.exchange.ask
        for ask in (unlike, mine, unlike, unlike, mine):  # an odd number between, so that no counter fits both
            (exchange,) = self.witness.ask([ask])
            if ask is mine and self.witness.suspects([exchange]):
                return None
        return self._mixed_up(suspect, other)

    def _owner(self, suspect: Suspect) -> Exchange | None:
        """An exchange near in time whose question this answer, or its total, would be right for."""
        mine, answer = suspect.exchange, read_answer(suspect.exchange)
        predicted = self.witness.knowledge.predict(suspect.asked)
        if answer.form is not Form.SUCCESS or predicted is None:
            return None
        swapped = (
            predicted.total is not None
            and answer.total != predicted.total
            and answer.records == predicted.page(suspect.asked)
        )
        right = [record_id(record) for record in predicted.page(suspect.asked)]
        if not swapped and (not answer.records or ids(answer) == right):
            return None
        for other in reversed(self.witness.recorder.exchanges):
            if abs(other.number - mine.number) > NEARBY or not _is_another_question(other, mine):
                continue
            together = other.began < mine.finished and mine.began < other.finished
            theirs = read_answer(other)
            if swapped and together and self._total_of(other) == answer.total:
                return other
            whole = theirs.form is Form.SUCCESS and theirs.total == answer.total and ids(theirs) == ids(answer)
            if whole and not swapped and not self.witness.suspects([other]):
                return other
            if not swapped and self._lent_a_parameter(other, suspect):
                return other
        return None

    def _lent_a_parameter(self, other: Exchange, suspect: Suspect) -> bool:
        """True where the answer would be right with a parameter of the other query added to its own."""
        answer, mine = read_answer(suspect.exchange), suspect.asked.query
        for name, value in (other.ask.query or {}).items():
            asked = question({**mine, name: value})
            predicted = self.witness.knowledge.predict(asked) if name not in mine else None
            if predicted is None or not predicted.exact or predicted.total != answer.total:
                continue
            if ids(answer) == [record_id(record) for record in predicted.page(asked)]:
                return True
        return False

    def _total_of(self, exchange: Exchange) -> int | None:
        prediction = self.witness.knowledge.predict(question(exchange.ask.query or {}))
        return None if prediction is None else prediction.total

    def _mixed_up(self, suspect: Suspect, other: Exchange) -> Finding:
        theirs = read_question(other.ask)
        first = suspect.findings[0]
        return replace(
            first,
            clause="query.independent",
            summary=f"The query ({describe(suspect.asked)}) got the answer that belongs to another one "
            f"({describe(theirs) if theirs else ''}).",
            exchanges=(suspect.exchange, other),
            parameter="answer",
            constraint="belongs to its own query",
            observed="another query's answer",
        )


def _is_another_question(other: Exchange, mine: Exchange) -> bool:
    query = other.ask.query
    return other is not mine and query is not None and query != mine.ask.query
