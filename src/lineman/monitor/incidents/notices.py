"""A notice: who is told what, in words for people and as plain values for machines."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from lineman.monitor.clock import Clock
from lineman.monitor.config.durations import format_ms
from lineman.monitor.config.models import Canary, MonitorSettings
from lineman.monitor.incidents.alerts import Event
from lineman.monitor.incidents.machine import Incident

TOLD_AFTER = 30.0
"""Seconds for which history must fail before that is told: a short lock is nobody's business."""


class HistoryTrouble:
    """Looks at what the keeper says of history, and tells every channel that a canary uses."""

    def __init__(self, settings: MonitorSettings, clock: Clock, tell: Callable[[list[Notice]], None]) -> None:
        self._settings = settings
        self._clock = clock
        self._tell = tell
        self._since: float | None = None
        self._told = False

    def look(self, failing: str, canaries: Mapping[str, Canary]) -> None:
        """Take note of the present state. ``failing``: why history cannot be written; empty where it can."""
        now = self._clock.monotonic()
        channels = {name for canary in canaries.values() for name in canary.notices}
        if not failing:
            self._since = None
            if self._told:
                self._told = False
                self._send(Event.HISTORY_BACK, "results are written again, what memory kept included", channels)
            return
        if self._since is None:
            self._since = now
        if now - self._since >= TOLD_AFTER and not self._told:
            self._told = True
            self._send(Event.HISTORY, f"{failing}; {self._meanwhile()}", channels)

    def _meanwhile(self) -> str:
        if self._settings.joint:
            return (
                f"{self._settings.location} goes on probing from memory, and takes no part in what the locations "
                "decide and tell together"
            )
        return "probing and notices go on from memory"

    def _send(self, event: Event, message: str, channels: Iterable[str]) -> None:
        now, place = self._clock.wall(), self._settings.location
        notices = [plain_notice(event, "monitor/history", name, "", message, now, now) for name in sorted(channels)]
        self._tell([for_location(notice, place) for notice in notices])


_HEADS = {
    Event.FAILED: "FAILED",
    Event.DEGRADED: "DEGRADED",
    Event.UNKNOWN: "NOT MEASURED",
    Event.FLAPPING: "FLAPPING",
    Event.REMINDER: "STILL OPEN",
    Event.RECOVERED: "RECOVERED",
    Event.WITHDRAWN: "NO LONGER WATCHED",
    Event.DRIFT: "CONTRACT DRIFT",
    Event.BURN: "ERROR BUDGET BURNS",
    Event.BURN_OVER: "ERROR BUDGET BURNS NO LONGER",
    Event.HISTORY: "THE MONITOR'S HISTORY CANNOT BE WRITTEN",
    Event.HISTORY_BACK: "THE MONITOR'S HISTORY CAN BE WRITTEN AGAIN",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one channel. ``key`` is the idempotency key: a receiver that honours it sees it once."""

    key: str
    channel: str
    matter: str
    event: Event
    created: int
    title: str
    body: str
    facts: Mapping[str, Any]
    place: str = ""
    """The location that tells it."""

    def payload(self) -> dict[str, Any]:
        """What a webhook gets."""
        return {
            "key": self.key,
            "event": self.event.value,
            "title": self.title,
            "body": self.body,
            "matter": self.matter,
            "created": instant(self.created),
            **self.facts,
        }


def instant(milliseconds: int) -> str:
    """An instant as ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(milliseconds / 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def key_of(*parts: object) -> str:
    """The idempotency key of whatever the parts name."""
    return hashlib.sha256(json.dumps([str(part) for part in parts]).encode()).hexdigest()[:32]


def incident_notice(
    event: Event, matter: str, channel: str, incidents: Sequence[Incident], message: str, count: int, now: int
) -> Notice:
    """The notice about a matter's incidents. ``count`` tells apart the notices about one matter."""
    canaries = sorted({incident.canary for incident in incidents})
    first = min((incident.opened for incident in incidents), default=now)
    ended = max((incident.ended or 0 for incident in incidents), default=0)
    over = event is Event.RECOVERED and ended > 0
    lines = [message or next((i.summary for i in incidents), "")]
    lines.append(
        f"since {instant(first)}" + (f", over {instant(ended)}, lasted {format_ms(ended - first)}" if over else "")
    )
    if len(canaries) > 1:
        lines.append(f"canaries: {', '.join(canaries)}")
    flaps = sum(incident.flaps for incident in incidents)
    if flaps:
        lines.append(f"came back {flaps} {'time' if flaps == 1 else 'times'}")
    facts: dict[str, Any] = {
        "canaries": canaries,
        "incidents": [incident.id for incident in incidents],
        "cause": incidents[-1].cause.value if incidents else "",
        "since": instant(first),
    }
    if over:
        facts["ended"] = instant(ended)
    named = ", ".join(canaries[:3]) + (f" and {len(canaries) - 3} more" if len(canaries) > 3 else "")
    ids = [incident.id for incident in incidents if incident.open] or [incident.id for incident in incidents]
    key = key_of(matter, channel, event.value, count, ids[:1])
    return Notice(key, channel, matter, event, now, f"{_HEADS[event]}: {named}", "\n".join(lines), facts)


def plain_notice(event: Event, matter: str, channel: str, canary: str, message: str, now: int, *key: object) -> Notice:
    """A notice that is about no incident."""
    return Notice(
        key_of(matter, channel, event.value, *key),
        channel,
        matter,
        event,
        now,
        f"{_HEADS[event]}: {canary}",
        message,
        {"canaries": [canary] if canary else []},
    )


def for_location(notice: Notice, place: str) -> Notice:
    """The notice as told by a location: two locations that tell the same do not swallow each other's notices."""
    return replace(notice, key=key_of(notice.key, place), place=place) if place else notice
