"""How a canary stands now: its latest result, unless that is too old to say anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lineman.monitor.config.maintenance import in_maintenance
from lineman.monitor.config.models import Canary
from lineman.monitor.result import SEVERITY, ProbeVerdict
from lineman.monitor.slots import Grid, stable_offset
from lineman.monitor.status.facts import CanaryHistory
from lineman.monitor.status.page_queries import Latest, of_result
from lineman.monitor.status.snapshot import CanaryState, is_stale
from lineman.monitor.status.wording import rough

WORDS = {"failed": "down", "unknown": "unknown", "degraded": "degraded", "ok": "up"}
"""Verdicts as the page says them, worst first."""


@dataclass(frozen=True, slots=True)
class CanaryStatus:
    """One canary at an instant."""

    canary: Canary
    latest: Latest | None
    """The latest result, however old."""
    verdict: ProbeVerdict
    """Unknown where the latest result is too old, or there is none."""
    stale: bool
    message: str
    maintenance: bool
    since: int | None
    """Since when every result says what the latest says; None where that is not known."""
    next_slot: int

    @property
    def word(self) -> str:
        return WORDS[self.verdict.value]

    @property
    def rank(self) -> tuple[bool, int, str]:
        """For sorting: worst first, planned work behind the same without a plan."""
        return (self.maintenance, -SEVERITY.index(self.verdict), self.canary.name)


Since = Mapping[tuple[str, str], tuple[int | None, int | None]]
"""By canary and kind: since when it is bad, and good."""


def present(canary: Canary, known: CanaryHistory, state: CanaryState | None, since: Since, now: int) -> CanaryStatus:
    """``state``: what the running monitor has, where there is one."""
    own = of_result(state.result) if state is not None and state.result is not None else None
    latest = max((one for one in (known.latest, own) if one is not None), key=lambda one: one.started, default=None)
    accounted = max(known.ledger_end, 0 if state is None else state.ledger_end)
    stale = latest is None or is_stale(CanaryState(canary, ledger_end=accounted), now)
    if latest is None:
        message = "no result yet"
    elif stale:
        message = f"nothing new for {rough(now - max(accounted, latest.started))}"
    else:
        message = latest.message
    fresh_verdict = ProbeVerdict.UNKNOWN if latest is None or stale else latest.verdict
    in_agreement = latest is None or known.latest is None or latest.verdict is known.latest.verdict
    return CanaryStatus(
        canary=canary,
        latest=latest,
        verdict=fresh_verdict,
        stale=stale,
        message=message,
        maintenance=in_maintenance(canary.maintenance, now),
        since=None if stale or not in_agreement else _since(canary.name, fresh_verdict, since),
        next_slot=Grid(canary.interval, stable_offset(canary.name, canary.interval)).after(now),
    )


def _since(name: str, verdict: ProbeVerdict, since: Since) -> int | None:
    """The counts of incidents know since when each kind is bad or good; the latest of those that matter is it."""
    bad = {kind: since.get((name, kind), (None, None))[0] for kind in ("failed", "degraded", "unknown")}
    good = {kind: since.get((name, kind), (None, None))[1] for kind in ("failed", "degraded", "unknown")}
    parts = {
        ProbeVerdict.OK: (good["failed"], good["degraded"], good["unknown"]),
        ProbeVerdict.DEGRADED: (bad["degraded"], good["failed"], good["unknown"]),
        ProbeVerdict.FAILED: (bad["failed"], good["unknown"]),
        ProbeVerdict.UNKNOWN: (bad["unknown"],),
    }[verdict]
    return max((part for part in parts if part is not None), default=None)


def headline(stand: list[CanaryStatus]) -> tuple[str, str]:
    """The sentence over everything, and the verdict that gives it its colour."""
    working = [one for one in stand if not one.maintenance]
    counts = {verdict: sum(one.verdict is verdict for one in working) for verdict in SEVERITY}
    number, planned = len(stand), len(stand) - len(working)
    if number == 1:
        return _about_one(stand[0])
    tail = f"; {planned} in maintenance" if planned else ""
    for verdict in (ProbeVerdict.FAILED, ProbeVerdict.UNKNOWN, ProbeVerdict.DEGRADED):
        bad = counts[verdict]
        if bad and verdict is ProbeVerdict.UNKNOWN:
            return f"Nothing is known of {bad} of {number} canaries{tail}", verdict.value
        if bad:
            return f"{bad} of {number} canaries {_are(bad)} {WORDS[verdict.value]}{tail}", verdict.value
    if not working:
        return f"All {number} canaries are in maintenance", "planned"
    up = f"All {number} canaries are" if not planned else f"{len(working)} of {number} canaries {_are(len(working))}"
    return f"{up} up{tail}", "ok"


def _about_one(one: CanaryStatus) -> tuple[str, str]:
    if one.maintenance:
        return f"{one.canary.name} is in maintenance", "planned"
    if one.verdict is ProbeVerdict.UNKNOWN:
        return f"Nothing is known of {one.canary.name}", "unknown"
    return f"{one.canary.name} is {one.word}", one.verdict.value


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
