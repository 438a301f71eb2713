"""Violations that a canary did not have before: reported once each, or once as changing all the time."""

from __future__ import annotations

from dataclasses import replace

from lineman.monitor.clock import DAY, HOUR
from lineman.monitor.config.models import Canary
from lineman.monitor.incidents.alerts import Event
from lineman.monitor.incidents.machine import IncidentState, Kind
from lineman.monitor.incidents.notices import canary_notice
from lineman.monitor.incidents.state import MonitorState, SeenViolation, StateChange
from lineman.monitor.result import ProbeResult, ProbeViolation
from lineman.monitor.slots import SlotEntry

FORGOTTEN = 7 * DAY
"""A violation unseen for so long is new when it comes back."""
CHANGING = "changing"
"""The fingerprint under which stands that a canary's violations are different ones all the time."""
_RECENT = HOUR
_TOO_MANY = 4
"""Probes within the hour that each broke the contract in a new way, up to which each way is reported alone: a release
breaks several promises in one probe, and a second or third way shows soon after; a fourth means that it goes on so."""


def see_drift(
    state: MonitorState, canary: Canary, entry: SlotEntry, result: ProbeResult, change: StateChange, now: int
) -> None:
    """Note what an answer broke, and tell what is new."""
    failed = state.tracks.get((canary.name, Kind.FAILED), IncidentState()).incident
    incident_is_open = failed is not None and failed.open
    opened_now = incident_is_open and failed is not None and failed.confirmed == entry.first and not failed.flaps
    for breach in {breach.fingerprint: breach for breach in result.breaches}.values():
        key = (canary.name, breach.fingerprint)
        old = state.drift.get(key)
        if old is None and _changes_always(state, canary, entry):
            _see_changing(state, canary, entry, breach, change, now)
            continue
        if old is None or entry.first - old.last > FORGOTTEN:
            old = SeenViolation(entry.first, entry.first, 0, told=False)
        seen = replace(old, last=max(old.last, entry.first), sightings=old.sightings + 1)
        proven = incident_is_open or seen.sightings >= max(1, canary.incident.opens_after)
        if proven and not seen.told and not change.in_maintenance:
            seen = replace(seen, told=True)
            # The notice that opens an incident names its violation already.
            if not (opened_now and breach.summary in result.message):
                message = f"{breach.clause}: {breach.summary} [{breach.fingerprint}]"
                _tell(canary, breach.fingerprint, message, change, now, seen.first)
        state.drift[key] = change.drift[key] = seen


def _changes_always(state: MonitorState, canary: Canary, entry: SlotEntry) -> bool:
    """True where the canary broke the contract in another way again and again, a moment ago."""
    marker = state.drift.get((canary.name, CHANGING))
    if marker is not None and entry.first - marker.last <= _RECENT:
        return True
    firsts = {
        seen.first
        for (name, fingerprint), seen in state.drift.items()
        if name == canary.name and fingerprint != CHANGING and 0 < entry.first - seen.first <= _RECENT
    }
    return len(firsts) >= _TOO_MANY - 1


def _see_changing(
    state: MonitorState, canary: Canary, entry: SlotEntry, breach: ProbeViolation, change: StateChange, now: int
) -> None:
    """What changes all the time is not kept one by one: that would be reported, and stored, without end."""
    key = (canary.name, CHANGING)
    old = state.drift.get(key)
    if old is None or entry.first - old.last > FORGOTTEN:
        old = SeenViolation(entry.first, entry.first, 0, told=False)
    seen = replace(old, last=max(old.last, entry.first), sightings=old.sightings + 1)
    if not seen.told and not change.in_maintenance:
        seen = replace(seen, told=True)
        message = (
            "the contract is broken in another way at nearly every probe, so that single ways are no longer told; "
            f"the latest: {breach.clause}: {breach.summary}"
        )
        _tell(canary, CHANGING, message, change, now, seen.first)
    state.drift[key] = change.drift[key] = seen


def _tell(canary: Canary, fingerprint: str, message: str, change: StateChange, now: int, first: int) -> None:
    matter = f"{canary.name}/drift/{fingerprint}"
    change.notices += [
        canary_notice(Event.DRIFT, matter, channel, canary, message, now, first) for channel in canary.notices
    ]
