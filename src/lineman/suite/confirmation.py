"""Before a difference is called a violation: confirm it on unchanged data, and find the smallest query that shows it.

A changing list never gives back an older state. So where the list reads the same before and after an answer, it was
the same in between, and a wrong answer is wrong. Where it changed, the question is asked again on the new state, a
bounded number of times. What was answered before the first reading is asked again, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from lineman.contract.answer import AnswerKind, read_answer
from lineman.contract.finding import Finding
from lineman.contract.query import ParsedQuery
from lineman.exchange import Exchange, Request
from lineman.suite.diagnosis import CrossTalk, Diagnosis
from lineman.suite.list_reader import ListReader
from lineman.suite.mismatch import Mismatch, Requery
from lineman.suite.shrinking import smaller_queries

ROUNDS = 6
"""How often a question is asked again while the list keeps changing."""
REDUCTIONS = 14
"""The most requests spent on making one violation's query smaller."""
GROUPS = 12
"""The most differences examined one by one; further ones are told as they were seen."""
MOST_SPENT = 200
"""The most requests spent in a run on examining them."""
PAGING = frozenset({"limit", "offset", "order", "record"})


@dataclass
class Confirmation:
    """Examines suspects and records what is proven."""

    reader: ListReader
    requery: Requery
    examined: dict[tuple[str, ...], list[Finding]] = field(default_factory=dict)
    """What examining a kind of difference has come to: further answers of the kind are counted, not examined again."""

    def examine(self, exchanges: Iterable[Exchange]) -> list[Finding]:
        """Judge exchanges by the model; confirm, reduce and record what differs. Returns the findings."""
        mismatches = self.requery.mismatches(exchanges)
        if not mismatches:
            return []
        groups: dict[tuple[str, ...], list[Mismatch]] = defaultdict(list)
        proven = all(mismatch.key in self.examined for mismatch in mismatches)
        for mismatch in mismatches if proven else self._confirm(mismatches):
            groups[mismatch.key].append(mismatch)
        found = [finding for group in groups.values() for finding in self._conclude(group)]
        self.requery.recorder.add_findings(found)
        return found

    def _confirm(self, mismatches: list[Mismatch]) -> list[Mismatch]:
        """Keep the suspects whose answers are wrong for certain."""
        mismatches = self._since_the_reading(mismatches)
        for _ in range(ROUNDS):
            if not mismatches:
                return []
            if not self.reader.read_again():
                if not self.requery.model.volatile:
                    return mismatches
                # A member that turned out to be another in every reading was told as that.
                return self.requery.mismatches([mismatch.exchange for mismatch in mismatches])
            # The list is another one now: what was asked must be asked of the new state.
            requests = {mismatch.exchange.request.body: mismatch.exchange.request for mismatch in mismatches}
            mismatches = self.requery.mismatches(self.requery.ask(list(requests.values())[:20]))
        for mismatch in mismatches:
            self.requery.recorder.not_verified(
                mismatch.findings[0].clause, "the data kept changing while it was checked"
            )
        return []

    def _since_the_reading(self, mismatches: list[Mismatch]) -> list[Mismatch]:
        """Ask again what was answered with records before the list was first read: they may have been of another."""
        older = [mismatch for mismatch in mismatches if self._is_older(mismatch)]
        if not older:
            return mismatches
        again = self.requery.mismatches(self.requery.ask([mismatch.exchange.request for mismatch in older]))
        return [*again, *(mismatch for mismatch in mismatches if mismatch not in older)]

    def _is_older(self, mismatch: Mismatch) -> bool:
        listing = self.requery.model.listing_for(mismatch.asked)
        if listing is None or not listing.exchanges or read_answer(mismatch.exchange).kind is not AnswerKind.SUCCESS:
            return False
        return mismatch.exchange.started_at < min(exchange.started_at for exchange in listing.exchanges)

    def _conclude(self, group: list[Mismatch]) -> list[Finding]:
        """Turn suspects of one kind into findings."""
        known = self.examined.get(group[0].key)
        if known is not None:
            return [_with(finding, mismatch) for mismatch in group for finding in known]
        group = [mismatch for mismatch in group if not self._agrees_in_its_own_order(mismatch)]
        if not group:
            return []
        group.sort(key=lambda mismatch: _weight(mismatch.asked))
        if len(self.examined) >= GROUPS or self.requery.spent >= MOST_SPENT:
            return [replace(finding, check="model") for mismatch in group for finding in mismatch.findings]
        findings, again = self._examined(group[0])
        findings = [replace(finding, check="model") for finding in findings]
        self.examined[group[0].key] = findings
        return findings + [_with(finding, mismatch) for mismatch in group[1:] for finding in findings if again]

    def _examined(self, mismatch: Mismatch) -> tuple[list[Finding], bool]:
        """What a difference comes to, and whether it comes again: made smaller and explained, or told as occasional."""
        again = self._reproduce(mismatch)
        if again is None:
            return CrossTalk(self.requery).intermittent(mismatch), False
        if again.findings[0].clause == "request.example":
            return again.findings, True  # the page's own request is not made smaller
        mixed = CrossTalk(self.requery).order_dependent(again)
        if mixed is not None:
            return [mixed], False
        return Diagnosis(self.requery).explain(self._reduced(again)), True

    def _agrees_in_its_own_order(self, mismatch: Mismatch) -> bool:
        """Read the order of the suspect's filters, which may be another one than the whole list's, and look again."""
        asked, area = mismatch.asked, mismatch.findings[0].clause.partition(".")[0]
        if not asked.filters or area not in PAGING or asked.filter_key in self.requery.model.orders:
            return False
        whole = Request.of(dict(asked.filters), "order.stable", note="the order of these filters")
        self.requery.mismatches(self.requery.ask([whole]))
        return not self.requery.mismatches([mismatch.exchange])

    def _reproduce(self, mismatch: Mismatch) -> Mismatch | None:
        """Ask the same again, alone."""
        for _ in range(2):
            again = self.requery.mismatches(self.requery.ask([mismatch.exchange.request]))
            if again and not self.reader.read_again():
                return again[0]
            if not again and not self.reader.changed_lately:
                return None
        return None

    def _reduced(self, mismatch: Mismatch) -> Mismatch:
        """Make the query smaller as long as it still shows a difference of the same kind of answer."""
        best, spent = mismatch, 0
        shrinking = True
        while shrinking and spent < REDUCTIONS:
            shrinking = False
            for query in smaller_queries(best.asked.query):
                if spent >= REDUCTIONS:
                    break
                spent += 1
                smaller = self.requery.with_query(best, query)
                if smaller is not None and _same_kind(smaller, best):
                    best, shrinking = smaller, True
                    break
        return mismatch if best is not mismatch and self.reader.read_again() else best


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


def _weight(asked: ParsedQuery) -> tuple[int, int]:
    return len(asked.query), sum(len(str(value)) for value in asked.query.values())
