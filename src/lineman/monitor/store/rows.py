"""Between the objects of the monitor and the rows of history."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping

from lineman.monitor.incidents.alerts import AlertState, Event, LastAlert
from lineman.monitor.incidents.machine import Incident, IncidentState, Kind
from lineman.monitor.incidents.notices import Notice
from lineman.monitor.incidents.state import SeenViolation
from lineman.monitor.result import Cause, ProbeResult
from lineman.monitor.slots import SlotEntry

Row = dict[str, Any]


def plain(text: str) -> str:
    """A text that both databases take: they refuse half characters, and PostgreSQL the zero."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")


def slot_row(location: str, entry: SlotEntry) -> Row:
    return {
        "location": location,
        "canary": entry.canary,
        "lap": entry.lap,
        "first": entry.first,
        "last": entry.last,
        "interval": entry.interval,
        "outcome": entry.outcome.value,
        "reason": plain(entry.reason),
    }


def result_row(location: str, entry: SlotEntry, result: ProbeResult, *, maintenance: bool) -> Row:
    """Details keep tries, token, certificate and violations; the rest has columns of its own."""
    details = result.as_dict()
    for name in ("canary", "started", "verdict", "cause", "seconds", "after_retry", "message"):
        del details[name]
    return {
        "id": hashlib.sha256(f"{location}\n{entry.canary}\n{entry.lap}\n{result.started}".encode()).hexdigest()[:32],
        "location": location,
        "canary": entry.canary,
        "lap": entry.lap,
        "slot": entry.first,
        "interval": entry.interval,
        "started": result.started,
        "verdict": result.verdict.value,
        "cause": result.cause.value,
        "seconds": result.seconds,
        "after_retry": result.after_retry,
        "maintenance": maintenance,
        "message": plain(result.message),
        "details": json.dumps(details, separators=(",", ":")),
    }


def track_row(location: str, key: tuple[str, Kind], track: IncidentState) -> Row:
    return {
        "location": location,
        "canary": key[0],
        "kind": key[1].value,
        "bad": track.bad,
        "bad_since": track.bad_since,
        "good": track.good,
        "good_since": track.good_since,
        "incident": track.incident.id if track.incident else None,
    }


def read_track(row: RowMapping, incidents: Mapping[str, Incident]) -> IncidentState:
    return IncidentState(
        row["bad"], row["bad_since"], row["good"], row["good_since"], incidents.get(row["incident"] or "", None)
    )


def incident_row(location: str, incident: Incident) -> Row:
    return {
        "location": location,
        "id": incident.id,
        "canary": incident.canary,
        "kind": incident.kind.value,
        "matter": incident.matter,
        "cause": incident.cause.value,
        "summary": plain(incident.summary),
        "opened": incident.opened,
        "confirmed": incident.confirmed,
        "ended": incident.ended,
        "last_bad": incident.last_bad,
        "flaps": incident.flaps,
        "planned": incident.planned,
    }


def read_incident(row: RowMapping) -> Incident:
    fields: Row = {str(name): value for name, value in row.items() if name != "location"}
    return Incident(**{**fields, "kind": Kind(row["kind"]), "cause": Cause(row["cause"])})


def told_row(location: str, key: tuple[str, str], told: LastAlert) -> Row:
    return {
        "location": location,
        "matter": key[0],
        "channel": key[1],
        "standing": told.state.value,
        "incident": told.incident,
        "at": told.at,
        "count": told.count,
    }


def read_told(row: RowMapping) -> LastAlert:
    return LastAlert(AlertState(row["standing"]), row["incident"], row["at"], row["count"])


def drift_row(location: str, key: tuple[str, str], drift: SeenViolation) -> Row:
    return {
        "location": location,
        "canary": key[0],
        "fingerprint": key[1],
        "first": drift.first,
        "last": drift.last,
        "sightings": drift.sightings,
        "told": drift.told,
    }


def notice_row(location: str, notice: Notice) -> Row:
    return {
        "location": location,
        "key": notice.key,
        "channel": notice.channel,
        "matter": notice.matter,
        "event": notice.event.value,
        "created": notice.created,
        "title": plain(notice.title),
        "body": plain(notice.body),
        "facts": json.dumps(notice.facts),
        "attempts": 0,
        "next_try": 0,
        "error": "",
        "settled": None,
        "dropped": False,
        "claimed_by": "",
        "claimed_until": 0,
    }


def read_notice(row: RowMapping) -> Notice:
    return Notice(
        row["key"],
        row["channel"],
        row["matter"],
        Event(row["event"]),
        row["created"],
        row["title"],
        row["body"],
        json.loads(row["facts"]),
        row["location"],
    )
