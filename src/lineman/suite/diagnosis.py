"""Answers that come only now and then, or only after or beside another query."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lineman.contract.answer import Form, read_answer
from lineman.contract.finding import Finding
from lineman.contract.model import record_id
from lineman.contract.oracle.comparison import describe, filter_clause, offset_clause
from lineman.contract.query import Question, question, read_question
from lineman.exchange import Ask, Exchange
from lineman.suite.mismatch import Suspect, Witness, body_of, ids, same_answer
from lineman.suite.shrinking import counterfactuals, explicit_query, with_companions


@dataclass
class Causes:
    """Finds the clause to blame for a difference that is certain, and as small as it gets."""

    witness: Witness

    def explain(self, suspect: Suspect) -> list[Finding]:
        """Ask what tells one clause from another: a default against its explicit value, an offset against none."""
        first = suspect.findings[0]
        explicit = explicit_query(first.clause, suspect.asked)
        if explicit is not None:
            other = self.witness.instead(suspect, explicit)
            if other is not None and same_answer(other.exchange, suspect.exchange):
                return self.explain(other)
        if first.observed == "too few" and first.clause.startswith("limit."):
            return [self._short_page(suspect, first)]
        if first.constraint == "accepted":
            return [self._blamed(suspect, first)]
        return suspect.findings

    def _short_page(self, suspect: Suspect, first: Finding) -> Finding:
        """A page with too few records: is it the limit, the offset, a filter, or a total that says too much?"""
        if self._nothing_is_behind(suspect):
            return replace(
                first,
                clause="total.counts-matches",
                parameter="none",
                constraint="counts the matches",
                observed="too high",
            )
        if suspect.asked.filters and self._only_when_filtered(suspect):
            return replace(first, clause=filter_clause(suspect.asked), parameter=suspect.asked.filter_names)
        return self._wrong_offset(suspect, first) if suspect.asked.start else first

    def _wrong_offset(self, suspect: Suspect, first: Finding) -> Finding:
        blamable = not read_answer(suspect.exchange).records or first.clause in ("limit.maximum", "limit.default")
        if blamable and self.witness.instead(suspect, {**suspect.asked.query, "offset": 0}) is None:
            explicit = {**suspect.asked.query, "limit": suspect.asked.page_size}
            if suspect.asked.limit is not None or self.witness.instead(suspect, explicit) is not None:
                return replace(first, clause=offset_clause(suspect.asked.start), parameter="offset")
        return first

    def _nothing_is_behind(self, suspect: Suspect) -> bool:
        """True where pages of other sizes end at the same record: it is the last, and the total says too much."""
        asked, answer = suspect.asked, read_answer(suspect.exchange)
        end, total = asked.start + len(answer.records), answer.total or 0
        if not answer.records or self._known(asked) > end:
            return False
        other_sizes = {end: end, total: 0, total + 1: 0, 99: 99, 75: 75}
        pages = [(size, at) for size, at in other_sizes.items() if size <= 100 and at <= end < at + size]
        asks = [{**asked.filters, "limit": size, "offset": at} for size, at in pages]
        others = self.witness.ask([replace(suspect.exchange.ask, **body_of(query)) for query in asks])
        ends = [at + len(read_answer(other).records) for (_, at), other in zip(pages, others, strict=True)]
        return bool(ends) and max(ends) <= end

    def _known(self, asked: Question) -> int:
        """How many records are known to match, those included whose place is not."""
        listing, prediction = self.witness.knowledge.listing_for(asked), self.witness.knowledge.predict(asked)
        if listing is None or prediction is None:
            return 0
        return len(listing.known) if listing.base.filter_key == asked.filter_key else len(prediction.found)

    def _only_when_filtered(self, suspect: Suspect) -> bool:
        """True where a filter loses records on pages of any size, and the same pages of the whole list are right."""
        single = {"limit": 1, "offset": 0}
        filtered = self.witness.instead(suspect, {**suspect.asked.filters, **single})
        return filtered is not None and self.witness.instead(suspect, single) is None

    def _blamed(self, suspect: Suspect, first: Finding) -> Finding:
        """Which parameter makes a valid query be refused? Each is tried with another value, then the rest added."""
        for name, query, clause in counterfactuals(suspect.asked):
            if len(suspect.asked.query) > 1 and self.witness.instead(suspect, query) is None:
                return replace(first, clause=clause, parameter=name)
        companions = with_companions(suspect.asked) if first.clause.startswith(("filter.", "request.")) else None
        if first.clause.startswith("offset."):
            companions = {**suspect.asked.query, "limit": 100} if suspect.asked.limit is None else None
        if companions is not None and self.witness.instead(suspect, companions) is None:
            return replace(first, clause="request.all-optional", parameter=f"{first.parameter} alone")
        return first


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
