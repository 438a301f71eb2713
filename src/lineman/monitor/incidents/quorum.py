"""What several locations say together about one slot of a canary. Pure.

A location *votes* where it has a fresh result that measured the target: ok, degraded or failed. One that is stale, not
running, or unknown (its own network is down) has no vote. The canary is down when the set share of the votes says
failed. With too few votes nothing is known.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median_low

from lineman.monitor.clock import SECOND
from lineman.monitor.config.models import Canary, MonitorSettings
from lineman.monitor.result import Attempt, Breach, Cause, ProbeResult, Verdict

FRESH_INTERVALS = 3
CLOCKS_APART = 5 * SECOND
"""By how much the clocks of locations may differ without harm."""
TOO_FEW = "locations"
"""The root cause that canaries share where too few locations measure."""


@dataclass(frozen=True, slots=True)
class Voice:
    """One location's result in one slot. ``breaches`` and ``root``: of its deciding attempt."""

    location: str
    slot: int
    verdict: Verdict
    cause: Cause = Cause.NONE
    message: str = ""
    seconds: float = 0.0
    root: str | None = None
    breaches: tuple[Breach, ...] = ()
    lap: int = 0


def window(canary: Canary) -> int:
    """Milliseconds after its slot for which a result is fresh."""
    return FRESH_INTERVALS * canary.interval + CLOCKS_APART


def punctual(voices: Iterable[Voice], now: int) -> list[Voice]:
    """The voices that can be trusted with their slots: of each location those of its latest lap.

    A location that speaks of what is still to come has a clock that is ahead; what it said of the present is old.
    """
    voices = list(voices)
    laps: dict[str, int] = {}
    for voice in voices:
        laps[voice.location] = max(voice.lap, laps.get(voice.location, 0))
    voices = [voice for voice in voices if voice.lap == laps[voice.location]]
    ahead = {voice.location for voice in voices if voice.slot > now + CLOCKS_APART}
    return [voice for voice in voices if voice.location not in ahead]


def fresh(voices: Iterable[Voice], slot: int, reach: int) -> list[Voice]:
    """Each location's latest result of ``slot`` or before it that is fresh then, by location."""
    latest: dict[str, Voice] = {}
    for voice in voices:
        known = latest.get(voice.location)
        if slot - reach < voice.slot <= slot and (known is None or voice.slot >= known.slot):
            latest[voice.location] = voice
    return [latest[location] for location in sorted(latest)]


def needed(votes: int, share: float | None) -> int:
    """How many of the votes must agree; ``share`` None: more than half. At least one."""
    if share is None:
        return votes // 2 + 1
    # 0.6 of 5 are 3, exactly: the share is the decimal number that somebody wrote.
    return max(1, math.ceil(Fraction(str(share)) * votes))


def complete(voices: Sequence[Voice], slot: int, reach: int) -> bool:
    """True where every location with a fresh result has spoken about the slot, or about a later one."""
    spoken = {voice.location for voice in voices if voice.slot >= slot}
    recent = {voice.location for voice in voices if voice.slot > slot - reach}
    return bool(recent) and recent <= spoken


def together(canary: Canary, slot: int, voices: Sequence[Voice], settings: MonitorSettings) -> ProbeResult:
    """The joint result of a slot from its fresh voices."""
    votes = [voice for voice in voices if voice.verdict.measured]
    least = canary.min_locations or settings.min_locations
    if len(votes) < least:
        return _unknown(canary, slot, voices, len(votes), least)
    enough = needed(len(votes), canary.quorum or settings.quorum)
    failed = [vote for vote in votes if vote.verdict is Verdict.FAILED]
    worse = [vote for vote in votes if vote.verdict is not Verdict.OK]
    if len(failed) >= enough:
        return _result(canary, slot, Verdict.FAILED, failed, votes)
    if len(worse) >= enough:
        return _result(canary, slot, Verdict.DEGRADED, worse, votes)
    return _result(canary, slot, Verdict.OK, worse, votes)


def _result(
    canary: Canary, slot: int, verdict: Verdict, deciding: Sequence[Voice], votes: Sequence[Voice]
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
    if verdict is Verdict.OK:
        message, cause = f"up; {message}", Cause.NONE
    breaches = {breach.fingerprint: breach for vote in deciding for breach in vote.breaches}
    attempt = Attempt(
        verdict,
        cause,
        message,
        seconds,
        breaches=tuple(breaches.values()) if verdict is not Verdict.OK else (),
        root=chief.root if verdict is not Verdict.OK else None,
    )
    return ProbeResult(canary.name, canary.target or "", slot, verdict, cause, message, (attempt,))


def _unknown(canary: Canary, slot: int, voices: Sequence[Voice], votes: int, least: int) -> ProbeResult:
    heard = ", ".join(f"{voice.location} ({voice.verdict})" for voice in voices) or "none"
    message = f"fresh measurements from {votes} locations, {least} are needed; heard from: {heard}"
    attempt = Attempt(Verdict.UNKNOWN, Cause.NETWORK, message, 0.0, root=TOO_FEW)
    return ProbeResult(canary.name, canary.target or "", slot, Verdict.UNKNOWN, Cause.NETWORK, message, (attempt,))
