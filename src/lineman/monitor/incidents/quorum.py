"""What several locations say together about one slot of a canary. Pure.

A location *votes* where it has a fresh result that measured the target: ok, degraded or failed. One that is stale, not
running, or unknown (its own network is down) has no vote. The canary is down when the set share of the votes says
failed. With too few votes nothing is known.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from statistics import median_low

from lineman.monitor.clock import SECOND
from lineman.monitor.config.models import Canary, MonitorSettings
from lineman.monitor.result import Attempt, Cause, ProbeResult, ProbeVerdict, ProbeViolation
from lineman.monitor.slots import Grid

FRESH_INTERVALS = 3
CLOCKS_APART = 5 * SECOND
"""By how much the clocks of locations may differ without harm."""
TOO_FEW = "locations"
"""The root cause that canaries share where too few locations measure."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One location's result in one slot. ``breaches`` and ``root``: of its deciding attempt."""

    location: str
    slot: int
    verdict: ProbeVerdict
    cause: Cause = Cause.NONE
    message: str = ""
    seconds: float = 0.0
    root: str | None = None
    breaches: tuple[ProbeViolation, ...] = ()
    lap: int = 0


def window(canary: Canary) -> int:
    """Milliseconds after its slot for which a result is fresh."""
    return FRESH_INTERVALS * canary.interval + CLOCKS_APART


def on_time(votes: Iterable[Vote], now: int) -> list[Vote]:
    """The voices that can be trusted with their slots: of each location those of its latest lap.

    A location that speaks of what is still to come has a clock that is ahead; what it said of the present is old.
    """
    votes = list(votes)
    laps: dict[str, int] = {}
    for vote in votes:
        laps[vote.location] = max(vote.lap, laps.get(vote.location, 0))
    votes = [vote for vote in votes if vote.lap == laps[vote.location]]
    ahead = {vote.location for vote in votes if vote.slot > now + CLOCKS_APART}
    return [vote for vote in votes if vote.location not in ahead]


def aligned(votes: Iterable[Vote], grid: Grid) -> list[Vote]:
    """The votes in the slots of the grid: probes that a scheduler starts have slots of their own between them."""
    return [replace(vote, slot=grid.at_or_before(vote.slot)) for vote in votes]


def latest_votes(votes: Iterable[Vote], slot: int, reach: int) -> list[Vote]:
    """Each location's latest result of ``slot`` or before it that is fresh then, by location."""
    latest: dict[str, Vote] = {}
    for vote in votes:
        known = latest.get(vote.location)
        if slot - reach < vote.slot <= slot and (known is None or vote.slot >= known.slot):
            latest[vote.location] = vote
    return [latest[location] for location in sorted(latest)]


def votes_needed(votes: int, share: float | None) -> int:
    """How many of the votes must agree; ``share`` None: more than half. At least one."""
    if share is None:
        return votes // 2 + 1
    # 0.6 of 5 are 3, exactly: the share is the decimal number that somebody wrote.
    return max(1, math.ceil(Fraction(str(share)) * votes))


def complete(votes: Sequence[Vote], slot: int, reach: int) -> bool:
    """True where every location with a fresh result has spoken about the slot, or about a later one."""
    spoken = {vote.location for vote in votes if vote.slot >= slot}
    recent = {vote.location for vote in votes if vote.slot > slot - reach}
    return bool(recent) and recent <= spoken


def combine(canary: Canary, slot: int, votes: Sequence[Vote], settings: MonitorSettings) -> ProbeResult:
    """The joint result of a slot from its fresh voices."""
    measured = [vote for vote in votes if vote.verdict.measured]
    least = canary.min_locations or settings.min_locations
    if len(measured) < least:
        return _unknown(canary, slot, votes, len(measured), least)
    enough = votes_needed(len(measured), canary.quorum or settings.quorum)
    failed = [vote for vote in measured if vote.verdict is ProbeVerdict.FAILED]
    worse = [vote for vote in measured if vote.verdict is not ProbeVerdict.OK]
    if len(failed) >= enough:
        return _result(canary, slot, ProbeVerdict.FAILED, failed, measured)
    if len(worse) >= enough:
        return _result(canary, slot, ProbeVerdict.DEGRADED, worse, measured)
    return _result(canary, slot, ProbeVerdict.OK, worse, measured)


def _result(
    canary: Canary, slot: int, verdict: ProbeVerdict, deciding: Sequence[Vote], votes: Sequence[Vote]
) -> ProbeResult:
    seconds = median_low([vote.seconds for vote in votes])
    if not deciding:
        message = f"ok at all {len(votes)} locations"
        attempt = Attempt(verdict, Cause.NONE, message, seconds)
        return ProbeResult(canary.name, canary.target or "", slot, verdict, Cause.NONE, message, (attempt,))
    causes = Counter(vote.cause for vote in deciding)
    cause = max(causes, key=lambda known: (causes[known], known))
    chief = next(vote for vote in deciding if vote.cause is cause)
    names = ", ".join(f"{vote.location} ({vote.verdict})" for vote in deciding)
    message = f"at {len(deciding)} of {len(votes)} locations: {chief.message} [{names}]"
    if verdict is ProbeVerdict.OK:
        message, cause = f"up; {message}", Cause.NONE
    breaches = {breach.fingerprint: breach for vote in deciding for breach in vote.breaches}
    attempt = Attempt(
        verdict,
        cause,
        message,
        seconds,
        breaches=tuple(breaches.values()) if verdict is not ProbeVerdict.OK else (),
        root=chief.root if verdict is not ProbeVerdict.OK else None,
    )
    return ProbeResult(canary.name, canary.target or "", slot, verdict, cause, message, (attempt,))


def _unknown(canary: Canary, slot: int, votes: Sequence[Vote], measured: int, least: int) -> ProbeResult:
    heard = ", ".join(f"{vote.location} ({vote.verdict})" for vote in votes) or "none"
    message = f"fresh measurements from {measured} locations, {least} are needed; heard from: {heard}"
    attempt = Attempt(ProbeVerdict.UNKNOWN, Cause.NETWORK, message, 0.0, root=TOO_FEW)
    return ProbeResult(canary.name, canary.target or "", slot, ProbeVerdict.UNKNOWN, Cause.NETWORK, message, (attempt,))
