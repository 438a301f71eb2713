"""Answers that differ from their prediction, and who asks again about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lineman.contract.answer import Answer, read_answer
from lineman.contract.finding import Finding
from lineman.contract.model import Knowledge, record_id
from lineman.contract.oracle.compare import compare
from lineman.contract.query import Question, read_question
from lineman.exchange import Ask, Exchange
from lineman.suite.run_state import Recorder

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
        """Differences with the same key are of one kind, and examined once."""
        first = self.findings[0]
        return (first.clause, first.parameter, first.constraint, first.observed)


@dataclass
class Witness:
    """Asks again, compares, and counts what that costs."""

    knowledge: Knowledge
    recorder: Recorder
    send: Send
    spent: int = 0
    """Requests spent on examining differences."""

    def ask(self, asks: Sequence[Ask]) -> list[Exchange]:
        self.spent += len(asks)
        return self.send(asks)

    def suspects(self, exchanges: Iterable[Exchange]) -> list[Suspect]:
        """The exchanges whose answers differ from their prediction."""
        compared = ((exchange, compare(exchange, self.knowledge)) for exchange in exchanges)
        return [Suspect(exchange, findings) for exchange, findings in compared if findings]

    def instead(self, suspect: Suspect, query: Mapping[str, Any]) -> Suspect | None:
        """Ask another query in place of the suspect's; None where its answer is right."""
        suspects = self.suspects(self.ask([replace(suspect.exchange.ask, **body_of(query))]))
        return suspects[0] if suspects else None


def body_of(query: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an ask that carry a query."""
    built = Ask.of(query)
    return {"body": built.body, "query": built.query}


def ids(answer: Answer) -> list[str]:
    return [record_id(record) for record in answer.records]


def same_answer(one: Exchange, other: Exchange) -> bool:
    """True where both were answered with the same records, total and returnCode."""
    these, those = read_answer(one), read_answer(other)
    return (these.signature, these.total, these.records) == (those.signature, those.total, those.records)
