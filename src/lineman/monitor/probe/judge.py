"""The verdict on one exchange: transport, status, contract, the canary's own expectations, latency, in that order."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from errno import EADDRNOTAVAIL, EMFILE, ENETDOWN, ENETUNREACH, ENFILE
from typing import Any
from urllib.parse import urlsplit

from lineman.client.errors import TokenError
from lineman.client.tokens import IssuedToken
from lineman.contract.checks import findings_of, run_checks
from lineman.contract.operation import document
from lineman.exchange import Exchange, FailureKind, Phases
from lineman.json_text import parse_json
from lineman.monitor.config.models import Canary
from lineman.monitor.result import PHASES, Attempt, Cause, ProbeResult, ProbeVerdict, ProbeViolation, TokenStep
from lineman.target import Target
from lineman.times import format_ms

_NO_CONNECTION = (FailureKind.RESOLVE, FailureKind.CONNECT, FailureKind.TLS)


def token_step(requests: Sequence[Exchange], error: TokenError | None) -> TokenStep | None:
    """What getting a token took in this probe; None where the kept or given one served."""
    if not requests and error is None:
        return None
    seconds = sum(exchange.phases.total for exchange in requests)
    phases = phase_seconds(requests[-1].phases) if requests else {}
    if error is None:
        return TokenStep(ProbeVerdict.OK, seconds, "a new token was issued", len(requests), phases)
    own = own_network(str(error))
    return TokenStep(ProbeVerdict.UNKNOWN if own else ProbeVerdict.FAILED, seconds, str(error), len(requests), phases)


def refused(error: TokenError, target: Target) -> Attempt:
    """The attempt that never was, because no token could be had. Nothing was sent to the query operation.

    Where token and query share an origin and no connection came about, the cause is that, not the token service.
    """
    failure = error.failure
    if failure is not None and failure.kind in _OUT_OF_TIME and failure.phase == "resolve":
        host = urlsplit(target.token_url).hostname or ""
        message = f"our own name resolution gives no answer for {host}"
        return Attempt(ProbeVerdict.UNKNOWN, Cause.NETWORK, message, 0.0, root=OWN_NETWORK)
    if own_network(str(error)):
        return Attempt(ProbeVerdict.UNKNOWN, Cause.NETWORK, f"our own network: {error}", 0.0, root=OWN_NETWORK)
    cause = Cause.TOKEN
    if error.failure is not None and error.failure.kind in _NO_CONNECTION and _same_origin(target):
        cause = Cause(error.failure.kind.value)
    return Attempt(ProbeVerdict.FAILED, cause, str(error), 0.0, error.status, root=f"token/{target.token_url}")


def with_token_times(result: ProbeResult, kept: IssuedToken | None) -> ProbeResult:
    """The result with when the token in use was issued and ends."""
    if kept is None:
        return result
    issued = round(kept.issued.timestamp() * 1_000)
    ends = None if kept.expires is None else issued + round(kept.expires * 1_000)
    return replace(result, token_issued=issued, token_ends=ends)


def _same_origin(target: Target) -> bool:
    return urlsplit(target.token_url).netloc == urlsplit(target.base_url).netloc


OWN_NETWORK = "own network"
"""The root cause that all canaries of one place share."""
_OWN_ERRORS = (ENETUNREACH, ENETDOWN, EADDRNOTAVAIL, EMFILE, ENFILE)
_CAUSES = {
    FailureKind.RESOLVE: Cause.RESOLVE,
    FailureKind.CONNECT: Cause.CONNECT,
    FailureKind.TLS: Cause.TLS,
    FailureKind.TIMEOUT: Cause.TIMEOUT,
    FailureKind.CUT: Cause.CUT,
    FailureKind.PROTOCOL: Cause.PROTOCOL,
    FailureKind.TOKEN: Cause.TOKEN,
}
_OUT_OF_TIME = (FailureKind.TIMEOUT, FailureKind.ABANDONED)
_WORTH_ANOTHER_TRY = frozenset(Cause) - {Cause.LATENCY, Cause.CERTIFICATE, Cause.CONFIGURATION, Cause.NONE}


def judge(exchange: Exchange, canary: Canary) -> Attempt:
    """Judge the exchange of a canary's query."""
    if exchange.failure is not None:
        return _failure(exchange)
    status = exchange.status
    if status == 429:
        return _attempt(
            exchange,
            ProbeVerdict.UNKNOWN,
            Cause.STATUS,
            "the target limits our requests (status 429): probe less often",
        )
    if exchange.response is not None and exchange.response.truncated:
        read = len(exchange.response.body)
        return _attempt(
            exchange, ProbeVerdict.FAILED, Cause.PROTOCOL, f"the answer has no end: stopped after {read} bytes"
        )
    breaches = _breaches(exchange) if canary.expect.contract else ()
    if status != 200:
        return _attempt(exchange, ProbeVerdict.FAILED, Cause.STATUS, _status_words(exchange), breaches)
    if breaches:
        more = f" (and {len(breaches) - 1} more)" if len(breaches) > 1 else ""
        message = f"contract broken: {breaches[0].clause}: {breaches[0].summary}{more}"
        return _attempt(exchange, ProbeVerdict.FAILED, Cause.CONTRACT, message, breaches)
    disappointed = _unmet_expectation(exchange, canary)
    if disappointed:
        return _attempt(exchange, ProbeVerdict.FAILED, Cause.CANARY, disappointed)
    return _latency(exchange, canary)


def worth_another_try(attempt: Attempt) -> bool:
    """True for a failure (or something not measured) that may have been a moment's."""
    return attempt.verdict in (ProbeVerdict.FAILED, ProbeVerdict.UNKNOWN) and attempt.cause in _WORTH_ANOTHER_TRY


def phase_seconds(phases: Phases | None) -> dict[str, float]:
    """The phases that were reached, by name."""
    if phases is None:
        return {}
    return {name: value for name in PHASES if (value := getattr(phases, name)) is not None}


def own_network(message: str) -> bool:
    """True where the operating system says that the fault lies on this machine."""
    return any(os.strerror(number) in message for number in _OWN_ERRORS)


def _attempt(
    exchange: Exchange, verdict: ProbeVerdict, cause: Cause, message: str, breaches: tuple[ProbeViolation, ...] = ()
) -> Attempt:
    return Attempt(
        verdict, cause, message, exchange.phases.total, exchange.status, phase_seconds(exchange.phases), breaches
    )


def _failure(exchange: Exchange) -> Attempt:
    failure = exchange.failure
    assert failure is not None  # noqa: S101 - the caller looked
    if own_network(failure.message):
        mine = _attempt(exchange, ProbeVerdict.UNKNOWN, Cause.NETWORK, f"our own network: {failure.message}")
        return replace(mine, root=OWN_NETWORK)
    if failure.kind in _OUT_OF_TIME and failure.phase == "resolve":
        return resolver_hangs(exchange)
    return _attempt(exchange, ProbeVerdict.FAILED, _CAUSES.get(failure.kind, Cause.TIMEOUT), failure.message)


def resolver_hangs(exchange: Exchange) -> Attempt:
    """Name resolution gave no answer: that is this place's trouble, and nothing was asked of the service."""
    host = urlsplit(exchange.sent.url).hostname or ""
    message = f"our own name resolution gives no answer for {host}"
    return replace(_attempt(exchange, ProbeVerdict.UNKNOWN, Cause.NETWORK, message), root=OWN_NETWORK)


def _breaches(exchange: Exchange) -> tuple[ProbeViolation, ...]:
    found = findings_of(run_checks(exchange))
    return tuple(ProbeViolation(one.clause, one.fingerprint, one.summary) for one in found)


def _status_words(exchange: Exchange) -> str:
    response = exchange.response
    assert response is not None  # noqa: S101 - the caller looked
    kind = (response.header("Content-Type") or "no Content-Type").split(";")[0]
    if response.status in (401, 403):
        return f"credentials refused with status {response.status} ({kind})"
    return f"status {response.status} ({kind}) in place of 200"


def _unmet_expectation(exchange: Exchange, canary: Canary) -> str:
    """What the canary misses in a successful answer; empty where it misses nothing."""
    expect = canary.expect
    if not expect.records and expect.total_at_least is None and expect.total_at_most is None:
        return ""
    total, records = _data(exchange)
    if expect.total_at_least is not None and not (total is not None and total >= expect.total_at_least):
        return f"total is {_show_total(total)}, expected at least {expect.total_at_least}"
    if expect.total_at_most is not None and not (total is not None and total <= expect.total_at_most):
        return f"total is {_show_total(total)}, expected at most {expect.total_at_most}"
    for wanted in expect.records:
        if not any(_holds(record, wanted) for record in records):
            return f"no record with {_members(wanted)} among the {len(records)} records of the answer"
    return ""


def _data(exchange: Exchange) -> tuple[float | None, Sequence[Any]]:
    arrived = exchange.judged
    assert arrived is not None  # noqa: S101 - the caller looked
    try:
        names = document().envelope
        data = parse_json(arrived.body.decode("utf-8").strip()).value[names.data]
        total, records = data.get(names.total), data.get(names.rows)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None, ()
    number = total if isinstance(total, int | float) and not isinstance(total, bool) else None
    return number, records if isinstance(records, list) else ()


def _holds(record: Any, wanted: Mapping[str, Any]) -> bool:
    return isinstance(record, dict) and all(
        name in record and record[name] == value and isinstance(record[name], bool) == isinstance(value, bool)
        for name, value in wanted.items()
    )


def _members(wanted: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {json.dumps(value, ensure_ascii=False)}" for name, value in wanted.items())


def _show_total(total: float | None) -> str:
    return "missing" if total is None else f"{total:g}"


def _latency(exchange: Exchange, canary: Canary) -> Attempt:
    took = round(exchange.phases.total * 1_000)
    limits = ((ProbeVerdict.FAILED, canary.latency.failed), (ProbeVerdict.DEGRADED, canary.latency.degraded))
    for verdict, limit in limits:
        if limit is not None and took > limit:
            return _attempt(
                exchange,
                verdict,
                Cause.LATENCY,
                f"took {format_ms(took)}, {verdict} above {format_ms(limit)}",
            )
    return _attempt(exchange, ProbeVerdict.OK, Cause.NONE, f"answered in {format_ms(took)}")
