"""From what a run saw to its record: the state of every clause, the violations, the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from lineman import __version__
from lineman.contract.answer import AnswerKind, read_answer
from lineman.contract.clauses import catalogue
from lineman.contract.operation import document
from lineman.exchange import Credential, Operation
from lineman.report.run import ClauseResult, DocumentInfo, Drift, Level, Run, State, TargetInfo, Verdict, Violation
from lineman.suite.causes import trace
from lineman.suite.clause_states import ClauseStates
from lineman.suite.consequences import without_consequences
from lineman.suite.counting import counted
from lineman.suite.pins import find_drift
from lineman.suite.record import (
    SHOWN,
    environment_record,
    exchange_record,
    health_record,
    tested_record,
    violation_record,
    waiver_record,
)
from lineman.suite.requirements import unmet_requirements
from lineman.suite.service import Service
from lineman.suite.session import Session
from lineman.times import format_instant


def conclude(
    service: Service,
    session: Session,
    started: datetime,
    finished: datetime,
    pins: Mapping[str, str],
    *,
    sandbox: bool = False,
) -> Run:
    """Draw the run's record."""
    recorder = service.state
    explanation = service.explanation()
    found = [counted(finding, recorder) for finding in without_consequences(service.finish())]
    causes = trace(found, explanation, service.varying())
    findings = list(causes.ordered)
    waivers = {w.match: w for w in service.client.target.waivers}
    today = finished.date()
    valid = {match: w for match, w in waivers.items() if w.until >= today}
    observations = _observations(service)
    drift = find_drift(pins, observations)
    states = ClauseStates(service, session, findings, valid, observations, pins)
    clauses = [states.result(clause) for clause in catalogue().values()]
    violations = [violation_record(f, service, valid, causes) for f in findings]
    verdict, code, sentence = _verdict(service, session, clauses, violations, drift)
    in_order = sorted(recorder.exchanges, key=lambda e: e.number)
    blamed = {e.number for f in findings for e in f.exchanges[:SHOWN]}
    target = service.client.target
    return Run(
        lineman=__version__,
        id=f"{format_instant(started, 'name')}-{target.name}".replace("/", "_").replace(":", "_"),
        verdict=verdict,
        exit_code=code,
        explanation=sentence,
        target=TargetInfo(
            name=target.name,
            base_url=target.base_url,
            token_url=target.token_url,
            sandbox=sandbox,
            settings=dict(target.sources),
            sandbox_options=list(service.options.sandbox_options),
        ),
        document=DocumentInfo(version=document().version, sha256=document().sha256),
        profile=service.options.profile,
        only=list(service.options.only),
        seed=service.options.seed,
        started=started,
        finished=finished,
        requests=len(recorder.exchanges),
        clauses=clauses,
        violations=violations,
        observations=observations,
        drift=drift,
        drift_fails=service.options.drift == "fail",
        waivers=[waiver_record(w, violations, expired=w.until < today) for w in waivers.values()],
        health=health_record(service, clauses),
        latency_limit=target.latency_limit,
        tested=tested_record(recorder.exchanges),
        environment=environment_record(),
        exchanges=[exchange_record(e, evidence=e.number in blamed) for e in in_order],
    )


def _verdict(
    service: Service,
    session: Session,
    clauses: Sequence[ClauseResult],
    violations: Sequence[Violation],
    drift: Sequence[Drift],
) -> tuple[Verdict, int, str]:
    open_violations = [v for v in violations if not v.waived]
    broken = list(dict.fromkeys(v.clause for v in open_violations))
    if session.interrupted:
        return Verdict.NO_VERDICT, 2, "The run was interrupted; what it verified until then is below."
    if broken:
        more = f" The run ended early: {session.stopped}." if session.stopped else ""
        return Verdict.FAIL, 1, f"{_broken_words(open_violations)}{more}"
    if session.internal_error is not None:
        return Verdict.NO_VERDICT, 3, f"lineman itself failed: {session.internal_error}"
    if session.stopped is not None:
        return Verdict.NO_VERDICT, 3, f"The run ended before the promises were checked: {session.stopped}."
    lacking = _not_seen(service)
    if lacking is not None:
        return Verdict.NO_VERDICT, 3, lacking
    if drift and service.options.drift == "fail":
        return (
            Verdict.FAIL,
            1,
            f"{_counted(drift, 'pinned answer', 'pinned answers')} changed: {', '.join(d.clause for d in drift)}.",
        )
    unmet = unmet_requirements(service.options, service.client.target, service.listing, clauses)
    if unmet:
        return Verdict.NO_VERDICT, 3, unmet
    return Verdict.PASS, 0, _what_passed(clauses)


def _what_passed(clauses: Sequence[ClauseResult]) -> str:
    """What a pass rests on, and by name what it does not rest on."""
    held = sum(c.state is State.HELD for c in clauses)
    waived = sum(c.state is State.WAIVED for c in clauses)
    words = f"{held} promises held" + (f", {waived} waived" if waived else "")
    open_ = [c for c in clauses if c.state is State.NOT_VERIFIED and c.level is Level.PROMISED]
    silent = [c.id for c in clauses if c.state is State.NOT_VERIFIED and c.level is not Level.PROMISED]
    unseen = f" Not observed, where the documentation is silent: {', '.join(silent)}." if silent else ""
    if not open_:
        return f"{words}, none was left unverified.{unseen}"
    reasons: dict[str, list[str]] = {}
    for clause in open_:
        reasons.setdefault(clause.reason, []).append(clause.id)
    named = "; ".join(f"{', '.join(ids)} ({reason})" for reason, ids in reasons.items())
    return f"{words}, {len(open_)} could not be verified: {named}.{unseen}"


def _broken_words(violations: Sequence[Violation]) -> str:
    """The clauses that are broken, those that follow from another one apart; first the mistake that explains them."""
    causes = list(dict.fromkeys(v.clause for v in violations if v.cause == v.fingerprint))
    causes = causes or list(dict.fromkeys(v.clause for v in violations))
    follow = list(dict.fromkeys(v.clause for v in violations if v.clause not in causes))
    words = f"{_counted(causes, 'clause is', 'clauses are')} broken: {', '.join(causes)}"
    words += (
        f"; {len(follow)} more {'follows' if len(follow) == 1 else 'follow'}: {', '.join(follow)}" if follow else ""
    )
    mistake = next((v.mistake for v in violations if v.mistake), "")
    return f"{mistake[0].upper()}{mistake[1:]}. {words}." if mistake else f"{words}."


def _counted(things: Sequence[object], one: str, several: str) -> str:
    return f"{len(things)} {one if len(things) == 1 else several}"


def _not_seen(service: Service) -> str | None:
    """What a pass needs and this run has not seen; None where it saw all."""
    queries = [e for e in service.state.exchanges if e.operation is Operation.QUERY]
    answers = [(e, read_answer(e)) for e in queries]
    if not any(a.succeeded and a.has_list and (a.records or a.total == 0) for _, a in answers):
        return "No valid query was answered with success: nothing was seen that could be judged."
    if not any(
        e.request.credential in (Credential.NONE, Credential.GIVEN) and a.kind is AnswerKind.UNAUTHORISED
        for e, a in answers
    ):
        return "No request with bad credentials was seen to be refused."
    good = (Credential.VALID, Credential.SECOND)
    if not any(e.request.credential in good and a.kind is AnswerKind.REFUSAL for e, a in answers):
        return "No invalid request was seen to be refused."
    return None


def _observations(service: Service) -> dict[str, str]:
    """Silent clauses and what the target does, every answer seen once, in a stable order."""
    answers = service.state.answers
    return {id_: "; ".join(sorted(answers[id_])) for id_ in catalogue() if answers.get(id_)}
