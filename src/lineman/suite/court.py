"""Before a difference is called a violation: confirm it on unchanged data, and find the smallest query that shows it.

A changing list never gives back an older state. So where the list reads the same before and after an answer, it was
the same in
between, and a wrong answer is wrong. Where it changed, the question is asked again on the new state, a bounded
number of times.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lineman.contract.answer import Form, read_answer
from lineman.contract.compare import compare, describe
from lineman.contract.finding import Finding
from lineman.contract.model import Knowledge, record_id
from lineman.contract.question import Question, question, read_question
from lineman.exchange import Ask, Exchange
from lineman.suite.reader import Reader
from lineman.suite.recorder import Recorder
from lineman.suite.reduce import smaller_queries

ROUNDS = 6
"""How often a question is asked again while the list keeps changing."""
REDUCTIONS = 14
"""The most requests spent on making one violation's query smaller."""
GROUPS = 12
"""The most differences examined one by one; further ones are told as they were seen."""

Send = Callable[[Sequence[Ask]], list[Exchange]]


@dataclass
class Suspect:
    """An answer that differs from its prediction."""

    exchange: Exchange
    findings: list[Finding]

    @property
    def asked(self) -> Question:
        asked = read_question(self.exchange.ask)
        assert asked is not None  # noqa: S101 -- only questions are compared
        return asked

    @property
    def key(self) -> tuple[str, ...]:
        first = self.findings[0]
        return (first.clause, first.parameter, first.constraint, first.observed)


@dataclass
class Court:
    """Examines suspects and records what is proven."""

    reader: Reader
    recorder: Recorder
    knowledge: Knowledge
    send: Send
    examined: dict[tuple[str, ...], Finding] = field(default_factory=dict)

    def examine(self, exchanges: Iterable[Exchange]) -> list[Finding]:
        """Judge exchanges by the model; confirm, reduce and record what differs. Returns the findings."""
        suspects = self._suspects(exchanges)
        if not suspects:
            return []
        confirmed = self._confirm(suspects)
        groups: dict[tuple[str, ...], list[Suspect]] = defaultdict(list)
        for suspect in confirmed:
            groups[suspect.key].append(suspect)
        found = [finding for group in groups.values() for finding in self._conclude(group)]
        self.recorder.blame(found)
        return found

    def _suspects(self, exchanges: Iterable[Exchange]) -> list[Suspect]:
        compared = ((exchange, compare(exchange, self.knowledge)) for exchange in exchanges)
        return [Suspect(exchange, findings) for exchange, findings in compared if findings]

    def _confirm(self, suspects: list[Suspect]) -> list[Suspect]:
        """Keep the suspects whose answers are wrong for certain."""
        confirmed: list[Suspect] = []
        for _ in range(ROUNDS):
            if not self.reader.read_again():
                return confirmed + suspects
            # The list is another one now: what was asked must be asked of the new state.
            asks = {suspect.exchange.ask.body: suspect.exchange.ask for suspect in suspects}
            suspects = self._suspects(self.send(list(asks.values())[:20]))
            if not suspects:
                return confirmed
        for suspect in suspects:
            self.recorder.excuse(suspect.findings[0].clause, "the data kept changing while it was checked")
        return confirmed

    def _conclude(self, group: list[Suspect]) -> list[Finding]:
        """Turn suspects of one kind into findings: reproduced and made smaller, or told as occasional."""
        group.sort(key=lambda suspect: _weight(suspect.asked))
        known = self.examined.get(group[0].key)
        if known is not None:
            return [replace(finding, check="model") for suspect in group for finding in suspect.findings]
        if len(self.examined) >= GROUPS:
            return [replace(finding, check="model") for suspect in group for finding in suspect.findings]
        first = group[0]
        again = self._reproduce(first)
        findings = self._reduced(again) if again else self._occasional(first)
        self.examined[first.key] = findings[0] if findings else first.findings[0]
        rest = [finding for suspect in group[1:] for finding in suspect.findings] if again else []
        same = {finding.fingerprint for finding in findings}
        return [replace(f, check="model") for f in findings + [f for f in rest if f.fingerprint in same]]

    def _reproduce(self, suspect: Suspect) -> Suspect | None:
        """Ask the same again, alone; the order of filtered answers is read first."""
        if suspect.asked.filters:
            self._read_own_order(suspect.asked)
        for _ in range(2):
            again = self._suspects(self.send([suspect.exchange.ask]))
            if again and not self.reader.read_again():
                return again[0]
            if not again and self.reader.changed_lately:
                continue
            if not again:
                return None
        return None

    def _read_own_order(self, asked: Question) -> None:
        if asked.filter_key in self.knowledge.orders:
            return
        whole = Ask.of(dict(asked.filters), "order.stable", note="the order of these filters")
        self._suspects(self.send([whole]))

    def _reduced(self, suspect: Suspect) -> list[Finding]:
        """Make the query smaller as long as it still shows a difference of the same kind of answer."""
        best, spent = suspect, 0
        shrinking = True
        while shrinking and spent < REDUCTIONS:
            shrinking = False
            for query in smaller_queries(best.asked.query):
                if spent >= REDUCTIONS:
                    break
                spent += 1
                ask = replace(best.exchange.ask, **_body_of(query))
                smaller = self._suspects(self.send([ask]))
                if smaller and _same_kind(smaller[0], suspect):
                    best, shrinking = smaller[0], True
                    break
        if best is not suspect and self.reader.read_again():
            return suspect.findings
        return best.findings

    def _occasional(self, suspect: Suspect) -> list[Finding]:
        """The list did not change, and yet the same question gets its right answer now."""
        answer = read_answer(suspect.exchange)
        other = self._belongs_to(suspect)
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

    def _belongs_to(self, suspect: Suspect) -> Exchange | None:
        """An exchange near in time whose question this answer would be right for."""
        mine = suspect.exchange
        answer = read_answer(mine)
        if answer.form is not Form.SUCCESS:
            return None
        for other in reversed(self.recorder.exchanges):
            if other is mine or other.ask.query is None or other.ask.query == mine.ask.query:
                continue
            asked = question(other.ask.query)
            if not asked.certain or abs(other.number - mine.number) > 60:
                continue
            theirs = read_answer(other)
            same = theirs.total == answer.total and [*map(record_id, theirs.records)] == [
                *map(record_id, answer.records)
            ]
            if theirs.form is Form.SUCCESS and same and not compare(other, self.knowledge):
                return other
        return None

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


def _body_of(query: dict[str, Any]) -> dict[str, Any]:
    built = Ask.of(query)
    return {"body": built.body, "query": built.query}


def _same_kind(smaller: Suspect, suspect: Suspect) -> bool:
    """Reduction may change which clause is to blame, but not whether the query was answered or refused."""
    one, other = read_answer(smaller.exchange), read_answer(suspect.exchange)
    if one.form is not other.form:
        return False
    families = {finding.clause.partition(".")[0] for finding in suspect.findings}
    return one.form is not Form.SUCCESS or bool({f.clause.partition(".")[0] for f in smaller.findings} & families)


def _weight(asked: Question) -> tuple[int, int]:
    return len(asked.query), sum(len(str(value)) for value in asked.query.values())
