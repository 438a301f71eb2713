"""A notice: who is notified of what, in words for people and as plain values for machines."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lineman.contract.clauses import catalogue
from lineman.monitor.clock import Clock
from lineman.monitor.config.models import Canary, MonitorSettings
from lineman.monitor.incidents.alerts import Event, LastAlert
from lineman.monitor.incidents.machine import Incident
from lineman.text import clip, visible
from lineman.times import format_instant, format_ms

MOST_NAMES = 20
"""Canaries, incidents or targets that a notice names one by one; the rest is a number."""
_MOST_MESSAGE = 500
"""Characters of a message in a notice: with everything else a text stays below 2,000, which is what Discord takes."""
_SHORTEST = 100
"""Characters of a message in the shortest form: with the title it fits a text message (160)."""
TOLD_AFTER = 30.0
"""Seconds for which history must fail before that is reported: a short lock concerns nobody."""


class HistoryTrouble:
    """Looks at what the writer says of history, and tells every channel that a canary uses."""

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


TOGETHER = "*"
"""The place under which stands what all locations decide together; no location can be called so."""
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
        totals = {
            f"{name}_total": len(value)
            for name, value in self.facts.items()
            if name in {"canaries", "incidents"} and isinstance(value, list)
        }
        bounded = {name: value[:MOST_NAMES] if isinstance(value, list) else value for name, value in self.facts.items()}
        return {
            "key": self.key,
            "event": self.event.value,
            "title": self.title,
            "body": self.body,
            "matter": self.matter,
            "created": format_instant(self.created, "iso"),
            **bounded,
            **totals,
        }


def shortest(notice: Notice) -> Notice:
    """The notice in as few words as possible, for a receiver that does not take it as it is."""
    facts: dict[str, Any] = {name: value for name, value in notice.facts.items() if isinstance(value, str)}
    facts["canaries"] = list(notice.facts.get("canaries", ()))[:1]
    line = notice.body.partition("\n")[0]
    return replace(notice, body=line if len(line) <= _SHORTEST else f"{line[:_SHORTEST]}…", facts=facts)


@dataclass(frozen=True, slots=True)
class NamedCanary:
    """A canary as a notice names it: with the words that people know it by, and where it is."""

    name: str
    title: str = ""
    target: str = ""
    address: str = ""
    """The service's base URL, without credentials; empty where it is not known."""

    @classmethod
    def of(cls, canary: Canary) -> NamedCanary:
        """What a notice says of a canary."""
        return cls(canary.name, canary.title or "", canary.target or "", canary.address)

    @property
    def words(self) -> str:
        return f"{self.name} ({self.title})" if self.title else self.name


def listed(names: Sequence[str]) -> str:
    """``a, b, c and 97 more``."""
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")


def _where(named: Sequence[NamedCanary]) -> tuple[list[str], dict[str, Any]]:
    """Which service it is about, as lines for people and as members for machines."""
    places = list(dict.fromkeys((one.target, one.address) for one in named if one.target or one.address))
    texts = [" at ".join(part for part in place if part) for place in places]
    lines = [f"target: {listed(texts)}"] if texts else []
    only = places[0] if len(places) == 1 else ("", "")
    targets = [{"target": target, "address": address} for target, address in places]
    return lines, {"target": only[0], "address": only[1], "targets": targets}


_BROKEN = re.compile(r"contract broken: ([a-z0-9.-]+): ")


def _quote_message(message: str) -> str:
    """A message that may quote the target: on one line, so that it cannot look like lines of ours, and bounded."""
    return clip(visible(" ".join(_BROKEN.sub(_promise, message, count=1).split())), _MOST_MESSAGE)


def _promise(match: re.Match[str]) -> str:
    """A broken promise in the words of the status page, and what was found."""
    known = catalogue().get(match[1])
    return match[0] if known is None else f"contract broken: “{known.title}” ({match[1]}): "


def key_of(*parts: object) -> str:
    """The idempotency key of whatever the parts name."""
    return hashlib.sha256(json.dumps([str(part) for part in parts]).encode()).hexdigest()[:32]


def incident_notice(
    event: Event,
    matter: str,
    channel: str,
    incidents: Sequence[Incident],
    message: str,
    told: LastAlert,
    named: Mapping[str, NamedCanary] | None = None,
) -> Notice:
    """The notice about a matter's incidents.

    ``told``: what the channel will have been notified of with it; ``named``: canaries as notices name them.
    """
    count, now = told.count, told.at
    canaries = sorted({incident.canary for incident in incidents})
    known = [(named or {}).get(name, NamedCanary(name)) for name in canaries]
    first = min((incident.opened for incident in incidents), default=now)
    ended = max((incident.ended or 0 for incident in incidents), default=0)
    over = event is Event.RECOVERED and ended > 0
    lines = [_quote_message(message or next((i.summary for i in incidents), ""))]
    end = f", over {format_instant(ended, 'iso')}, lasted {format_ms(ended - first)}" if over else ""
    lines.append(f"since {format_instant(first, 'iso')}{end}")
    if len(canaries) > 1 or (known and known[0].title):
        lines.append(f"{'canary' if len(canaries) == 1 else 'canaries'}: {listed([one.words for one in known])}")
    flaps = sum(incident.flaps for incident in incidents)
    if flaps:
        lines.append(f"came back {flaps} {'time' if flaps == 1 else 'times'}")
    where, members = _where(known)
    facts: dict[str, Any] = {
        "canaries": canaries,
        "incidents": [incident.id for incident in incidents],
        "cause": incidents[-1].cause.value if incidents else "",
        "since": format_instant(first, "iso"),
        **members,
    }
    if over:
        facts["ended"] = format_instant(ended, "iso")
    shown = ", ".join(canaries[:3]) + (f" and {len(canaries) - 3} more" if len(canaries) > 3 else "")
    ids = [incident.id for incident in incidents if incident.open] or [incident.id for incident in incidents]
    key = key_of(matter, channel, event.value, count, ids[:1])
    return Notice(key, channel, matter, event, now, f"{_HEADS[event]}: {shown}", "\n".join([*lines, *where]), facts)


def canary_notice(
    event: Event, matter: str, channel: str, canary: Canary, message: str, now: int, *key: object
) -> Notice:
    """A notice about a canary that is about no incident: drift, burn rates."""
    named = NamedCanary.of(canary)
    lines, members = _where([named])
    if named.title:
        lines.insert(0, f"canary: {named.words}")
    plain = plain_notice(event, matter, channel, canary.name, _quote_message(message), now, *key)
    return replace(plain, body="\n".join([plain.body, *lines]), facts={**plain.facts, **members})


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
    """The notice as reported by a location: two locations that tell the same do not swallow each other's notices."""
    if not place:
        return notice
    words = "all locations together" if place == TOGETHER else place
    return replace(
        notice,
        key=key_of(notice.key, place),
        place=place,
        body=f"{notice.body}\nlocation: {words}",
        facts={**notice.facts, "location": place},
    )
