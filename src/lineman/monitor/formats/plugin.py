"""The line that monitoring plugins print: ``LINEMAN OK: text | perfdata`` (Monitoring Plugins, developer guidelines).

The first line stays short; what does not fit follows on further lines. Perfdata is in seconds and days;
warning and critical are ranges above which the plugin alerts (days: below which, hence ``21:``).
"""

from __future__ import annotations

from lineman.monitor.result import ProbeResult
from lineman.monitor.settings.models import Canary
from lineman.monitor.verdict import Verdict

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
    measured = bool(result.attempts) and result.verdict is not Verdict.UNKNOWN
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
