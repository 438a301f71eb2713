"""What the status page, the badge and ``/healthz`` show of the running monitor."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lineman.monitor.clock import Clock
from lineman.monitor.config.models import MonitorSettings
from lineman.monitor.delivery.outbox import Outbox
from lineman.monitor.status.badge import badge_word, endpoint, svg
from lineman.monitor.status.current import CanaryStatus, present
from lineman.monitor.status.facts import CanaryHistory, HistorySnapshot, Viewpoint, gather, where_of
from lineman.monitor.status.feed import KIND as FEED_KIND
from lineman.monitor.status.feed import feed
from lineman.monitor.status.rendering import MOST_SHEETS, html
from lineman.monitor.status.snapshot import CanaryState, LiveState
from lineman.monitor.status.view import Setting, context
from lineman.monitor.store import FAILURES, History
from lineman.monitor.store.engine import Reader
from lineman.monitor.writer import Writer
from lineman.times import format_instant

_READ_EVERY = 5.0
"""Seconds between two readings of history, at least."""
_SHARE = 20
"""Reading history may take one part of so many of the time, however many canaries there are."""


@dataclass(frozen=True, slots=True)
class PageResponse:
    """What a path answers with."""

    body: bytes
    kind: str = "text/html; charset=utf-8"
    status: int = 200


class Pages:
    """Computes views, one at a time, in whatever thread asks. ``history`` says where to read; it is not used itself."""

    def __init__(
        self,
        live: LiveState,
        writer: Writer,
        outbox: Outbox,
        clock: Clock,
        history: History | None,
        settings: MonitorSettings | None = None,
    ) -> None:
        self._board = live
        self._writer = writer
        self._outbox = outbox
        self._clock = clock
        self._history = None if history is None else Reader(history.address)
        self._settings = settings or MonitorSettings()
        self._where = where_of(self._settings) if settings else Viewpoint(live.location)
        self._facts = HistorySnapshot(self._where)
        self._next_reading = float("-inf")
        self._unreadable = False

    def health(self) -> tuple[bool, dict[str, Any]]:
        """Whether results are fresh, and the state as plain values."""
        now = self._clock.wall()
        stale = self._board.stale(now)
        sound = not stale and self._writer.alive
        return sound, {
            "healthy": sound,
            "stale": stale,
            "keeper": "alive" if self._writer.alive else "dead",
            "history": "memory" if self._writer.failing else "ok",
            "backlog": self._writer.backlog,
            "committed": format_instant(self._board.committed, "iso") if self._board.committed else None,
            "notices_pending": self._outbox.pending,
            "reload": self._board.reload_failed or "ok",
        }

    def page(self, path: str, query: Mapping[str, str]) -> PageResponse | None:
        """What a path shows; None where there is nothing. Not to be called twice at the same time."""
        if path in {"/badge.svg", "/badge.json"}:
            return self._badge(path, query.get("canary"))
        if path == "/feed.atom":
            return self._feed()
        name = path.removeprefix("/canary/") if path.startswith("/canary/") else None
        if path != "/" and name not in self._states():
            return None
        now = self._clock.wall()
        facts = self._read(now)
        stand = self._stand(facts, now)
        if name is not None:
            stand = [one for one in stand if one.canary.name == name]
        detailed = [one.canary.name for one in stand] if len(stand) <= MOST_SHEETS else []
        about = Setting(self._settings, True, self._notes(), alone=name is not None)
        shown = self._closer(facts, detailed, name)
        return PageResponse(html(context(stand, shown, detailed, now, about)).encode())

    def _feed(self) -> PageResponse:
        titles = {name: state.canary.title or name for name, state in self._states().items()}
        return PageResponse(feed(self._read(self._clock.wall()), titles), FEED_KIND)

    def _badge(self, path: str, name: str | None) -> PageResponse:
        label, now = "lineman" if name is None else name, self._clock.wall()
        states = self._states()
        word = None
        if name is None or name in states:
            stand = self._stand(self._read(now), now)
            word = badge_word([one for one in stand if name in {None, one.canary.name}])
        else:
            label = "lineman"
        status = 404 if word is None else 200
        if path == "/badge.json":
            return PageResponse(json.dumps(endpoint(label, word)).encode(), "application/json", status)
        return PageResponse(svg(label, word).encode(), "image/svg+xml", status)

    def _states(self) -> dict[str, CanaryState]:
        with self._board.lock:
            return dict(self._board.canaries)

    def _stand(self, facts: HistorySnapshot, now: int) -> list[CanaryStatus]:
        # What this monitor saw last is one voice of several where all locations decide together.
        return [
            present(
                state.canary,
                facts.known.get(name, CanaryHistory()),
                None if self._where.joint else state,
                facts.since,
                now,
            )
            for name, state in self._states().items()
        ]

    def _notes(self) -> list[str]:
        notes = []
        if self._writer.failing:
            notes.append("History cannot be written: going on from memory.")
        if self._unreadable:
            notes.append("History cannot be read: uptime and incidents are those read last.")
        if self._outbox.last_error:
            notes.append("Notices do not get through.")
        notes += [
            f"{channel} refused a notice for good, which was set aside: {why}."
            for channel, why in sorted(self._outbox.given_up.items())
        ]
        if self._board.reload_failed:
            notes.append("The new configuration does not hold: the old one stays in use.")
        return notes

    def _read(self, now: int) -> HistorySnapshot:
        """What history holds, read again where that is due."""
        if self._history is None or self._clock.monotonic() < self._next_reading:
            return self._facts
        canaries = {name: state.canary for name, state in self._states().items()}
        began = time.monotonic()
        try:
            with self._history.reading() as connection:
                self._facts = gather(connection, self._where, canaries, now)
            self._unreadable = False
        except FAILURES:
            self._unreadable = True
        self._next_reading = self._clock.monotonic() + max(_READ_EVERY, (time.monotonic() - began) * _SHARE)
        return self._facts

    def _closer(self, facts: HistorySnapshot, names: list[str], alone: str | None) -> HistorySnapshot:
        """The facts with details of these canaries; ``alone``: with the incidents of that one."""
        missing = [name for name in names if name not in facts.details]
        if self._history is None or facts.now == 0 or not (missing or alone):
            return facts
        try:
            with self._history.reading() as connection:
                found = facts.with_details(connection, missing)
                shown = found if alone is None else found.only(connection, alone)
        except FAILURES:
            self._unreadable = True
            return facts
        if facts is self._facts:
            self._facts = found
        return shown
