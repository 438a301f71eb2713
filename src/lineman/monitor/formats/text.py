"""A probe's result for people at a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from lineman.monitor.result import ProbeResult

_HINTS = {
    "token": "look at the token service and at the app key; the query itself was not sent",
    "configuration": "nothing was measured: mend the configuration",
    "network": "nothing was measured: the fault lies on this machine",
    "canary": "the service answers, but not with what this canary expects",
    "contract": "run `lineman explain CLAUSE` for the promise, `lineman test` for all of them",
}


def text(result: ProbeResult) -> str:
    """A few lines: the verdict and why, then times, token, certificate and violations."""
    return "\n".join(_lines(result))


def _lines(result: ProbeResult) -> Iterator[str]:
    yield f"{result.verdict.upper()}: {result.canary}: {printable(result.message)}"
    if result.last.phases:
        phases = ", ".join(f"{name} {_time(seconds)}" for name, seconds in result.last.phases.items())
        yield f"  time         {_time(result.seconds)} ({phases})"
    if result.token is not None:
        yield f"  token        {result.token.verdict}, {_time(result.token.seconds)}: {printable(result.token.message)}"
    if result.certificate is not None:
        seen = result.certificate
        end = datetime.fromtimestamp(seen.not_after / 1_000, UTC)
        trusted = "verified" if seen.verified else f"not trusted: {printable(seen.reason)}"
        yield f"  certificate  ends {end:%Y-%m-%d %H:%M} UTC ({seen.days_left(result.started):.1f} days), {trusted}"
    for number, attempt in enumerate(result.attempts[:-1], start=1):
        yield f"  try {number}        {attempt.verdict}: {printable(attempt.message)}"
    for breach in result.breaches:
        yield f"  violation    {breach.clause}: {printable(breach.summary)} [{breach.fingerprint}]"
    if result.cause.value in _HINTS:
        yield f"  hint         {_HINTS[result.cause.value]}"


def printable(value: str) -> str:
    """Text of a target without characters that could steer a terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value)


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1_000:.1f} ms"
