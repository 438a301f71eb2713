"""How a check on one exchange is written: a small function, registered for the clause that it judges."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from lineman.contract.answer import Answer, AnswerKind, read_answer
from lineman.contract.finding import Finding
from lineman.contract.operation import document
from lineman.contract.outcome import Outcome, Result
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
    def is_answered(self) -> bool:
        """True where the service itself answered: no gateway's words about itself, no failure of the transport."""
        return self.answer.kind not in (AnswerKind.OUTAGE, AnswerKind.NO_ANSWER)

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


Judge = Callable[[Case], Iterable[Finding]]
Condition = Callable[[Case], bool]


@dataclass(frozen=True, slots=True)
class Check:
    """One registered check: it speaks of the cases that ``applies`` is true for, and keeps silent of all others."""

    name: str
    clause: str
    applies: Condition
    judge: Judge

    def outcome(self, case: Case) -> Outcome:
        """Judge one case: broken where there is a finding, kept where there is none, or nothing to say."""
        if not self.applies(case):
            return Outcome(self.clause, self.name, Result.NOTHING_TO_SAY, case.exchange)
        findings = tuple(replace(finding, check=self.name) for finding in self.judge(case))
        return Outcome(self.clause, self.name, Result.BROKEN if findings else Result.KEPT, case.exchange, findings)


CHECKS: dict[str, Check] = {}
"""Every check on one exchange, by name."""


def check(clause: str, *, where: Condition) -> Callable[[Judge], Judge]:
    """Register a check for a clause; a clause may have several.

    ``where`` says which cases show something of the clause. It has to leave out what shows nothing: for a valid query
    whatever is no success, for an invalid one a gateway's answer or none, for bad credentials likewise. A case that
    it lets in and in which the check finds nothing wrong is evidence that the clause is kept.
    """

    def register(function: Judge) -> Judge:
        CHECKS[function.__name__] = Check(function.__name__, clause, where, function)
        return function

    return register


def run_checks(exchange: Exchange) -> list[Outcome]:
    """Apply every registered check to one exchange of the query operation; the outcomes that say something."""
    if exchange.operation is not Operation.QUERY:
        return []
    case = Case(exchange, read_answer(exchange), parse_request_body(exchange.request))
    outcomes = [one.outcome(case) for one in CHECKS.values()]
    return [outcome for outcome in outcomes if outcome.result is not Result.NOTHING_TO_SAY]


def findings_of(outcomes: Iterable[Outcome]) -> list[Finding]:
    """What the outcomes found broken."""
    return [finding for outcome in outcomes for finding in outcome.findings]


def status_list() -> str:
    """The documented statuses in words."""
    return ", ".join(str(status) for status in document().statuses)
