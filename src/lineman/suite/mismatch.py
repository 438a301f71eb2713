"""Answers that differ from their prediction, and who asks again about them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lineman.contract.answer import Answer, read_answer
from lineman.contract.checks import findings_of
from lineman.contract.finding import Finding
from lineman.contract.model import Model, record_id
from lineman.contract.oracle.compare import judge_by_model
from lineman.contract.outcome import MODEL, Outcome
from lineman.contract.query import ParsedQuery, parse_request_body
from lineman.contract.values import same_records
from lineman.exchange import Exchange, Request
from lineman.suite.run_state import RunState

Send = Callable[[Sequence[Request]], list[Exchange]]


@dataclass
class Mismatch:
    """An answer that differs from its prediction."""

    exchange: Exchange
    findings: list[Finding]

    @property
    def asked(self) -> ParsedQuery:
        asked = parse_request_body(self.exchange.request)
        assert asked is not None  # noqa: S101 -- only questions are compared
        return asked

    @property
    def key(self) -> tuple[str, ...]:
        """Differences with the same key are of one kind, and examined once."""
        first = self.findings[0]
        return (first.clause, first.parameter, first.constraint, first.observed)


@dataclass(frozen=True, slots=True)
class _Judged:
    """What was said of an exchange, and all that it depended on."""

    exchange: Exchange
    asked: ParsedQuery | None
    known: Hashable
    outcomes: list[Outcome]


@dataclass
class Requery:
    """Asks again, compares, and counts what that costs."""

    model: Model
    recorder: RunState
    send: Send
    spent: int = 0
    """Requests spent on examining differences."""
    _known: dict[bytes | None, Exchange] = field(default_factory=dict)
    """The last answer to each body, as long as the list has not changed."""
    _judged: dict[int, _Judged] = field(default_factory=dict)
    """By an exchange's number what was said of it: it is judged again only where more is known."""
    _changes: int = 0
    refusals_tried: int = 0
    """Refusals that were repeated to see whether they leave something behind."""

    def ask(self, requests: Sequence[Request]) -> list[Exchange]:
        self.spent += len(requests)
        return self.send(requests)

    def mismatches(self, exchanges: Iterable[Exchange]) -> list[Mismatch]:
        """The exchanges whose answers differ from their prediction."""
        if self._changes != self.recorder.data_changes:
            self._known.clear()
            self._changes = self.recorder.data_changes
        found = []
        for exchange in exchanges:
            self._known[exchange.request.body] = exchange
            outcomes = self._outcomes(exchange)
            self.recorder.judged(exchange, MODEL, outcomes)
            findings = findings_of(outcomes)
            if findings:
                found.append(Mismatch(exchange, findings))
        return found

    def _outcomes(self, exchange: Exchange) -> list[Outcome]:
        judged = self._judged.get(exchange.number)
        asked = judged.asked if judged and judged.exchange is exchange else parse_request_body(exchange.request)
        known = None if asked is None else self.model.known_of(asked)  # before the judgement, which may learn an order
        if judged is None or judged.exchange is not exchange or judged.known != known:
            judged = _Judged(exchange, asked, known, judge_by_model(exchange, self.model))
            self._judged[exchange.number] = judged
        return judged.outcomes

    def excuse(self, mismatches: Iterable[Mismatch]) -> None:
        """Take back what differs: the list that it was compared with is another one now."""
        for mismatch in mismatches:
            self.recorder.excuse(mismatch.exchange, MODEL)

    def known(self, body: bytes | None) -> Exchange | None:
        """The last answer to this body on the present state of the list, if it was asked; it may be wrong."""
        return self._known.get(body) if self._changes == self.recorder.data_changes else None

    def with_query(self, mismatch: Mismatch, query: Mapping[str, Any]) -> Mismatch | None:
        """Ask another query in place of the mismatch's; None where its answer is right.

        What was asked already on the same state of the list is not asked again.
        """
        request = replace(mismatch.exchange.request, **body_of(query))
        known = self.known(request.body)
        mismatches = self.mismatches([known] if known is not None else self.ask([request]))
        return mismatches[0] if mismatches else None


def body_of(query: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an ask that carry a query."""
    built = Request.of(query)
    return {"body": built.body, "query": built.query}


def ids(answer: Answer) -> list[str]:
    return [record_id(record) for record in answer.records]


def same_answer(one: Exchange, other: Exchange) -> bool:
    """True where both were answered with the same records, total and returnCode."""
    these, those = read_answer(one), read_answer(other)
    if (these.signature, these.total) != (those.signature, those.total):
        return False
    return same_records(these.records, those.records)
