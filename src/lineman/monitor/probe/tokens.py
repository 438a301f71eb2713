"""The token's own step: what it took, and the verdict where none could be had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from lineman.client.errors import TokenError
from lineman.client.tokens import IssuedToken
from lineman.exchange import Exchange, FailureKind
from lineman.monitor.probe.judging import OWN_NETWORK, own_network, phase_seconds
from lineman.monitor.result import Attempt, ProbeResult, TokenStep
from lineman.monitor.verdict import Cause, Verdict
from lineman.target import Target

_NO_CONNECTION = (FailureKind.RESOLVE, FailureKind.CONNECT, FailureKind.TLS)


def token_step(requests: Sequence[Exchange], error: TokenError | None) -> TokenStep | None:
    """What getting a token took in this probe; None where the kept or given one served."""
    if not requests and error is None:
        return None
    seconds = sum(exchange.phases.total for exchange in requests)
    phases = phase_seconds(requests[-1].phases) if requests else {}
    if error is None:
        return TokenStep(Verdict.OK, seconds, "a new token was issued", len(requests), phases)
    own = own_network(str(error))
    return TokenStep(Verdict.UNKNOWN if own else Verdict.FAILED, seconds, str(error), len(requests), phases)


def refused(error: TokenError, target: Target) -> Attempt:
    """The attempt that never was, because no token could be had. Nothing was sent to the query operation.

    Where token and query share an origin and no connection came about, the cause is that, not the token service.
    """
    if own_network(str(error)):
        return Attempt(Verdict.UNKNOWN, Cause.NETWORK, f"our own network: {error}", 0.0, root=OWN_NETWORK)
    cause = Cause.TOKEN
    if error.failure is not None and error.failure.kind in _NO_CONNECTION and _same_origin(target):
        cause = Cause(error.failure.kind.value)
    return Attempt(Verdict.FAILED, cause, str(error), 0.0, error.status, root=f"token/{target.token_url}")


def with_token_times(result: ProbeResult, kept: IssuedToken | None) -> ProbeResult:
    """The result with when the token in use was issued and ends."""
    if kept is None:
        return result
    issued = round(kept.issued.timestamp() * 1_000)
    ends = None if kept.expires is None else issued + round(kept.expires * 1_000)
    return replace(result, token_issued=issued, token_ends=ends)


def _same_origin(target: Target) -> bool:
    return urlsplit(target.token_url).netloc == urlsplit(target.base_url).netloc
