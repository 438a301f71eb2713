"""Before a difference is called a violation: confirm it on unchanged data, and find the smallest query that shows it.

A changing list never gives back an older state. So where the list reads the same before and after an answer, it was
the same in between, and a wrong answer is wrong. Where it changed, the question is asked again on the new state, a
bounded number of times. What was answered before the first reading is asked again, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from lineman.contract.answer import AnswerKind, read_answer
from lineman.contract.finding import Finding
from lineman.contract.query import ParsedQuery
from lineman.exchange import Exchange, Request
from lineman.suite.allowance import Allowance
from lineman.suite.diagnosis import CrossTalk, Diagnosis
from lineman.suite.list_reader import ListReader
from lineman.suite.mismatch import Mismatch, Requery
from lineman.suite.shrinking import smaller_queries

ROUNDS = 4
"""How often a question is asked again while the list keeps changing: each round costs a reading of the list."""
AGAIN = 5
"""Questions asked again in one round: of a kind of difference, the next one says no more than the first."""
REDUCTIONS = 14
"""The most requests spent on making one violation's query smaller."""
GROUPS = 12
"""The most differences examined one by one; further ones are reported as they were seen."""
COST = 12
"""Requests that examining a difference takes about, beside a reading of the list."""
ORDERS = 6
"""The most filters whose own order is asked for, of one kind of difference."""
PAGING = frozenset({"limit", "offset", "order", "record"})
SPENT = "the requests that a run may spend on looking closer were spent"
Key = tuple[str, ...]


@dataclass
class Confirmation:
    """Examines mismatches and records what is proven."""

    reader: ListReader
    requery: Requery
    allowance: Allowance
    examined: dict[Key, list[Finding]] = field(default_factory=dict)
    """What examining a kind of difference has come to: further answers of the kind are counted, not examined again."""

    def examine(self, exchanges: Iterable[Exchange]) -> list[Finding]:
        """Judge exchanges by the model; confirm, reduce and record what differs. Returns the findings."""
        mismatches = self.requery.mismatches(exchanges)
        if not mismatches:
            return []
        proven = all(mismatch.key in self.examined for mismatch in mismatches)
        groups: dict[Key, list[Mismatch]] = defaultdict(list)
        for mismatch in mismatches if proven else self._confirm(mismatches):
            groups[mismatch.key].append(mismatch)
        found = self._conclude(list(groups.values()))
        self.requery.recorder.add_findings(found)
        return found

    def _confirm(self, mismatches: list[Mismatch]) -> list[Mismatch]:
        """Keep the mismatches whose answers are wrong for certain."""
        mismatches = self._since_the_reading(mismatches)
        reason = "the data kept changing while it was checked"
        for _ in range(ROUNDS):
            if not mismatches:
                return []
            if not self.allowance.affords(self._reading_cost(mismatches) + AGAIN):
                reason = SPENT
                break
            if not self._list_changed(mismatches):
                if not self.requery.model.volatile:
                    return mismatches
                # A member that turned out to be another in every reading was reported as that.
                return self.requery.mismatches([mismatch.exchange for mismatch in mismatches])
            # The list is another one now. An answer that is right for it was given after the change, and is right.
            late = self.requery.mismatches(mismatch.exchange for mismatch in mismatches)
            self.requery.excuse(late)
            requests = {mismatch.exchange.request.body: mismatch.exchange.request for mismatch in late}
            mismatches = self.requery.mismatches(self.requery.ask(list(requests.values())[:AGAIN]))
        for mismatch in mismatches:
            self.requery.recorder.not_verified(mismatch.findings[0].clause, reason)
        self.requery.excuse(mismatches)
        return []

    def _list_changed(self, mismatches: Sequence[Mismatch]) -> bool:
        """Read again what the mismatches were judged by; True where it changed."""
        return self.reader.read_again(whole_only=self._judged_by_the_whole(mismatches))

    def _reading_cost(self, mismatches: Sequence[Mismatch]) -> int:
        return self.reader.cost(whole_only=self._judged_by_the_whole(mismatches))

    @staticmethod
    def _judged_by_the_whole(mismatches: Sequence[Mismatch]) -> bool:
        """True where no question has a filter: then the list without filters alone says what is right."""
        return not any(mismatch.asked.filters for mismatch in mismatches)

    def _since_the_reading(self, mismatches: list[Mismatch]) -> list[Mismatch]:
        """Ask again what was answered with records before the list was first read: they may have been of another."""
        older = [mismatch for mismatch in mismatches if self._is_older(mismatch)]
        if not older:
            return mismatches
        again = self.requery.mismatches(self.requery.ask([mismatch.exchange.request for mismatch in older]))
        self.requery.excuse(older)
        return [*again, *(mismatch for mismatch in mismatches if mismatch not in older)]

    def _is_older(self, mismatch: Mismatch) -> bool:
        listing = self.requery.model.listing_for(mismatch.asked)
        if listing is None or not listing.exchanges or read_answer(mismatch.exchange).kind is not AnswerKind.SUCCESS:
            return False
        return mismatch.exchange.started_at < min(exchange.started_at for exchange in listing.exchanges)

    def _conclude(self, groups: Sequence[list[Mismatch]]) -> list[Finding]:
        """Turn mismatches into findings, those of each kind together."""
        found: list[Finding] = []
        fresh: list[tuple[list[Mismatch], list[Finding], bool]] = []
        for group in groups:
            known = self.examined.get(group[0].key)
            if known is not None:
                found += [_with(finding, mismatch) for mismatch in group for finding in known]
                continue
            kept = sorted(self._not_in_their_own_order(group), key=lambda mismatch: _weight(mismatch.asked))
            if kept and (len(self.examined) + len(fresh) >= GROUPS or not self._affords_a_look(kept)):
                found += [_as_seen(finding) for mismatch in kept for finding in mismatch.findings]
            elif kept:
                fresh.append((kept, *self._examine_mismatch(kept[0])))
        if fresh and self._list_changed([group[0] for group, _, _ in fresh]):
            # What was asked meanwhile says nothing. The answers themselves are wrong for certain, as they were seen.
            return found + [_as_seen(f) for group, _, _ in fresh for mismatch in group for f in mismatch.findings]
        for group, findings, again in fresh:
            told = [replace(finding, check="model") for finding in findings]
            self.examined[group[0].key] = told
            found += told + [_with(finding, mismatch) for mismatch in group[1:] for finding in told if again]
        return found

    def _affords_a_look(self, group: Sequence[Mismatch]) -> bool:
        return self.allowance.affords(COST + self._reading_cost(group))

    def _examine_mismatch(self, mismatch: Mismatch) -> tuple[list[Finding], bool]:
        """What a difference comes to, and whether it comes again: made smaller and explained, or seen as occasional.

        Holds only where the list did not change meanwhile, which the caller finds out.
        """
        again = self.requery.mismatches(self.requery.ask([mismatch.exchange.request]))
        if not again:
            return CrossTalk(self.requery).intermittent(mismatch), False
        if again[0].findings[0].clause == "request.example":
            return again[0].findings, True  # the page's own request is not made smaller
        mixed = CrossTalk(self.requery).order_dependent(again[0])
        if mixed is not None:
            return [mixed], False
        return Diagnosis(self.requery).explain(self._shrink(again[0])), True

    def _not_in_their_own_order(self, group: Sequence[Mismatch]) -> list[Mismatch]:
        """The mismatches less those whose filters have an order of their own, other than the whole list's, and keep it.

        Each filter's own order is asked for, up to a number; what is left unasked by then is not reported.
        """
        kept: list[Mismatch] = []
        asked = 0
        for mismatch in group:
            if not self._may_have_its_own_order(mismatch):
                kept.append(mismatch)
            elif asked < ORDERS:
                asked += 1
                whole = Request.of(dict(mismatch.asked.filters), "order.stable", note="the order of these filters")
                self.requery.mismatches(self.requery.ask([whole]))
                kept += self.requery.mismatches([mismatch.exchange])
        return kept

    def _may_have_its_own_order(self, mismatch: Mismatch) -> bool:
        asked, area = mismatch.asked, mismatch.findings[0].clause.partition(".")[0]
        return bool(asked.filters) and area in PAGING and asked.filter_key not in self.requery.model.orders

    def _shrink(self, mismatch: Mismatch) -> Mismatch:
        """Make the query smaller as long as it still shows a difference of the same kind of answer."""
        best, begun = mismatch, self.requery.spent
        shrinking = True
        while shrinking:
            shrinking = False
            for query in smaller_queries(best.asked.query):
                if self.requery.spent - begun >= REDUCTIONS or not self.allowance.affords(COST):
                    return best
                smaller = self.requery.with_query(best, query)
                if smaller is not None and _same_kind(smaller, best):
                    best, shrinking = smaller, True
                    break
        return best


def _same_kind(smaller: Mismatch, mismatch: Mismatch) -> bool:
    """Reduction may find a cause behind a consequence, but must not slide from one fault to another."""
    if read_answer(smaller.exchange).kind is not read_answer(mismatch.exchange).kind:
        return False
    was, is_ = mismatch.findings[0].clause, smaller.findings[0].clause
    if "filter.any-text" in (was, is_) and was not in (is_, "filter.conjunction"):
        return False
    if read_answer(smaller.exchange).kind is not AnswerKind.SUCCESS:
        return True  # what is refused with fewer parameters is not refused for the others
    now, before = _areas(smaller), _areas(mismatch)
    return bool(now & before) or (before == {"total"} and now == {"filter"}) or (now | before) <= PAGING


def _areas(mismatch: Mismatch) -> set[str]:
    return {finding.clause.partition(".")[0] for finding in mismatch.findings}


def _with(finding: Finding, mismatch: Mismatch) -> Finding:
    """A known finding, seen once more."""
    return replace(finding, exchanges=(*finding.exchanges[:1], mismatch.exchange), occurrences=1)


def _as_seen(finding: Finding) -> Finding:
    """A finding that is certain, but was not examined."""
    return replace(finding, check="model", examined=False)


def _weight(asked: ParsedQuery) -> tuple[int, int]:
    return len(asked.query), sum(len(str(value)) for value in asked.query.values())
