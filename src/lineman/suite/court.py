"""Before a difference is called a violation: confirm it on unchanged data, and find the smallest query that shows it.

A changing list never gives back an older state. So where the list reads the same before and after an answer, it was
the same in
between, and a wrong answer is wrong. Where it changed, the question is asked again on the new state, a bounded
number of times.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lineman.contract.acceptance import offset_clause
from lineman.contract.answer import Answer, Form, read_answer
from lineman.contract.compare import compare
from lineman.contract.comparison import describe
from lineman.contract.finding import Finding
from lineman.contract.model import Knowledge, record_id
from lineman.contract.question import Question, question, read_question
from lineman.exchange import Ask, Exchange
from lineman.suite.reader import Reader
from lineman.suite.recorder import Recorder
from lineman.suite.reduce import counterfactuals, explicit_query, smaller_queries, with_companions

ROUNDS = 6
"""How often a question is asked again while the list keeps changing."""
REDUCTIONS = 14
"""The most requests spent on making one violation's query smaller."""
GROUPS = 12
"""The most differences examined one by one; further ones are told as they were seen."""
MOST_SPENT = 200
"""The most requests spent in a run on examining them."""

NEARBY = 60
"""How many requests apart two queries may be to have been mixed up."""

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
    examined: dict[tuple[str, ...], list[Finding]] = field(default_factory=dict)
    """What examining a kind of difference has come to: further answers of the kind are counted, not examined again."""
    spent: int = 0

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

    def _ask(self, asks: Sequence[Ask]) -> list[Exchange]:
        self.spent += len(asks)
        return self.send(asks)

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
            suspects = self._suspects(self._ask(list(asks.values())[:20]))
            if not suspects:
                return confirmed
        for suspect in suspects:
            self.recorder.excuse(suspect.findings[0].clause, "the data kept changing while it was checked")
        return confirmed

    def _conclude(self, group: list[Suspect]) -> list[Finding]:
        """Turn suspects of one kind into findings: reproduced and made smaller, or told as occasional."""
        group.sort(key=lambda suspect: _weight(suspect.asked))
        first = group[0]
        known = self.examined.get(first.key)
        if known is not None:
            return [_with(finding, suspect) for suspect in group for finding in known]
        if len(self.examined) >= GROUPS or self.spent >= MOST_SPENT:
            return [replace(finding, check="model") for suspect in group for finding in suspect.findings]
        if first.asked.filters and self._agrees_in_its_own_order(first):
            return [
                finding for suspect in self._suspects(s.exchange for s in group[1:]) for finding in suspect.findings
            ]
        again = self._reproduce(first)
        if again and again.findings[0].clause == "request.example":
            findings = again.findings  # the page's own request is not made smaller
        else:
            findings = self._explained(self._reduced(again)) if again else self._occasional(first)
        findings = [replace(finding, check="model") for finding in findings]
        self.examined[first.key] = findings
        return findings + [_with(f, suspect) for suspect in group[1:] for f in findings if again]

    def _agrees_in_its_own_order(self, suspect: Suspect) -> bool:
        """Read the order of the suspect's filters, which may be another one than the whole list's, and look again."""
        if suspect.asked.filter_key not in self.knowledge.orders:
            whole = Ask.of(dict(suspect.asked.filters), "order.stable", note="the order of these filters")
            self._suspects(self._ask([whole]))
        return not self._suspects([suspect.exchange])

    def _reproduce(self, suspect: Suspect) -> Suspect | None:
        """Ask the same again, alone."""
        for _ in range(2):
            again = self._suspects(self._ask([suspect.exchange.ask]))
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
                smaller = self._try(best, query)
                if smaller is not None and _same_kind(smaller, best):
                    best, shrinking = smaller, True
                    break
        return suspect if best is not suspect and self.reader.read_again() else best

    def _try(self, suspect: Suspect, query: Mapping[str, Any]) -> Suspect | None:
        """Ask another query in place of the suspect's; None where its answer is right."""
        suspects = self._suspects(self._ask([replace(suspect.exchange.ask, **_body_of(query))]))
        return suspects[0] if suspects else None

    def _explained(self, suspect: Suspect) -> list[Finding]:
        """Ask what tells one clause from another: a default against its explicit value, an offset against none."""
        first = suspect.findings[0]
        explicit = explicit_query(first.clause, suspect.asked)
        if explicit is not None:
            other = self._try(suspect, explicit)
            if other is not None and _same_answer(other.exchange, suspect.exchange):
                return self._explained(other)
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
        if blamable and self._try(suspect, {**suspect.asked.query, "offset": 0}) is None:
            explicit = {**suspect.asked.query, "limit": suspect.asked.page_size}
            if suspect.asked.limit is not None or self._try(suspect, explicit) is not None:
                return replace(first, clause=offset_clause(suspect.asked.start), parameter="offset")
        return first

    def _nothing_is_behind(self, suspect: Suspect) -> bool:
        """True where pages of another size end at the same record: it is the last, and the total says too much."""
        whole, answer = self.knowledge.whole, read_answer(suspect.exchange)
        if suspect.asked.filters or not answer.records or whole is None or whole.tail:
            return False
        (other,) = self._ask([replace(suspect.exchange.ask, **_body_of({"limit": 99, "offset": 99}))])
        return _ids(read_answer(other))[-1:] == _ids(answer)[-1:]

    def _blamed(self, suspect: Suspect, first: Finding) -> Finding:
        """Which parameter makes a valid query be refused? Each is tried with another value, then the rest added."""
        for name, query, clause in counterfactuals(suspect.asked):
            if len(suspect.asked.query) > 1 and self._try(suspect, query) is None:
                return replace(first, clause=clause, parameter=name)
        companions = with_companions(suspect.asked) if first.clause.startswith(("filter.", "request.")) else None
        if first.clause.startswith("offset."):
            companions = {**suspect.asked.query, "limit": 100} if suspect.asked.limit is None else None
        if companions is not None and self._try(suspect, companions) is None:
            return replace(first, clause="request.all-optional", parameter=f"{first.parameter} alone")
        return first

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
        """An exchange near in time whose question this answer, or its total, would be right for."""
        mine, answer = suspect.exchange, read_answer(suspect.exchange)
        if answer.form is not Form.SUCCESS:
            return None
        right = read_answer(self._ask([mine.ask])[0])
        swapped_total = answer.records == right.records and answer.total != right.total
        if not swapped_total and (not answer.records or _ids(answer) == _ids(right)):
            return None
        for other in reversed(self.recorder.exchanges):
            if abs(other.number - mine.number) > NEARBY or not _is_another_question(other, mine):
                continue
            theirs = read_answer(other)
            if theirs.form is not Form.SUCCESS or theirs.total == right.total:
                continue
            together = other.began < mine.finished and mine.began < other.finished
            if swapped_total and together and theirs.total != right.total and self._total_of(other) == answer.total:
                return other
            if not swapped_total and theirs.total == answer.total and _ids(theirs) == _ids(answer):
                return other
        return None

    def _total_of(self, exchange: Exchange) -> int | None:
        prediction = self.knowledge.predict(question(exchange.ask.query or {}))
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


def _body_of(query: Mapping[str, Any]) -> dict[str, Any]:
    built = Ask.of(query)
    return {"body": built.body, "query": built.query}


PAGING = frozenset({"limit", "offset", "order", "record"})


def _same_kind(smaller: Suspect, suspect: Suspect) -> bool:
    """Reduction may find a cause behind a consequence, but must not slide from one fault to another."""
    if read_answer(smaller.exchange).form is not read_answer(suspect.exchange).form:
        return False
    if suspect.findings[0].clause == "filter.any-text" and smaller.findings[0].clause != "filter.any-text":
        return False
    now, before = _areas(smaller), _areas(suspect)
    return bool(now & before) or (before == {"total"} and now == {"filter"}) or (now | before) <= PAGING


def _ids(answer: Answer) -> list[str]:
    return [record_id(record) for record in answer.records]


def _is_another_question(other: Exchange, mine: Exchange) -> bool:
    query = other.ask.query
    return other is not mine and query is not None and query != mine.ask.query and question(query).certain


def _areas(suspect: Suspect) -> set[str]:
    return {finding.clause.partition(".")[0] for finding in suspect.findings}


def _same_answer(one: Exchange, other: Exchange) -> bool:
    these, those = read_answer(one), read_answer(other)
    return (these.signature, these.total, these.records) == (those.signature, those.total, those.records)


def _with(finding: Finding, suspect: Suspect) -> Finding:
    """A known finding, seen once more."""
    return replace(finding, exchanges=(*finding.exchanges[:1], suspect.exchange), occurrences=1)


def _weight(asked: Question) -> tuple[int, int]:
    return len(asked.query), sum(len(str(value)) for value in asked.query.values())
