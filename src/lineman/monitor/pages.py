"""What the status page and ``/healthz`` show."""

from __future__ import annotations

from typing import Any

from lineman.monitor.board import Board, CanaryState, is_stale
from lineman.monitor.clock import DAY, MINUTE, Clock
from lineman.monitor.keeper import Keeper
from lineman.monitor.notices import instant
from lineman.monitor.outbox import Outbox
from lineman.monitor.settings.duration import words
from lineman.monitor.settings.maintenance import in_maintenance
from lineman.monitor.store import FAILURES, History
from lineman.monitor.store.figures import recent_incidents, uptime_between
from lineman.monitor.uptime import Uptime, percent
from lineman.monitor.verdict import SEVERITY, Verdict

LONG_DAYS = 30
_KEPT = MINUTE
"""Uptime figures are computed at most this often."""


class Pages:
    """Computes views. ``history`` must be its own, for readers come in threads of their own."""

    def __init__(self, board: Board, keeper: Keeper, outbox: Outbox, clock: Clock, history: History | None) -> None:
        self._board = board
        self._keeper = keeper
        self._outbox = outbox
        self._clock = clock
        self._history = history
        self._figures: tuple[int, dict[str, tuple[Uptime, Uptime]], list[dict[str, Any]]] = (0, {}, [])

    def health(self) -> tuple[bool, dict[str, Any]]:
        """Whether results are fresh, and the state as plain values."""
        now = self._clock.wall()
        stale = self._board.stale(now)
        sound = not stale and self._keeper.alive
        return sound, {
            "healthy": sound,
            "stale": stale,
            "keeper": "alive" if self._keeper.alive else "dead",
            "history": "memory" if self._keeper.failing else "ok",
            "backlog": self._keeper.backlog,
            "committed": instant(self._board.committed) if self._board.committed else None,
            "notices_pending": self._outbox.pending,
            "reload": self._board.reload_failed or "ok",
        }

    def page(self) -> dict[str, Any]:
        """What the status page shows."""
        now = self._clock.wall()
        figures, incidents = self._computed(now)
        with self._board.lock:
            states = list(self._board.canaries.values())
        rows = [self._row(state, now, *figures.get(state.canary.name, (Uptime(), Uptime()))) for state in states]
        rows.sort(key=lambda row: (-SEVERITY.index(Verdict(row["verdict"])), row["name"]))
        bad = [row for row in rows if row["verdict"] not in ("ok", "degraded")]
        notes = []
        if self._keeper.failing:
            notes.append("History cannot be written: going on from memory.")
        if self._outbox.last_error:
            notes.append("Notices do not get through.")
        return {
            "headline": f"{len(rows) - len(bad)} of {len(rows)} canaries up",
            "now": instant(now),
            "location": self._board.location,
            "days": LONG_DAYS,
            "notes": notes,
            "canaries": rows,
            "incidents": incidents,
        }

    def _row(self, state: CanaryState, now: int, day: Uptime, long: Uptime) -> dict[str, Any]:
        result, stale = state.result, is_stale(state, now)
        nothing = result is None or stale
        since = max(state.accounted, state.since)
        return {
            "name": state.canary.name,
            "verdict": Verdict.UNKNOWN.value if result is None or stale else result.verdict.value,
            "after_retry": result is not None and not nothing and result.after_retry,
            "maintenance": in_maintenance(state.canary.maintenance, now),
            "message": f"nothing new for {words(max(0, now - since))}" if result is None or stale else result.message,
            "since": instant(result.started) if result is not None else "",
            "day": percent(day.share),
            "long": percent(long.share),
            "coverage": percent(long.coverage),
        }

    def _computed(self, now: int) -> tuple[dict[str, tuple[Uptime, Uptime]], list[dict[str, Any]]]:
        if self._history is None or now - self._figures[0] < _KEPT:
            return self._figures[1], self._figures[2]
        with self._board.lock:
            canaries = [state.canary for state in self._board.canaries.values()]
        try:
            with self._history.reading() as connection:
                place = self._history.location
                figures = {
                    canary.name: (
                        uptime_between(connection, place, canary, now - DAY, now),
                        uptime_between(connection, place, canary, now - LONG_DAYS * DAY, now),
                    )
                    for canary in canaries
                }
                incidents = [_incident(row) for row in recent_incidents(connection, place, 20)]
        except FAILURES:
            return self._figures[1], self._figures[2]
        self._figures = (now, figures, incidents)
        return figures, incidents


def _incident(row: Any) -> dict[str, Any]:
    return {
        "canary": row["canary"],
        "kind": row["kind"],
        "flaps": row["flaps"],
        "opened": instant(row["opened"]),
        "ended": "open" if row["ended"] is None else instant(row["ended"]),
        "summary": row["summary"],
    }
