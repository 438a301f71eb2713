"""How a check on one exchange is written: a small function, registered for the clause that it judges."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from lineman.contract.answer import Answer, read_answer
from lineman.contract.finding import Finding
from lineman.contract.operation import document
from lineman.contract.query import ParsedQuery, parse_request_body
from lineman.exchange import AppKey, Credential, Exchange, Operation


@dataclass(frozen=True, slots=True)
class Case:
    """One exchange, read: what was asked and what was answered."""

    exchange: Exchange
    answer: Answer
    question: ParsedQuery | None

    @property
    def targets_operation(self) -> bool:
        """True for a POST to the operation's own path with the documented Content-Type."""
        request = self.exchange.request
        return request.method == "POST" and request.path is None and request.content_type == "application/json"

    @property
    def has_good_credentials(self) -> bool:
        """True where the request carried a good token and no foreign app key."""
        request = self.exchange.request
        return request.credential in (Credential.VALID, Credential.SECOND) and request.app_key in (
            AppKey.OWN,
            AppKey.ABSENT,
        )

    @property
    def is_specified(self) -> bool:
        """True for a valid request: it must succeed."""
        return (
            self.targets_operation
            and self.has_good_credentials
            and self.question is not None
            and self.question.is_specified
        )

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


def run_checks(exchange: Exchange) -> list[Finding]:
    """Apply every registered check to one exchange of the query operation."""
    if exchange.operation is not Operation.QUERY:
        return []
    case = Case(exchange, read_answer(exchange), parse_request_body(exchange.request))
    return [replace(finding, check=name) for name, (_, function) in CHECKS.items() for finding in function(case)]


def status_list() -> str:
    """The documented statuses in words."""
    return ", ".join(str(status) for status in document().statuses)
