"""The token's own step: what it took, and the verdict where none could be had."""

from __future__ import annotations

from collections.abc import Sequence

from lineman.client.errors import TokenError
from lineman.exchange import Exchange
from lineman.monitor.probe.judging import OWN_NETWORK, own_network, phase_seconds
from lineman.monitor.result import Attempt, TokenStep
from lineman.monitor.verdict import Cause, Verdict
from lineman.target import Target


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
    """The attempt that never was, because no token could be had. Nothing was sent to the query operation."""
    if own_network(str(error)):
        return Attempt(Verdict.UNKNOWN, Cause.NETWORK, f"our own network: {error}", 0.0, root=OWN_NETWORK)
    return Attempt(Verdict.FAILED, Cause.TOKEN, str(error), 0.0, error.status, root=f"token/{target.token_url}")
