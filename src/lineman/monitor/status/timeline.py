"""Incidents as stories: what began when, how it turned, who was notified, when it was over."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, RowMapping

from lineman.monitor.status.page_queries import incidents, latest_message, notices, turns
from lineman.monitor.status.wording import public, rough
from lineman.text import count

MOST_STORIES = 30
_MOST_TURNS = 24
_TOLD = {
    "failed": "told that it failed",
    "degraded": "told that it is degraded",
    "unknown": "told that it cannot be measured",
    "flapping": "told that it is flapping",
    "recovered": "told that it recovered",
    "withdrawn": "told that it is no longer watched",
}
_WORDS = {"ok": "good again", "degraded": "degraded", "failed": "failed", "unknown": "could not be measured"}


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of a timeline. ``kind`` chooses its mark."""

    at: int
    kind: str
    text: str


@dataclass(slots=True)
class Timeline:
    """Incidents of one canary that overlap or touch, oldest first."""

    canary: str
    parts: list[RowMapping]
    moments: list[TimelineEntry] = field(default_factory=list)
    present: str = ""
    """What the latest bad result says, where the incident is open; its first cause stands in the timeline."""

    @property
    def opened(self) -> int:
        return min(int(part["opened"]) for part in self.parts)

    @property
    def ended(self) -> int | None:
        """None while one of them is open."""
        ends = [part["ended"] for part in self.parts]
        return None if None in ends else max(ends)

    @property
    def kinds(self) -> list[str]:
        """What it was, in the order in which it came."""
        return list(dict.fromkeys(part["kind"] for part in self.parts))

    @property
    def flaps(self) -> int:
        return sum(part["flaps"] for part in self.parts)

    @property
    def planned(self) -> bool:
        return all(part["planned"] for part in self.parts)

    @property
    def summary(self) -> str:
        """The present cause of an open one; else of the gravest part, the first one where several are as grave."""
        if self.present:
            return public(self.present)
        grave = {"failed": 0, "unknown": 1, "degraded": 2}
        return public(min(self.parts, key=lambda part: grave.get(part["kind"], 3))["summary"])


def stories(
    connection: Connection,
    location: str,
    since: int,
    canary: str | None = None,
    intervals: Mapping[str, int] | None = None,
) -> tuple[list[Timeline], int]:
    """Open incidents and the latest ended ones with their timelines, newest first; and how many are left out.

    ``intervals``: of canaries, in milliseconds, so that lengths can be said in checks.
    """
    rows, left_out = incidents(connection, location, since, MOST_STORIES, canary)
    joined = _joined(rows)
    told = notices(connection, location, min((story.opened for story in joined), default=since)) if joined else []
    for story in joined:
        story.moments = _moments(connection, location, story, told, (intervals or {}).get(story.canary))
        if story.ended is None:
            verdicts = sorted({part["kind"] for part in story.parts if part["ended"] is None})
            story.present = latest_message(connection, location, story.canary, verdicts, story.opened)
    return joined, left_out


def _joined(rows: Iterable[RowMapping]) -> list[Timeline]:
    found: list[Timeline] = []
    for row in sorted(rows, key=lambda row: (row["canary"], row["opened"])):
        last = found[-1] if found else None
        if last is not None and last.canary == row["canary"] and (last.ended is None or row["opened"] <= last.ended):
            last.parts.append(row)
        else:
            found.append(Timeline(row["canary"], [row]))
    return sorted(found, key=lambda story: (story.ended is not None, -story.opened))


def _moments(
    connection: Connection, location: str, story: Timeline, told: Sequence[RowMapping], interval: int | None
) -> list[TimelineEntry]:
    moments = [moment for part in story.parts for moment in _milestones(part, interval)]
    moments += _turned(connection, location, story)
    moments += _notices(story, told)
    order = ("turn", "opened", "flap", "told", "ended")
    return sorted(set(moments), key=lambda moment: (moment.at, order.index(moment.kind), moment.text))


_CHECKS = {"failed": "failed check", "degraded": "degraded check", "unknown": "check without a result"}


def _in_a_row(part: RowMapping, interval: int | None) -> str:
    """``3 failed checks``; where the interval is not known, how long that was."""
    length = part["confirmed"] - part["opened"]
    if not interval:
        return rough(length)
    noun = _CHECKS.get(part["kind"], "check")
    return count(length // interval + 1, noun, noun.replace("check", "checks"))


def _milestones(part: RowMapping, interval: int | None = None) -> list[TimelineEntry]:
    kind, flaps = part["kind"], part["flaps"]
    what = {"failed": "an incident", "degraded": "an incident (degraded)", "unknown": "an incident (not measured)"}
    after = part["confirmed"] - part["opened"]
    waited = f", after {_in_a_row(part, interval)} in a row" if after > 0 else ""
    planned = ", in maintenance" if part["planned"] else ""
    found = [TimelineEntry(part["confirmed"], "opened", f"became {what.get(kind, kind)}{waited}{planned}")]
    if part["ended"] is not None:
        again = f", came back {flaps} {'time' if flaps == 1 else 'times'} in between" if flaps else ""
        lasted = rough(part["ended"] - part["opened"])
        found.append(TimelineEntry(part["ended"], "ended", f"{what.get(kind, kind)[3:]} over, lasted {lasted}{again}"))
    return found


def _turned(connection: Connection, location: str, story: Timeline) -> list[TimelineEntry]:
    """Changes of the verdict while single results are kept; where they are gone, the beginning alone."""
    end = story.ended if story.ended is not None else max(int(part["last_bad"]) for part in story.parts)
    rows = turns(connection, location, story.canary, story.opened, end, _MOST_TURNS + 1)
    found = []
    for row in rows[:_MOST_TURNS]:
        word = _WORDS.get(row.verdict, row.verdict)
        found.append(TimelineEntry(row.slot, "turn", word if row.verdict == "ok" else f"{word}: {public(row.message)}"))
    if len(rows) > _MOST_TURNS:
        found.append(TimelineEntry(rows[-1].slot, "flap", "went on changing; further changes are not listed"))
    if not found:
        found.append(TimelineEntry(story.opened, "turn", story.summary))
    return found


def _notices(story: Timeline, told: Sequence[RowMapping]) -> list[TimelineEntry]:
    ids = {part["id"] for part in story.parts}
    mine = [row for row in told if ids.intersection(json.loads(row["facts"]).get("incidents", ()))]
    found = [_notice_entry(row) for row in mine if row["event"] in _TOLD and not row["dropped"]]
    found += [_given_up(row) for row in mine if row["event"] in _TOLD and row["dropped"] and row["error"]]
    for channel in dict.fromkeys(row["channel"] for row in mine):
        reminders = [row["settled"] for row in mine if row["channel"] == channel and row["event"] == "reminder"]
        sent = [at for at in reminders if at is not None]
        if sent:
            times = "once" if len(sent) == 1 else f"{len(sent)} times"
            found.append(TimelineEntry(max(sent), "told", f"{channel} reminded, {times} by now"))
    return found


def _given_up(row: RowMapping) -> TimelineEntry:
    why = public(row["error"])
    return TimelineEntry(
        row["settled"] or row["created"], "told", f"{row['channel']} was not {_TOLD[row['event']]}: {why}"
    )


def _notice_entry(row: RowMapping) -> TimelineEntry:
    words = _TOLD[row["event"]]
    if row["settled"] is None:
        return TimelineEntry(row["created"], "told", f"{row['channel']} is to be {words}: not delivered yet")
    late = row["settled"] - row["created"]
    waited = f", delivered after {rough(late)}" if late >= 60_000 else ""
    return TimelineEntry(row["settled"], "told", f"{row['channel']} {words}{waited}")
