"""Everything that went over the wire in one run, and what the checks said of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from lineman.contract.answer import AnswerKind, answer_kind
from lineman.contract.clauses import Clause
from lineman.contract.finding import Finding
from lineman.contract.outcome import MODEL, Outcome, Result
from lineman.exchange import Exchange

_KINDS = {
    "success": AnswerKind.SUCCESS,
    "refusal": AnswerKind.REFUSAL,
    "credentials": AnswerKind.UNAUTHORISED,
    "answer": None,
}
"""The kind of answer that a clause is about, by its word in ``clauses.toml``; None for any answer of the service."""


def _is_answered(exchange: Exchange) -> bool:
    return answer_kind(exchange) not in (AnswerKind.OUTAGE, AnswerKind.NO_ANSWER)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Numbers of the exchanges that say something of a clause."""

    kept: frozenset[int]
    broken: frozenset[int]

    @property
    def numbers(self) -> frozenset[int]:
        return self.kept | self.broken


@dataclass
class RunState:
    """Collects exchanges, findings, observations and reasons; decides nothing."""

    exchanges: list[Exchange] = field(default_factory=list)
    final: list[Exchange] = field(default_factory=list)
    """The last attempt of each request: those before it were tried again."""
    findings: list[Finding] = field(default_factory=list)
    answers: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """What the target does where the documentation is silent: clause to answers and how often each was seen."""
    reasons: dict[str, str] = field(default_factory=dict)
    """Why a clause could not be verified."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Why a test of a clause is no part of this profile. Others may verify the clause all the same."""
    tested: set[str] = field(default_factory=set)
    """Clauses with a test that ran to its end."""
    outcomes: dict[tuple[int, str], tuple[Outcome, ...]] = field(default_factory=dict)
    """What was said of an exchange, by its number and by who said it: the last word of each counts."""
    reused: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Numbers of exchanges that served further clauses than the ones they were asked for."""
    notes: list[str] = field(default_factory=list)
    data_changes: int = 0
    journal: Callable[[Exchange], None] | None = None
    """Sees every exchange after it was recorded."""

    _evidence: dict[str, Evidence] | None = field(default=None, repr=False)
    """What :meth:`evidence` has read, until a judge says more."""

    def record(self, exchange: Exchange) -> None:
        """Record an exchange; called by the client for every attempt."""
        self.exchanges.append(exchange)
        if self.journal is not None:
            self.journal(exchange)

    def judged(self, exchange: Exchange, judge: str, outcomes: Iterable[Outcome]) -> None:
        """Keep what a judge says of an exchange, in place of what it said before."""
        key, said = (exchange.number, judge), tuple(outcomes)
        if self.outcomes.get(key) != said:
            self.outcomes[key] = said
            self._evidence = None

    def excuse(self, exchange: Exchange, judge: str) -> None:
        """Take back what a judge said of an exchange: its reference was another one by then."""
        self.outcomes.pop((exchange.number, judge), None)
        self._evidence = None

    def also_for(self, exchange: Exchange, clause: str) -> None:
        """Note that an earlier answer, already judged, would have been asked for once more for this clause."""
        self.reused[exchange.number].add(clause)
        self._evidence = None

    def evidence(self, clause: str) -> Evidence:
        """The exchanges that show a clause kept, and those that contradict it."""
        if self._evidence is None:
            self._evidence = self._read_evidence()
        return self._evidence.get(clause, Evidence(frozenset(), frozenset()))

    def _read_evidence(self) -> dict[str, Evidence]:
        results: dict[str, dict[int, set[Result]]] = defaultdict(lambda: defaultdict(set))
        for (number, _), outcomes in self.outcomes.items():
            for outcome in outcomes:
                results[outcome.clause][number].add(outcome.result)
        for number, clauses in self.reused.items():
            if {outcome.result for outcome in self.outcomes.get((number, MODEL), ())} == {Result.KEPT}:
                for clause in clauses:
                    results[clause][number].add(Result.KEPT)
        return {clause: _evidence_of(numbers) for clause, numbers in results.items()}

    def add_findings(self, findings: Iterable[Finding]) -> None:
        self.findings.extend(findings)

    def retract(self, exchanges: Iterable[Exchange]) -> None:
        """Take back what was said of these exchanges alone, because they turned out to be none of the operation's."""
        numbers = {exchange.number for exchange in exchanges}
        self.findings = [f for f in self.findings if not {e.number for e in f.exchanges} <= numbers]

    def observe(self, clause: str, answer: str) -> None:
        """Record an answer to an open question."""
        self.answers[clause][answer] += 1

    def not_verified(self, clause: str, reason: str) -> None:
        """Say why a clause could not be verified; the first reason stays."""
        self.reasons.setdefault(clause, reason)

    def showing(self, clause: Clause, evidence: Evidence) -> list[int]:
        """The numbers of the answers that show a clause kept and are of the kind that it is about."""
        kind = _KINDS[clause.shown_by] if clause.promised else None
        return [
            exchange.number
            for exchange in self.final
            if exchange.number in evidence.kept
            and (_is_answered(exchange) if kind is None else answer_kind(exchange) is kind)
        ]

    def why_not_verified(self, clause: Clause) -> str | None:
        """Why nothing that was seen so far shows what becomes of a clause; None where something does."""
        if not clause.promised and self.answers.get(clause.id):
            return None
        if clause.id in self.reasons:
            return self.reasons[clause.id]
        if clause.id in self.left_out and clause.id not in self.tested:
            return self.left_out[clause.id]
        if not clause.promised:
            return "no answer was seen that shows it"
        evidence = self.evidence(clause.id)
        if evidence.broken:
            return (
                f"{len(evidence.broken)} of {len(evidence.numbers)} answers contradict it, and it could not be proven"
            )
        if self.showing(clause, evidence):
            return None
        asked = any(clause.id in exchange.request.clauses for exchange in self.final)
        return "no answer that it got shows it" if asked else "no request bears on it"


Profile = Literal["smoke", "full", "deep"]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """``budget`` is the most requests of a deep run's generated queries; ``only`` are globs of clause ids,
    empty for all.
    """

    profile: Profile = "full"
    seed: int = 1
    only: tuple[str, ...] = ()
    report_dir: Path | None = None
    drift: Literal["warn", "fail"] = "fail"
    pin: bool = False
    pins: Path = Path("lineman-pins.toml")
    default_target: bool = False
    """Whether pins that name no target are this one's."""
    require: tuple[str, ...] = ()
    """Globs of clauses without whose verification there is no verdict, beside those of the target."""
    baseline: str | None = None
    sandbox_options: tuple[str, ...] = ()
    """Options that started the embedded sandbox, to be repeated in replay commands."""
    target_options: tuple[str, ...] = ()
    """Options that chose the target, likewise."""
    generated: int = 14
    """How many queries are generated from the data seen in a full run."""
    from_document: int = 6
    """How many requests are generated from the OpenAPI document."""
    max_time: float = 600.0
    """Seconds that a run may take: a full one takes seconds, and minutes at the politest rate."""
    max_violations: int | None = None
    """Different violations after which the run ends; what is broken everywhere need not be asked to the end."""
    deep_rounds: int = 1_000
    """The most rounds of generated queries in a deep run; its budget ends them earlier."""


class NoVerdict(Exception):  # noqa: N818 -- it is an outcome, not an error
    """Going on would say nothing about the contract. The message is the sentence for people."""


class CredentialsRefused(NoVerdict):
    """The target refuses the credentials that should be good."""


class NeverSucceeded(NoVerdict):
    """No valid query was ever answered with success."""


def _evidence_of(results: Mapping[int, set[Result]]) -> Evidence:
    broken = {number for number, said in results.items() if Result.BROKEN in said}
    kept = {number for number, said in results.items() if said == {Result.KEPT}}
    return Evidence(frozenset(kept), frozenset(broken))
