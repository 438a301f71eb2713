"""Telling people that history cannot be written, and that it can again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from lineman.monitor.clock import Clock
from lineman.monitor.matters import Event
from lineman.monitor.notices import Notice, at_place, plain_notice
from lineman.monitor.settings.models import Canary, MonitorSettings

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
        self._tell([at_place(notice, place) for notice in notices])
