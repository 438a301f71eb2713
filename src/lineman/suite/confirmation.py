"""Before a difference is called a violation: confirm it on unchanged data, and find the smallest query that shows it.

A changing list never gives back an older state. So where the list reads the same before and after an answer, it was
the same in between, and a wrong answer is wrong. Where it changed, the question is asked again on the new state, a
bounded number of times. What was answered before the first reading is asked again, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from lineman.contract.answer import Form, read_answer
from lineman.contract.finding import Finding
from lineman.contract.query import Question
from lineman.exchange import Ask, Exchange
from lineman.suite.diagnosis import Causes, Mixing
from lineman.suite.list_reader import Reader
from lineman.suite.mismatch import Suspect, Witness
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
class Court:
    """Examines suspects and records what is proven."""

    reader: Reader
    witness: Witness
    examined: dict[tuple[str, ...], list[Finding]] = field(default_factory=dict)
    """What examining a kind of difference has come to: further answers of the kind are counted, not examined again."""

    def examine(self, exchanges: Iterable[Exchange]) -> list[Finding]:
        """Judge exchanges by the model; confirm, reduce and record what differs. Returns the findings."""
        suspects = self.witness.suspects(exchanges)
        if not suspects:
            return []
        groups: dict[tuple[str, ...], list[Suspect]] = defaultdict(list)
        proven = all(suspect.key in self.examined for suspect in suspects)
        for suspect in suspects if proven else self._confirm(suspects):
            groups[suspect.key].append(suspect)
        found = [finding for group in groups.values() for finding in self._conclude(group)]
        self.witness.recorder.blame(found)
        return found

    def _confirm(self, suspects: list[Suspect]) -> list[Suspect]:
        """Keep the suspects whose answers are wrong for certain."""
        suspects = self._since_the_reading(suspects)
        for _ in range(ROUNDS):
            if not suspects:
                return []
            if not self.reader.read_again():
                return suspects
            # The list is another one now: what was asked must be asked of the new state.
            asks = {suspect.exchange.ask.body: suspect.exchange.ask for suspect in suspects}
            suspects = self.witness.suspects(self.witness.ask(list(asks.values())[:20]))
        for suspect in suspects:
            self.witness.recorder.excuse(suspect.findings[0].clause, "the data kept changing while it was checked")
        return []

    def _since_the_reading(self, suspects: list[Suspect]) -> list[Suspect]:
        """Ask again what was answered with records before the list was first read: they may have been of another."""
        older = [suspect for suspect in suspects if self._is_older(suspect)]
        if not older:
            return suspects
        again = self.witness.suspects(self.witness.ask([suspect.exchange.ask for suspect in older]))
        return [*again, *(suspect for suspect in suspects if suspect not in older)]

    def _is_older(self, suspect: Suspect) -> bool:
        listing = self.witness.knowledge.listing_for(suspect.asked)
        if listing is None or not listing.exchanges or read_answer(suspect.exchange).form is not Form.SUCCESS:
            return False
        return suspect.exchange.began < min(exchange.began for exchange in listing.exchanges)

    def _conclude(self, group: list[Suspect]) -> list[Finding]:
        """Turn suspects of one kind into findings."""
        known = self.examined.get(group[0].key)
        if known is not None:
            return [_with(finding, suspect) for suspect in group for finding in known]
        group = [suspect for suspect in group if not self._agrees_in_its_own_order(suspect)]
        if not group:
            return []
        group.sort(key=lambda suspect: _weight(suspect.asked))
        if len(self.examined) >= GROUPS or self.witness.spent >= MOST_SPENT:
            return [replace(finding, check="model") for suspect in group for finding in suspect.findings]
        findings, again = self._examined(group[0])
        findings = [replace(finding, check="model") for finding in findings]
        self.examined[group[0].key] = findings
        return findings + [_with(finding, suspect) for suspect in group[1:] for finding in findings if again]

    def _examined(self, suspect: Suspect) -> tuple[list[Finding], bool]:
        """What a difference comes to, and whether it comes again: made smaller and explained, or told as occasional."""
        again = self._reproduce(suspect)
        if again is None:
            return Mixing(self.witness).occasional(suspect), False
        if again.findings[0].clause == "request.example":
            return again.findings, True  # the page's own request is not made smaller
        mixed = Mixing(self.witness).after_another(again)
        if mixed is not None:
            return [mixed], False
        return Causes(self.witness).explain(self._reduced(again)), True

    def _agrees_in_its_own_order(self, suspect: Suspect) -> bool:
        """Read the order of the suspect's filters, which may be another one than the whole list's, and look again."""
        asked, area = suspect.asked, suspect.findings[0].clause.partition(".")[0]
        if not asked.filters or area not in PAGING or asked.filter_key in self.witness.knowledge.orders:
            return False
        whole = Ask.of(dict(asked.filters), "order.stable", note="the order of these filters")
        self.witness.suspects(self.witness.ask([whole]))
        return not self.witness.suspects([suspect.exchange])

    def _reproduce(self, suspect: Suspect) -> Suspect | None:
        """Ask the same again, alone."""
        for _ in range(2):
            again = self.witness.suspects(self.witness.ask([suspect.exchange.ask]))
            if again and not self.reader.read_again():
                return again[0]
            if not again and not self.reader.changed_lately:
                return None
        return None

    def _reduced(self, suspect: Suspect) -> Suspect:
        """Make the query smaller as long as it still shows a difference of the same kind of answer."""
        best, spent = suspect, 0
        shrinking = True
        while shrinking and spent < REDUCTIONS:
            shrinking = False
            for query in smaller_queries(best.asked.query):
                if spent >= REDUCTIONS:
                    break
                spent += 1
                smaller = self.witness.instead(best, query)
                if smaller is not None and _same_kind(smaller, best):
                    best, shrinking = smaller, True
                    break
        return suspect if best is not suspect and self.reader.read_again() else best


def _same_kind(smaller: Suspect, suspect: Suspect) -> bool:
    """Reduction may find a cause behind a consequence, but must not slide from one fault to another."""
    if read_answer(smaller.exchange).form is not read_answer(suspect.exchange).form:
        return False
    was, is_ = suspect.findings[0].clause, smaller.findings[0].clause
    if "filter.any-text" in (was, is_) and was not in (is_, "filter.conjunction"):
        return False
    if read_answer(smaller.exchange).form is not Form.SUCCESS:
        return True  # what is refused with fewer parameters is not refused for the others
    now, before = _areas(smaller), _areas(suspect)
    return bool(now & before) or (before == {"total"} and now == {"filter"}) or (now | before) <= PAGING


def _areas(suspect: Suspect) -> set[str]:
    return {finding.clause.partition(".")[0] for finding in suspect.findings}


def _with(finding: Finding, suspect: Suspect) -> Finding:
    """A known finding, seen once more."""
    return replace(finding, exchanges=(*finding.exchanges[:1], suspect.exchange), occurrences=1)


def _weight(asked: Question) -> tuple[int, int]:
    return len(asked.query), sum(len(str(value)) for value in asked.query.values())
