"""What is to be reported, to whom: the state that was reported last, compared with the present one.

A *matter* is what one notice is about: the incidents of one canary and kind, or all the incidents that share
a root cause (the token service, name resolution). A channel is notified when its last reported state differs from the
present one; that one rule covers recovery, restart, the end of a maintenance window and of flapping.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from lineman.monitor.incidents.machine import Incident


class Event(StrEnum):
    FAILED = "failed"
    DEGRADED = "degraded"
    UNKNOWN = "unknown"
    FLAPPING = "flapping"
    REMINDER = "reminder"
    RECOVERED = "recovered"
    WITHDRAWN = "withdrawn"
    """The canary is watched no longer; its incident is not known to be over."""
    DRIFT = "drift"
    """A violation of the contract that was not reported before."""
    BURN = "burn"
    """The error budget is spent too fast."""
    BURN_OVER = "burn-over"
    HISTORY = "history"
    """The monitor cannot write its history."""
    HISTORY_BACK = "history-back"


class AlertState(StrEnum):
    """The state of a matter, present or reported."""

    QUIET = "quiet"
    OPEN = "open"
    FLAPPING = "flapping"


@dataclass(frozen=True, slots=True)
class LastAlert:
    """What a channel was notified of last about a matter."""

    state: AlertState = AlertState.QUIET
    incident: str = ""
    at: int = 0
    count: int = 0
    """How many notices went out about the matter: part of each notice's key."""


@dataclass(frozen=True, slots=True)
class DueAlert:
    """A notice that is due, and what will have been reported with it."""

    event: Event
    told: LastAlert


def alert_state(incidents: Sequence[Incident]) -> AlertState:
    """The present state of a matter from its incidents."""
    open_ones = [incident for incident in incidents if incident.open]
    if not open_ones:
        return AlertState.QUIET
    return AlertState.FLAPPING if any(incident.flaps for incident in open_ones) else AlertState.OPEN


def due(
    incidents: Sequence[Incident], told: LastAlert, now: int, *, suppressed: bool, reminder: int | None
) -> DueAlert | None:
    """The notice that is due to a channel about a matter now, if any.

    ``suppressed``: maintenance, nothing is reported yet. ``reminder``: milliseconds between reminders.
    """
    if suppressed:
        return None
    present = alert_state(incidents)
    event = _event(incidents, present, told, now, reminder)
    if event is None:
        return None
    named = next((incident.id for incident in incidents if incident.open), told.incident)
    return DueAlert(event, replace(told, state=present, incident=named, at=now, count=told.count + 1))


def _event(
    incidents: Sequence[Incident], present: AlertState, told: LastAlert, now: int, reminder: int | None
) -> Event | None:
    if present is AlertState.QUIET:
        return None if told.state is AlertState.QUIET else Event.RECOVERED
    if present is told.state:
        again = reminder is not None and now - told.at >= reminder
        return Event.REMINDER if again else None
    if present is AlertState.FLAPPING:
        return Event.FLAPPING
    if told.state is AlertState.FLAPPING:
        return None
    worst = next(incident for incident in incidents if incident.open)
    return Event(worst.kind.value)
