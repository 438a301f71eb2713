"""How a check on one exchange is written: a small function, registered for the clause that it judges."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from lineman.contract.answer import Answer, read_answer
from lineman.contract.finding import Finding
from lineman.contract.operation import document
from lineman.contract.query import Question, read_question
from lineman.exchange import AppKey, Credential, Exchange, Operation


@dataclass(frozen=True, slots=True)
class Case:
    """One exchange, read: what was asked and what was answered."""

    exchange: Exchange
    answer: Answer
    question: Question | None

    @property
    def on_operation(self) -> bool:
        """True for a POST to the operation's own path with the documented Content-Type."""
        ask = self.exchange.ask
        return ask.method == "POST" and ask.path is None and ask.content_type == "application/json"

    @property
    def trusted(self) -> bool:
        """True where the request carried a good token and no foreign app key."""
        ask = self.exchange.ask
        return ask.credential in (Credential.VALID, Credential.SECOND) and ask.app_key in (AppKey.OWN, AppKey.ABSENT)

    @property
    def certain(self) -> bool:
        """True for a valid request: it must succeed."""
        return self.on_operation and self.trusted and self.question is not None and self.question.certain

    def finding(
        self,
        clause: str,
        summary: str,
        expected: Any,
        actual: Any,
        *,
        parameter: str,
        constraint: str,
        observed: str,
    ) -> Finding:
        """Build a finding about this exchange."""
        return Finding(
            clause,
            summary,
            expected,
            actual,
            (self.exchange,),
            parameter=parameter,
            constraint=constraint,
            observed=observed,
        )


Check = Callable[[Case], Iterable[Finding]]

CHECKS: dict[str, tuple[str, Check]] = {}
"""Every check on one exchange: name to the clause that it judges and the function."""


def check(clause: str) -> Callable[[Check], Check]:
    """Register a check for a clause. One clause may have several."""

    def register(function: Check) -> Check:
        CHECKS[function.__name__] = (clause, function)
        return function

    return register


def judge_case(exchange: Exchange) -> list[Finding]:
    """Apply every registered check to one exchange of the query operation."""
    if exchange.operation is not Operation.QUERY:
        return []
    case = Case(exchange, read_answer(exchange), read_question(exchange.ask))
    return [replace(finding, check=name) for name, (_, function) in CHECKS.items() for finding in function(case)]


def status_list() -> str:
    """The documented statuses in words."""
    return ", ".join(str(status) for status in document().statuses)
