"""When failures become an incident and when it is over: one pure step for each slot.

Three kinds are kept apart, each with its own counts: failed, degraded, and unknown (the monitor is blind).
A result that says nothing about a kind neither continues nor breaks its row. An incident counts from the
first bad slot to the first good slot of its confirmed recovery. One that comes back within the settling time is
the same incident, flapping; it then ends only after it was quiet for that time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from lineman.monitor.result import Cause, ProbeVerdict


class Kind(StrEnum):
    FAILED = "failed"
    DEGRADED = "degraded"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Rule:
    """Slots in a row that open and end an incident of one kind, and milliseconds of settling."""

    opens_after: int
    ends_after: int
    settle: int


@dataclass(frozen=True, slots=True)
class Incident:
    """A stretch of bad slots. Instants are slots."""

    id: str
    canary: str
    kind: Kind
    matter: str
    """Under which name it is reported: its own, or the root cause that it shares with others."""
    cause: Cause
    summary: str
    opened: int
    """The first bad slot."""
    confirmed: int
    """The slot at which the row was long enough."""
    ended: int | None = None
    """The first good slot of the confirmed recovery."""
    last_bad: int = 0
    flaps: int = 0
    planned: bool = False
    """It began in a maintenance window."""

    @property
    def open(self) -> bool:
        return self.ended is None


@dataclass(frozen=True, slots=True)
class IncidentState:
    """Rows of bad and of good slots of one kind; ``incident`` is the latest incident, open or not.

    The counts stop where the rule needs no more, so that a quiet canary's track does not change.
    """

    bad: int = 0
    bad_since: int | None = None
    good: int = 0
    good_since: int | None = None
    incident: Incident | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a result says to a track."""

    slot: int
    bad: bool
    cause: Cause
    summary: str
    root: str | None = None
    """Name of a root cause that other canaries would share."""
    planned: bool = False


def is_bad_for(kind: Kind, verdict: ProbeVerdict) -> bool | None:
    """True: bad for the kind; False: good; None: says nothing about it."""
    if verdict is ProbeVerdict.NOT_RUN:
        return None
    if kind is Kind.UNKNOWN:
        return verdict is ProbeVerdict.UNKNOWN
    if verdict is ProbeVerdict.UNKNOWN:
        return None
    if kind is Kind.FAILED:
        return verdict is ProbeVerdict.FAILED
    return None if verdict is ProbeVerdict.FAILED else verdict is ProbeVerdict.DEGRADED


def advance(canary: str, kind: Kind, track: IncidentState, sign: Reading, rule: Rule) -> IncidentState:
    """The track after one more slot."""
    if rule.opens_after == 0 and not (track.incident and track.incident.open):
        return IncidentState(incident=track.incident)
    if sign.bad:
        return _worse(canary, kind, track, sign, rule)
    return _better(track, sign, rule)


def _worse(canary: str, kind: Kind, track: IncidentState, sign: Reading, rule: Rule) -> IncidentState:
    since = sign.slot if track.bad_since is None else track.bad_since
    newly = track.bad + 1 == rule.opens_after
    track = replace(track, bad=min(track.bad + 1, rule.opens_after), bad_since=since, good=0, good_since=None)
    incident = track.incident
    if incident is not None and incident.open:
        flaps = incident.flaps + int(incident.flaps > 0 and newly)
        return replace(track, incident=replace(incident, last_bad=sign.slot, flaps=flaps))
    if track.bad < rule.opens_after:
        return track
    if incident is not None and incident.ended is not None and since - incident.ended <= rule.settle:
        again = replace(incident, ended=None, last_bad=sign.slot, flaps=incident.flaps + 1)
        return replace(track, incident=again)
    return replace(track, incident=_opened(canary, kind, since, sign))


def _opened(canary: str, kind: Kind, since: int, sign: Reading) -> Incident:
    return Incident(
        id=f"{canary}/{kind}/{since}",
        canary=canary,
        kind=kind,
        matter=sign.root if sign.root and kind is not Kind.DEGRADED else f"{canary}/{kind}",
        cause=sign.cause,
        summary=sign.summary,
        opened=since,
        confirmed=sign.slot,
        last_bad=sign.slot,
        planned=sign.planned,
    )


def _better(track: IncidentState, sign: Reading, rule: Rule) -> IncidentState:
    since = sign.slot if track.good_since is None else track.good_since
    track = replace(track, bad=0, bad_since=None, good=min(track.good + 1, rule.ends_after), good_since=since)
    incident = track.incident
    if incident is None or not incident.open or track.good < rule.ends_after:
        return track
    if incident.flaps and sign.slot - since < rule.settle:
        return track
    return replace(track, incident=replace(incident, ended=since))
