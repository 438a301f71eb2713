"""From what a run saw to its record: the state of every clause, the violations, the verdict."""

from __future__ import annotations

import json
import platform
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from importlib.metadata import version

from lineman import __version__
from lineman.contract.answer import AnswerKind, read_answer
from lineman.contract.clauses import Clause, catalogue, select
from lineman.contract.finding import Finding
from lineman.contract.operation import document
from lineman.contract.query import parse_query
from lineman.exchange import Credential, Exchange, Operation
from lineman.message import message_record
from lineman.report.run import (
    ClauseResult,
    DocumentInfo,
    Drift,
    Health,
    Level,
    RecordDifference,
    Run,
    State,
    TargetInfo,
    Tested,
    Verdict,
    Violation,
    WaiverState,
)
from lineman.suite.causes import Causes, trace
from lineman.suite.counting import counted
from lineman.suite.page_sizes import size_contradictions
from lineman.suite.pins import find_drift
from lineman.suite.plugin import SuitePlugin
from lineman.suite.record import curl, exchange_record
from lineman.suite.requirements import unmet_requirements
from lineman.target import Waiver

LIBRARIES = ("schemathesis", "hypothesis", "jsonschema-rs", "httpx", "pytest", "pydantic")
SHOWN = 20
"""Exchanges named as evidence for a clause, and for a violation."""


def conclude(
    plugin: SuitePlugin, started: datetime, finished: datetime, pins: Mapping[str, str], *, sandbox: bool = False
) -> Run:
    """Draw the run's record."""
    service, recorder = plugin.service, plugin.service.state
    explanation = service.explanation()
    found = [counted(finding, recorder) for finding in without_consequences(service.finish())]
    causes = trace(found, explanation, service.varying())
    findings = list(causes.ordered)
    waivers = {w.match: w for w in service.client.target.waivers}
    today = finished.date()
    valid = {match: w for match, w in waivers.items() if w.until >= today}
    observations = _observations(plugin)
    drift = find_drift(pins, observations)
    sizes = {} if recorder.data_changes else size_contradictions(recorder.final)
    clauses = [
        _clause_result(clause, plugin, findings, valid, observations, pins, sizes.get(clause.id, set()))
        for clause in _judged(plugin)
    ]
    violations = [_violation(f, plugin, valid, causes) for f in findings]
    verdict, code, sentence = _verdict(plugin, clauses, violations, drift)
    blamed = {e.number for f in findings for e in f.exchanges[:SHOWN]}
    target = service.client.target
    return Run(
        lineman=__version__,
        id=f"{started:%Y%m%dT%H%M%SZ}-{target.name}".replace("/", "_").replace(":", "_"),
        verdict=verdict,
        exit_code=code,
        explanation=sentence,
        target=TargetInfo(
            name=target.name,
            base_url=target.base_url,
            token_url=target.token_url,
            sandbox=sandbox,
            settings=dict(target.sources),
            sandbox_options=list(plugin.settings.sandbox_options),
        ),
        document=DocumentInfo(version=document().version, sha256=document().sha256),
        profile=plugin.settings.profile,
        only=list(plugin.settings.only),
        seed=plugin.settings.seed,
        started=started,
        finished=finished,
        requests=len(recorder.exchanges),
        clauses=clauses,
        violations=violations,
        observations=observations,
        drift=drift,
        drift_fails=plugin.settings.drift == "fail",
        waivers=[_waiver_state(w, violations, expired=w.until < today) for w in waivers.values()],
        health=_health(plugin, clauses),
        latency_limit=target.latency_limit,
        tested=_tested(recorder.exchanges),
        environment=_environment(),
        exchanges=[exchange_record(e, evidence=e.number in blamed) for e in sorted(recorder.exchanges, key=_number)],
    )


def _number(exchange: Exchange) -> int:
    return exchange.number


def _judged(plugin: SuitePlugin) -> list[Clause]:
    return list(catalogue().values())


def _observations(plugin: SuitePlugin) -> dict[str, str]:
    """Silent clauses and what the target does, every answer seen once, in a stable order."""
    answers = plugin.service.state.answers
    return {id_: "; ".join(sorted(answers[id_])) for id_ in catalogue() if answers.get(id_)}


def _clause_result(
    clause: Clause,
    plugin: SuitePlugin,
    findings: Sequence[Finding],
    waivers: Mapping[str, Waiver],
    observations: Mapping[str, str],
    pins: Mapping[str, str],
    other_sizes: Set[int],
) -> ClauseResult:
    evidence = plugin.service.state.evidence(clause.id)
    shown = plugin.service.state.showing(clause, evidence) or sorted(evidence.numbers)
    own = [finding for finding in findings if finding.clause == clause.id]
    state, reason = _state(clause, plugin, own, waivers, observations)
    masked_by = "" if own else _masked_by(clause, plugin, findings, other_sizes)
    if masked_by and state in (State.HELD, State.NOT_VERIFIED, State.OBSERVED):
        state, reason = State.NOT_VERIFIED, f"masked by {masked_by}: what its answers were held against is disproved"
    return ClauseResult(
        id=clause.id,
        level=Level(clause.level),
        area=clause.area,
        title=clause.title,
        where=clause.where,
        state=state,
        reason=reason,
        masked_by=masked_by,
        requests=len(evidence.numbers),
        seconds=round(sum(one.seconds for one in plugin.outcomes if clause.id in one.clauses), 3),
        exchanges=shown[:SHOWN],
        answer=observations.get(clause.id),
        pinned=pins.get(clause.id),
    )


def _state(
    clause: Clause,
    plugin: SuitePlugin,
    own: Sequence[Finding],
    waivers: Mapping[str, Waiver],
    observations: Mapping[str, str],
) -> tuple[State, str]:
    if own:
        if all(finding.clause in waivers or finding.fingerprint in waivers for finding in own):
            return State.WAIVED, "; ".join(w.reason for w in waivers.values() if w.match == clause.id) or "waived"
        return State.VIOLATED, own[0].summary
    if clause.id not in select(plugin.settings.only):
        return State.NOT_VERIFIED, "not selected"
    unfinished = any(clause.id in clauses and name not in plugin.finished for name, clauses in plugin.planned)
    if unfinished or not plugin.planned:
        return State.NOT_VERIFIED, plugin.stopped or (
            "interrupted" if plugin.interrupted else "the run did not get there"
        )
    lacking = plugin.service.state.why_not_verified(clause)
    if lacking is not None:
        return State.NOT_VERIFIED, lacking
    return (State.OBSERVED if clause.id in observations else State.HELD), ""


def _masked_by(clause: Clause, plugin: SuitePlugin, findings: Sequence[Finding], other_sizes: Set[int]) -> str:
    """The violated clause that hides this one: the one that the answers that contradict it show most, or the order
    that a place in the list was counted in. Empty where nothing hides it.
    """
    if not clause.promised or clause.id not in select(plugin.settings.only):
        return ""
    contradicting = plugin.service.state.evidence(clause.id).broken | other_sizes
    if contradicting and findings:
        return max(findings, key=lambda f: len(contradicting & {e.number for e in f.exchanges})).clause
    if not clause.id.startswith(("order.", "offset.")):
        return ""
    # Places in the list are counted by its order and its total: where one of them is disproved, no page shows them.
    uncounted = (f for f in findings if f.check == "stable_order" or f.clause == "total.counts-matches")
    return next((f.clause for f in uncounted), "")


def _violation(finding: Finding, plugin: SuitePlugin, waivers: Mapping[str, Waiver], causes: Causes) -> Violation:
    target = plugin.service.client.target
    first = finding.exchanges[0]
    waiver = waivers.get(finding.fingerprint) or waivers.get(finding.clause)
    rows = finding.rows
    return Violation(
        clause=finding.clause,
        fingerprint=finding.fingerprint,
        summary=finding.summary,
        message=message_record(finding.summary),
        expected=finding.expected,
        actual=finding.actual,
        cause=causes.cause_of[finding.fingerprint],
        mistake=causes.headline if finding.fingerprint == causes.headlined else "",
        parameter=finding.parameter,
        constraint=finding.constraint,
        observed=finding.observed,
        exchanges=[e.number for e in finding.exchanges][:SHOWN],
        query=None if first.request.query is None else dict(first.request.query),
        records=RecordDifference(
            missing=[dict(r) for r in rows.missing],
            extra=[dict(r) for r in rows.extra],
            out_of_order=list(rows.out_of_order),
        )
        if rows
        else None,
        curl=curl(first, target.base_url),
        replay=_replay(finding, plugin),
        occurrences=finding.occurrences,
        of=finding.of,
        waived=waiver is not None,
        waiver_reason=waiver.reason if waiver else "",
        waiver_until=waiver.until if waiver else None,
    )


def _replay(finding: Finding, plugin: SuitePlugin) -> str:
    settings = plugin.settings
    target = [*settings.target_options, *settings.sandbox_options] or [
        "--base-url",
        plugin.service.client.target.base_url,
    ]
    purposes = dict.fromkeys([finding.clause, *finding.exchanges[0].request.clauses[:1]])
    only = [word for id_ in purposes if id_ in catalogue() for word in ("--only", id_)]
    return shlex.join(["lineman", "test", *target, *only, "--seed", str(settings.seed)])


def _verdict(
    plugin: SuitePlugin, clauses: Sequence[ClauseResult], violations: Sequence[Violation], drift: Sequence[Drift]
) -> tuple[Verdict, int, str]:
    open_violations = [v for v in violations if not v.waived]
    broken = list(dict.fromkeys(v.clause for v in open_violations))
    if plugin.interrupted:
        return Verdict.NO_VERDICT, 2, "The run was interrupted; what it verified until then is below."
    if broken:
        more = f" The run ended early: {plugin.stopped}." if plugin.stopped else ""
        return Verdict.FAIL, 1, f"{_broken_words(open_violations)}{more}"
    if plugin.internal_error is not None:
        return Verdict.NO_VERDICT, 3, f"lineman itself failed: {plugin.internal_error}"
    if plugin.stopped is not None:
        return Verdict.NO_VERDICT, 3, f"The run ended before the promises were checked: {plugin.stopped}."
    lacking = _not_seen(plugin)
    if lacking is not None:
        return Verdict.NO_VERDICT, 3, lacking
    if drift and plugin.settings.drift == "fail":
        return (
            Verdict.FAIL,
            1,
            f"{_counted(drift, 'pinned answer', 'pinned answers')} changed: {', '.join(d.clause for d in drift)}.",
        )
    unmet = unmet_requirements(plugin, clauses)
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


def _not_seen(plugin: SuitePlugin) -> str | None:
    """What a pass needs and this run has not seen; None where it saw all."""
    queries = [e for e in plugin.service.state.exchanges if e.operation is Operation.QUERY]
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


def _waiver_state(waiver: Waiver, violations: Sequence[Violation], *, expired: bool) -> WaiverState:
    used = any(waiver.match in (v.clause, v.fingerprint) for v in violations)
    state = "expired" if expired else ("used" if used else "unused")
    return WaiverState.model_validate(
        {"match": waiver.match, "reason": waiver.reason, "until": waiver.until, "state": state}
    )


def _health(plugin: SuitePlugin, clauses: Sequence[ClauseResult]) -> Health:
    statistics = plugin.service.client.statistics
    recorder = plugin.service.state
    spent = statistics.budget is not None and statistics.requests >= statistics.budget
    return Health(
        retries=statistics.retries,
        rate_limited=statistics.rate_limited,
        outages=statistics.outages,
        transport_failures=statistics.transport_failures,
        paced_seconds=round(statistics.paced_seconds, 3),
        backoff_seconds=round(statistics.backoff_seconds, 3),
        token_requests=statistics.token_requests,
        token_renewals=statistics.token_renewals,
        budget=statistics.budget,
        cut_off=[c.id for c in clauses if spent and c.state is State.NOT_VERIFIED],
        data_changes=recorder.data_changes,
        notes=list(recorder.notes),
    )


def _tested(exchanges: Sequence[Exchange]) -> Tested:
    limits: Counter[str] = Counter()
    offsets: Counter[str] = Counter()
    filters: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    for exchange in exchanges:
        if exchange.operation is not Operation.QUERY:
            continue
        statuses[str(exchange.status or "no answer")] += 1
        if exchange.request.query is not None:
            asked = parse_query(exchange.request.query)
            limits[_shown(exchange.request.query, document().paging.size)] += 1
            offsets[_shown(exchange.request.query, document().paging.start)] += 1
            filters[asked.filter_names] += 1
    return Tested(limits=dict(limits), offsets=dict(offsets), filters=dict(filters), statuses=dict(statuses))


def _shown(query: Mapping[str, object], name: str) -> str:
    """A parameter as the request has it, long ones cut."""
    return json.dumps(query[name], ensure_ascii=False)[:24] if name in query else "absent"


def _environment() -> dict[str, str]:
    found = {"Python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    return found | {name: version(name) for name in LIBRARIES}


def _filters_of() -> dict[str, tuple[str, ...]]:
    """Clause to the filters that it speaks of."""
    found: dict[str, tuple[str, ...]] = {}
    for one in document().filters.values():
        found[one.clause] = (*found.get(one.clause, ()), one.name)
    return found


def without_consequences(findings: Sequence[Finding]) -> list[Finding]:
    """The findings without those that follow from others.

    A filter that is broken alone is broken in combinations and with unusual texts too, in the same way; a total that
    counts a filter's wrong matches is wrong because of the filter; where a default offset starts elsewhere, a last
    page is short; and where a list comes in another order every time, no two answers can be held side by side.
    """
    if any(f.check == "stable_order" for f in findings):
        findings = [f for f in findings if f.check == "stable_order" or not _depends_on_order(f)]
    filters = _filters_of()
    broken = {(name, f.observed) for f in findings for name in filters.get(f.clause, ()) if name in _names(f)}
    combined = {_names(f) for f in findings if f.clause.startswith("filter.")}
    clauses = {f.clause for f in findings}
    return [
        f for f in findings if not (_of_a_filter(f, broken) or _of_its_total(f, combined) or _of_a_default(f, clauses))
    ]


_OTHER_PLACES = ("other records", "another page", "reordered")
"""What a page shows whose records stand elsewhere in the list: no parameter's fault where the order changes."""


def _depends_on_order(finding: Finding) -> bool:
    if finding.observed in _OTHER_PLACES:
        return True
    return finding.clause.startswith(("order.", "offset.", "auth.app-key-", "auth.foreign-")) or (
        finding.clause == "record.unique" and finding.observed == "on two pages"
    )


def _names(finding: Finding) -> frozenset[str]:
    return frozenset(finding.parameter.split(", ")[0].split("+"))


def _of_a_filter(finding: Finding, broken: set[tuple[str, str]]) -> bool:
    if finding.clause not in ("filter.conjunction", "filter.any-text") or finding.check != "model":
        return False
    return any((name, finding.observed) in broken for name in _names(finding))


def _of_its_total(finding: Finding, combined: set[frozenset[str]]) -> bool:
    return finding.clause == "total.counts-matches" and any(names <= _names(finding) for names in combined)


def _of_a_default(finding: Finding, clauses: set[str]) -> bool:
    short = finding.clause.startswith("limit.") and finding.observed == "too few"
    return short and "offset.default" in clauses and finding.constraint.endswith("offset absent")
