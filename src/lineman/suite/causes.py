"""Asks what tells one clause from another: a default against its explicit value, a refused value against others."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lineman.contract.acceptance import offset_clause
from lineman.contract.answer import read_answer
from lineman.contract.comparison import filter_clause
from lineman.contract.finding import Finding
from lineman.contract.question import Question
from lineman.suite.reduce import counterfactuals, explicit_query, with_companions
from lineman.suite.suspects import Suspect, Witness, body_of, same_answer


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
