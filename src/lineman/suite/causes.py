"""Asks what tells one clause from another: a default against its explicit value, a refused value against others."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lineman.contract.acceptance import offset_clause
from lineman.contract.answer import read_answer
from lineman.contract.finding import Finding
from lineman.suite.reduce import counterfactuals, explicit_query, with_companions
from lineman.suite.suspects import Suspect, Witness, body_of, ids, same_answer


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
        if first.observed == "too few" and suspect.asked.start and first.clause.startswith("limit."):
            return [self._short_page(suspect, first)]
        if first.constraint == "accepted":
            return [self._blamed(suspect, first)]
        return suspect.findings

    def _short_page(self, suspect: Suspect, first: Finding) -> Finding:
        """A later page with too few records: is it the limit, the offset, or a total that says too much?"""
        if self._nothing_is_behind(suspect):
            return replace(
                first,
                clause="total.counts-matches",
                parameter="none",
                constraint="counts the matches",
                observed="too high",
            )
        blamable = not read_answer(suspect.exchange).records or first.clause in ("limit.maximum", "limit.default")
        if blamable and self.witness.instead(suspect, {**suspect.asked.query, "offset": 0}) is None:
            explicit = {**suspect.asked.query, "limit": suspect.asked.page_size}
            if suspect.asked.limit is not None or self.witness.instead(suspect, explicit) is not None:
                return replace(first, clause=offset_clause(suspect.asked.start), parameter="offset")
        return first

    def _nothing_is_behind(self, suspect: Suspect) -> bool:
        """True where pages of another size end at the same record: it is the last, and the total says too much."""
        whole, answer = self.witness.knowledge.whole, read_answer(suspect.exchange)
        if suspect.asked.filters or not answer.records or whole is None or whole.tail:
            return False
        (other,) = self.witness.ask([replace(suspect.exchange.ask, **body_of({"limit": 99, "offset": 99}))])
        return ids(read_answer(other))[-1:] == ids(answer)[-1:]

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
