"""What a run saw as records for ``run.json``, and commands that reproduce an exchange and a violation."""

from __future__ import annotations

import json
import platform
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version

from lineman.client.statistics import Statistics
from lineman.contract.clauses import catalogue
from lineman.contract.finding import Finding
from lineman.contract.operation import document
from lineman.contract.query import parse_query
from lineman.exchange import HEADER_VARIABLE, Exchange, Operation, Phases
from lineman.message import message_record
from lineman.report.run import (
    ClauseResult,
    ExchangeRecord,
    Health,
    RecordDifference,
    State,
    Tested,
    Violation,
    WaiverState,
)
from lineman.suite.causes import Causes
from lineman.suite.service import Service
from lineman.target import Waiver
from lineman.text import visible

LIBRARIES = ("schemathesis", "hypothesis", "jsonschema-rs", "httpx", "pytest", "pydantic")
SHOWN = 20
"""Exchanges named as evidence for a clause, and for a violation."""
BODY_CAP = 4_096
"""Bytes of an ordinary body that are kept."""
EVIDENCE_CAP = 65_536
"""Bytes of a body that proves a violation."""


def exchange_record(exchange: Exchange, *, evidence: bool) -> ExchangeRecord:
    """The record of one exchange; bodies are cut, more generously where they are evidence of a violation."""
    cap = EVIDENCE_CAP if evidence else BODY_CAP
    ask, request, response = exchange.request, exchange.sent, exchange.response
    body = request.body or b""
    answer = response.body if response else b""
    failure = exchange.failure
    return ExchangeRecord(
        number=exchange.number,
        clauses=list(ask.clauses),
        operation=exchange.operation.value,
        attempt=exchange.attempt,
        note=ask.note,
        credential=ask.credential.value,
        app_key=ask.app_key.value,
        method=request.method,
        url=request.url,
        request_headers=list(request.headers),
        request_body=None if request.body is None else _text(body[:cap]),
        request_size=len(body),
        started=exchange.started,
        status=response.status if response else None,
        response_headers=[(n, v) for n, v in response.headers] if response else [],
        response_body=_text(answer[:cap]) if response else None,
        response_size=response.size if response else 0,
        cut=bool(response and (response.truncated or len(answer) > cap)),
        failure=f"{failure.kind.value}: {failure.message}" if failure else None,
        phases=_phases(exchange.phases),
        token_seconds=exchange.token.total if exchange.token else None,
    )


def _text(body: bytes) -> str:
    return body.decode("utf-8", "backslashreplace")


def _phases(phases: Phases) -> dict[str, float]:
    names = ("resolve", "connect", "tls", "send", "wait", "receive", "total")
    return {name: round(value, 6) for name in names if (value := getattr(phases, name)) is not None}


def curl(exchange: Exchange, base_url: str) -> str:
    """A ``curl`` line that sends the same request; tokens and keys are shell variables, the base URL may be one."""
    request = exchange.sent
    path = request.url.removeprefix(base_url)
    words = ["curl", "-sS", "-i", "--max-time 30"]
    words.append("-I" if request.method == "HEAD" else f"-X {request.method}")
    words.append(f'"${{LINEMAN_BASE_URL:-{base_url}}}{path}"')
    for name, value in request.headers:
        if name.lower() in ("authorization", "x-app-key", "content-type") or value.startswith(f"${HEADER_VARIABLE}"):
            words.append(f"-H {_quoted(f'{name}: {value}' if value else f'{name};')}")
    if not any(name.lower() == "content-type" for name, _ in request.headers) and request.body:
        words.append("-H 'Content-Type:'")
    if request.body is None:
        return " ".join(words)
    try:
        text = request.body.decode("utf-8")
    except UnicodeDecodeError:
        text = None
    if text is None or visible(text) != text or len(text) > 20_000:
        return f"printf {shlex.quote(_printf(request.body[:20_000]))} | {' '.join(words)} --data-binary @-"
    return " ".join([*words, f"--data-binary {shlex.quote(text)}"])


def _quoted(header: str) -> str:
    """Quote a header; where it stands for a token by a shell expression of the client's, so that the shell
    puts it in.
    """
    return f'"{header}"' if "$" in header else shlex.quote(header)


def _printf(body: bytes) -> str:
    return "".join(f"\\{byte:03o}" if byte < 32 or byte > 126 or byte in b"\\%" else chr(byte) for byte in body)


def violation_record(finding: Finding, service: Service, waivers: Mapping[str, Waiver], causes: Causes) -> Violation:
    target = service.client.target
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
        replay=_replay(finding, service),
        occurrences=finding.occurrences,
        of=finding.of,
        waived=waiver is not None,
        waiver_reason=waiver.reason if waiver else "",
        waiver_until=waiver.until if waiver else None,
    )


def _replay(finding: Finding, service: Service) -> str:
    settings = service.options
    target = [*settings.target_options, *settings.sandbox_options] or [
        "--base-url",
        service.client.target.base_url,
    ]
    purposes = dict.fromkeys([finding.clause, *finding.exchanges[0].request.clauses[:1]])
    only = [word for id_ in purposes if id_ in catalogue() for word in ("--only", id_)]
    return shlex.join(["lineman", "test", *target, *only, "--seed", str(settings.seed)])


def waiver_record(waiver: Waiver, violations: Sequence[Violation], *, expired: bool) -> WaiverState:
    used = any(waiver.match in (v.clause, v.fingerprint) for v in violations)
    state = "expired" if expired else ("used" if used else "unused")
    return WaiverState.model_validate(
        {"match": waiver.match, "reason": waiver.reason, "until": waiver.until, "state": state}
    )


def health_record(service: Service, clauses: Sequence[ClauseResult]) -> Health:
    statistics = service.client.statistics
    recorder = service.state
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
        notes=[*recorder.notes, *_limit_notes(statistics)],
    )


def _limit_notes(statistics: Statistics) -> list[str]:
    if statistics.locked_out:
        return [
            "After requests with bad credentials, which the tests of credentials send, the target refused everything "
            f"for about {statistics.locked_out:.0f} s: lineman itself may have locked this caller out"
        ]
    if not statistics.hidden_limit:
        return []
    return [
        f"The target limits requests and says so with {statistics.hidden_limit} in place of 429 "
        f"({statistics.hidden_limits} times): set rate (requests a second) for this target, below its limit"
    ]


def tested_record(exchanges: Sequence[Exchange]) -> Tested:
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
            limits[_show_parameter(exchange.request.query, document().paging.size)] += 1
            offsets[_show_parameter(exchange.request.query, document().paging.start)] += 1
            filters[asked.filter_names] += 1
    return Tested(limits=dict(limits), offsets=dict(offsets), filters=dict(filters), statuses=dict(statuses))


def _show_parameter(query: Mapping[str, object], name: str) -> str:
    """A parameter as the request has it, long ones cut."""
    return json.dumps(query[name], ensure_ascii=False)[:24] if name in query else "absent"


def environment_record() -> dict[str, str]:
    found = {"Python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    return found | {name: version(name) for name in LIBRARIES}
