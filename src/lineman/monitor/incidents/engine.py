"""From a ledger entry and a result to a change: incidents, drift, burn rates, and the notices that are due.

Pure but for the :class:`MonitorState` in memory, which it moves on. The caller writes the change as one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from lineman.monitor.config.maintenance import in_maintenance
from lineman.monitor.config.models import Canary
from lineman.monitor.config.thresholds import rules_of
from lineman.monitor.incidents.alerts import AlertState, Event, LastAlert, due
from lineman.monitor.incidents.burn_rate import Burn, BurnWatch
from lineman.monitor.incidents.drift import see_drift
from lineman.monitor.incidents.machine import IncidentState, Kind, Reading, Rule, advance, is_bad_for
from lineman.monitor.incidents.notices import NamedCanary, canary_notice, for_location, incident_notice
from lineman.monitor.incidents.state import MonitorState, StateChange
from lineman.monitor.result import Cause, ProbeResult, ProbeVerdict
from lineman.monitor.slots import SlotEntry
from lineman.times import format_ms


def decide(
    state: MonitorState, canaries: Mapping[str, Canary], entry: SlotEntry, result: ProbeResult | None, now: int
) -> StateChange:
    """Take a slot's end into account. ``now``: milliseconds since the epoch."""
    change = StateChange(entry=entry, result=result)
    canary = canaries.get(entry.canary)
    at = (entry.lap, entry.last)
    state.slots[entry.canary] = max(at, state.slots.get(entry.canary, at))
    if canary is None:
        return change
    change.in_maintenance = in_maintenance(canary.maintenance, entry.first)
    if result is not None and at > state.decided.get(entry.canary, (-1, -1)):
        state.decided[entry.canary] = at
        _advance_tracks(state, canary, entry, result, change)
        see_drift(state, canary, entry, result, change, now)
        _see_burn(state, canary, entry, result, change, now)
    _reconcile(state, canaries, canary, change, now, result)
    change.notices = [for_location(notice, state.place) for notice in change.notices]
    return change


def _nobody(_: str) -> bool:
    return False


def reconcile_all(
    state: MonitorState, canaries: Mapping[str, Canary], now: int, keeps: Callable[[str], bool] = _nobody
) -> StateChange:
    """Compare everything reported with the present: after a start or a new configuration.

    ``keeps``: whether somebody else has a canary that is not among these.
    """
    change = StateChange()
    for key, track in list(state.tracks.items()):
        taken_out = key[0] not in canaries and not keeps(key[0])
        if taken_out and track.incident is not None and track.incident.open:
            _withdraw(state, key, track, change, now)
    for canary in canaries.values():
        _reconcile(state, canaries, canary, change, now, None)
    change.notices = [for_location(notice, state.place) for notice in change.notices]
    return change


def _rule(canary: Canary, kind: Kind) -> Rule:
    incident = canary.incident
    after = {
        Kind.FAILED: incident.opens_after,
        Kind.DEGRADED: incident.degraded_after,
        Kind.UNKNOWN: incident.unknown_after,
    }
    return Rule(after[kind], incident.ends_after, canary.settle)


def _advance_tracks(
    state: MonitorState, canary: Canary, entry: SlotEntry, result: ProbeResult, change: StateChange
) -> None:
    for kind in Kind:
        bad = is_bad_for(kind, result.verdict)
        if bad is None:
            continue
        key = (canary.name, kind)
        old = state.tracks.get(key, IncidentState())
        sign = Reading(entry.first, bad, result.cause, result.message, result.last.root, change.in_maintenance)
        new = advance(canary.name, kind, old, sign, _rule(canary, kind))
        if new == old:
            continue
        state.set_track(key, new)
        change.tracks[key] = new
        if new.incident is not None and new.incident != old.incident:
            change.incidents[new.incident.id] = new.incident


def _see_burn(
    state: MonitorState, canary: Canary, entry: SlotEntry, result: ProbeResult, change: StateChange, now: int
) -> None:
    watch = watch_of(state, canary)
    if watch is None or not result.verdict.measured or change.in_maintenance:
        return
    watch.add(entry.first, failed=result.verdict is ProbeVerdict.FAILED)
    for burn in watch.state(max(now, entry.first)):
        for channel in canary.notices:
            _tell_burn(state, canary, burn, channel, change, now)


def watch_of(state: MonitorState, canary: Canary) -> BurnWatch | None:
    """The canary's burn watch, made where there is none yet; None without an SLO."""
    if canary.name not in state.burns:
        rules = rules_of(canary)
        if not rules:
            return None
        state.burns[canary.name] = BurnWatch(canary, rules)
    return state.burns[canary.name]


def _tell_burn(state: MonitorState, canary: Canary, burn: Burn, channel: str, change: StateChange, now: int) -> None:
    matter = f"{canary.name}/burn/{burn.rule.name}"
    told = state.alerts.get((matter, channel), LastAlert())
    if burn.burning is None or burn.burning == (told.state is AlertState.OPEN):
        return
    event = Event.BURN if burn.burning else Event.BURN_OVER
    standing = AlertState.OPEN if burn.burning else AlertState.QUIET
    told = replace(told, state=standing, at=now, count=told.count + 1)
    rule = burn.rule.rule
    message = (
        f"{burn.long_rate:.1f} times the budget's pace over {format_ms(rule.long)}, {burn.short_rate:.1f} times over "
        f"{format_ms(rule.short)}; the limit is {rule.rate:.3g} ({rule.severity})"
    )
    state.alerts[matter, channel] = change.told[matter, channel] = told
    change.notices.append(canary_notice(event, matter, channel, canary, message, now, told.count))


def _reconcile(
    state: MonitorState,
    canaries: Mapping[str, Canary],
    canary: Canary,
    change: StateChange,
    now: int,
    result: ProbeResult | None,
) -> None:
    """Notify every channel of what is due about the canary's matters."""
    for matter in _matters(state, canary):
        incidents = state.incidents(matter)
        members = [canaries[i.canary] for i in incidents if i.canary in canaries] or [canary]
        hushed = all(in_maintenance(member.maintenance, now) for member in members)
        for channel in dict.fromkeys(name for member in members for name in member.notices):
            told = state.alerts.get((matter, channel), LastAlert())
            owed = due(incidents, told, now, suppressed=hushed, reminder=canary.incident.reminder)
            if owed is None:
                continue
            state.alerts[matter, channel] = change.told[matter, channel] = owed.told
            message = "" if result is None or owed.event is Event.FLAPPING else result.message
            concerned = [i for i in incidents if i.open] if owed.event is not Event.RECOVERED else incidents
            named = {one.name: NamedCanary.of(one) for one in members}
            change.notices.append(incident_notice(owed.event, matter, channel, concerned, message, owed.told, named))


def _matters(state: MonitorState, canary: Canary) -> list[str]:
    matters = []
    for kind in Kind:
        track = state.tracks.get((canary.name, kind))
        if track is not None and track.incident is not None and track.incident.matter not in matters:
            matters.append(track.incident.matter)
    # A matter that was reported but whose incident has given way to another one under another name.
    matters += state.unfinished(canary.name, matters)
    return matters


def _withdraw(state: MonitorState, key: tuple[str, Kind], track: IncidentState, change: StateChange, now: int) -> None:
    """Close the incident of a canary that is watched no longer, and say so where it was reported."""
    incident = track.incident
    assert incident is not None  # noqa: S101 - the caller looked
    closed = replace(incident, ended=now, cause=Cause.CONFIGURATION)
    state.set_track(key, IncidentState(incident=closed))
    change.tracks[key], change.incidents[closed.id] = IncidentState(incident=closed), closed
    if any(other.open for other in state.incidents(incident.matter)):
        return
    for (matter, channel), before in list(state.alerts.items()):
        if matter == incident.matter and before.state is not AlertState.QUIET:
            told = replace(before, state=AlertState.QUIET, at=now, count=before.count + 1)
            state.alerts[matter, channel] = change.told[matter, channel] = told
            change.notices.append(
                incident_notice(Event.WITHDRAWN, matter, channel, [closed], "the canary was taken out", told)
            )
