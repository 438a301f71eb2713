"""A probe's result for people at a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from lineman.monitor.config.models import Canary
from lineman.monitor.result import ProbeResult, ProbeVerdict
from lineman.times import format_duration, format_instant

_WIDTH = 80


def plugin_line(result: ProbeResult, canary: Canary) -> str:
    """All of the plugin's output, without the last line end."""
    text = _clean(result.message)
    head = f"LINEMAN {result.verdict.word}: {canary.name}: {text}"
    rest = []
    if len(head) > _WIDTH:
        rest.append(text)
        head = head[: _WIDTH - 3] + "..."
    rest += [f"{breach.clause}: {_clean(breach.summary)} [{breach.fingerprint}]" for breach in result.breaches]
    first = f"{head} | {' '.join(_perfdata(result, canary))}"
    return "\n".join([first, *rest])


def _clean(text: str) -> str:
    """One line without the bar, which would begin perfdata, and without control characters."""
    return "".join(c if c.isprintable() and c != "|" else " " for c in text)


def _perfdata(result: ProbeResult, canary: Canary) -> list[str]:
    measured = bool(result.attempts) and result.verdict is not ProbeVerdict.UNKNOWN
    total = f"{result.seconds:.6f}s" if measured else "U"
    warn, crit = (_seconds(limit) for limit in (canary.latency.degraded, canary.latency.failed))
    data = [f"time={total};{warn};{crit};0;{canary.timeout / 1_000:g}"]
    data += [f"time_{phase}={seconds:.6f}s;;;0" for phase, seconds in result.last.phases.items()]
    if result.token is not None:
        data.append(f"token_time={result.token.seconds:.6f}s;;;0")
    if result.certificate is not None:
        limits = canary.certificate
        days = result.certificate.days_left(result.started)
        data.append(f"certificate_days={days:.2f};{limits.degraded}:;{limits.failed}:")
    data.append(f"attempts={len(result.attempts)};;;0")
    data.append(f"violations={len(result.breaches)};;;0")
    return data


def _seconds(limit: int | None) -> str:
    return "" if limit is None else f"{limit / 1_000:g}"


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
        phases = ", ".join(f"{name} {format_duration(seconds)}" for name, seconds in result.last.phases.items())
        yield f"  time         {format_duration(result.seconds)} ({phases})"
    if result.token is not None:
        token = result.token
        yield f"  token        {token.verdict}, {format_duration(token.seconds)}: {printable(token.message)}"
    if result.certificate is not None:
        seen = result.certificate
        trusted = "verified" if seen.verified else f"not trusted: {printable(seen.reason)}"
        ends, left = format_instant(seen.not_after, "minute"), seen.days_left(result.started)
        yield f"  certificate  ends {ends} ({left:.1f} days), {trusted}"
    for number, attempt in enumerate(result.attempts[:-1], start=1):
        yield f"  try {number}        {attempt.verdict}: {printable(attempt.message)}"
    for breach in result.breaches:
        yield f"  violation    {breach.clause}: {printable(breach.summary)} [{breach.fingerprint}]"
    if result.cause.value in _HINTS:
        yield f"  hint         {_HINTS[result.cause.value]}"


def printable(value: str) -> str:
    """Text of a target without characters that could steer a terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value)
