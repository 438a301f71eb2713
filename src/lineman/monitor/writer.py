"""The one that decides and writes: a thread that takes results, in batches, each batch one transaction.

Where history fails (full disk, lock, damage) deciding and telling go on from memory, and what could not be written
is written as soon as it can be, in order. Nothing is decided twice.
"""

from __future__ import annotations

import itertools
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from lineman.monitor.clock import Clock
from lineman.monitor.config.models import Canary
from lineman.monitor.incidents.alerts import AlertState
from lineman.monitor.incidents.engine import decide, reconcile_all
from lineman.monitor.incidents.notices import Notice
from lineman.monitor.incidents.state import MonitorState, StateChange
from lineman.monitor.result import ProbeResult
from lineman.monitor.slots import SlotEntry
from lineman.monitor.store import FAILURES, History, reason

LOG = logging.getLogger("lineman.monitor")
BATCH = 500
BACKLOG = 100_000
"""Changes kept in memory while history cannot be written; beyond it the oldest go, and that is reported."""
PIECE = 2_000
"""Changes that are written in one transaction when history can be written again."""
_AGAIN = 5.0
"""Seconds between tries of a history that fails."""


@dataclass(frozen=True, slots=True)
class SlotResult:
    """A ledger entry, and the result where a probe ran."""

    entry: SlotEntry
    result: ProbeResult | None = None


@dataclass(frozen=True, slots=True)
class Watched:
    """What a configuration has."""

    canaries: Mapping[str, Canary]
    keeps: Callable[[str], bool] = lambda canary: False
    """Whether somebody else has a canary that is not among these."""
    untold: frozenset[tuple[str, str]] = frozenset()
    """By matter and channel: bad news that was withdrawn before it reached anybody."""


class Writer:
    """Owns the state. ``on_notices`` and ``on_committed`` are called in the writer's thread."""

    def __init__(
        self,
        history: History | None,
        canaries: Mapping[str, Canary],
        clock: Clock,
        on_notices: Callable[[list[Notice]], None] = lambda notices: None,
        on_committed: Callable[[list[StateChange]], None] = lambda changes: None,
    ) -> None:
        self.keeps: Callable[[str], bool] = lambda canary: False
        """Whether somebody else has a canary that is not among ours. To be set before :meth:`open`."""
        self.history = history
        self.state = MonitorState(history.location if history is not None else "")
        self.failing: str = ""
        """Why history cannot be written at the moment; empty where it can."""
        self.lost = 0
        """Changes that memory could not hold."""
        self._canaries = canaries
        self._clock = clock
        self._on_notices = on_notices
        self._on_committed = on_committed
        self._queue: queue.SimpleQueue[SlotResult | Watched | None] = queue.SimpleQueue()
        self._backlog: deque[StateChange] = deque()
        self._next_try = 0.0
        self._loaded = False
        self._thread = threading.Thread(target=self._run, name="lineman-writer", daemon=True)

    def open(self) -> None:
        """Load the state, and compare what was reported with the present."""
        self._process([], reconcile=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def backlog(self) -> int:
        return len(self._backlog)

    def process_now(self, end: SlotResult) -> None:
        """Decide and write a slot's end at once, in the caller's thread: for a caller that does not :meth:`start`."""
        self._process([end], reconcile=False)

    def enqueue(self, end: SlotResult) -> None:
        """Hand over a slot's end; returns at once."""
        self._queue.put(end)

    def reconfigure(self, watched: Watched) -> None:
        """Use other canaries from now on; incidents of those that are gone are withdrawn."""
        self._queue.put(watched)

    def stop(self, seconds: float) -> bool:
        """Finish what was handed over; False where that took longer."""
        self._queue.put(None)
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        going = True
        while going:
            try:
                items = [self._queue.get(timeout=_AGAIN if self._backlog else None)]
            except queue.Empty:
                items = []
            while len(items) < BATCH and not self._queue.empty():
                items.append(self._queue.get_nowait())
            going = None not in items
            reconcile = False
            for item in items:
                if isinstance(item, Watched):
                    self._use(item)
                    reconcile = True
            self._process([item for item in items if isinstance(item, SlotResult)], reconcile=reconcile)
        if self.history is not None:
            self.history.close()

    def _use(self, watched: Watched) -> None:
        self._canaries, self.keeps = dict(watched.canaries), watched.keeps
        for pair in watched.untold:
            if pair in self.state.alerts:
                self.state.alerts[pair] = replace(self.state.alerts[pair], state=AlertState.QUIET)

    def _process(self, ends: list[SlotResult], *, reconcile: bool) -> None:
        decided: list[StateChange] = []
        due = not self.failing or self._clock.monotonic() >= self._next_try
        if self.history is not None and due and self._write(self.history, ends, decided, reconcile=reconcile):
            return
        if not decided:
            decided = self._decide(ends, reconcile=reconcile)
        self._remember(decided)
        self._emit(decided)

    def _write(self, history: History, ends: list[SlotResult], decided: list[StateChange], *, reconcile: bool) -> bool:
        """Decide and write in one transaction; ``decided`` holds what was decided even where writing fails."""
        kept = len(self._backlog)
        try:
            self._replay_backlog(history)
            self._catch_up(history)
            with history.transaction() as connection:
                self._refresh(history, connection, ends)
                decided += self._decide(ends, reconcile=reconcile)
                written = [*self._backlog, *decided]
                history.write(connection, [*self._full_state_change(history), *written])
        except FAILURES as error:
            self._failed(error)
            return False
        history.replaced = False
        self._recovered(kept)
        self._backlog.clear()
        self._loaded = True
        self._emit(decided)
        self._on_committed(written)
        return True

    def _replay_backlog(self, history: History) -> None:
        """Begun without history: decide once more what memory kept, on what history knows.

        An incident that was open before the start is known only now. What was reported keeps its notice and key.
        """
        if self._loaded or not self._backlog:
            return
        with history.transaction() as connection:
            history.changed_by_others(connection)
            state = history.load(connection, self._canaries)
        told = {_dedupe_key(notice): notice for change in self._backlog for notice in change.notices}
        anew: deque[StateChange] = deque()
        new: list[Notice] = []
        for change in self._backlog:
            again = self._decided_again(state, change)
            new += [notice for notice in again.notices if _dedupe_key(notice) not in told]
            again.notices = [told.get(_dedupe_key(notice), notice) for notice in again.notices]
            anew.append(again)
        self.state, self._backlog, self._loaded = state, anew, True
        if new:
            self._on_notices(new)

    def _decided_again(self, state: MonitorState, change: StateChange) -> StateChange:
        now = self._clock.wall()
        if change.entry is None:
            return reconcile_all(state, self._canaries, now, self.keeps)
        return decide(state, self._canaries, change.entry, change.result, now)

    def _catch_up(self, history: History) -> None:
        """Write what memory kept, but for the last part, piece by piece: all at once could take too long."""
        while len(self._backlog) > PIECE:
            piece = list(itertools.islice(self._backlog, PIECE))
            with history.transaction() as connection:
                history.write(connection, piece)
            for _ in piece:
                self._backlog.popleft()
            self._on_committed(piece)

    def _refresh(self, history: History, connection: Connection, ends: list[SlotResult]) -> None:
        """Take over what other processes wrote, unless memory is ahead of the disk."""
        if not history.changed_by_others(connection) or self._backlog or (history.replaced and self._loaded):
            return
        self.state = history.load(connection, self._canaries, self.state if self._loaded else None)
        if self._loaded:
            names = {end.entry.canary for end in ends}
            self.state.slots.update(history.ledger_ends(connection, names))

    def _full_state_change(self, history: History) -> list[StateChange]:
        """All that memory knows, where a damaged file gave way to an empty one."""
        if not history.replaced:
            return []
        found = {track.incident.id: track.incident for track in self.state.tracks.values() if track.incident}
        state = self.state
        return [
            StateChange(tracks=dict(state.tracks), incidents=found, told=dict(state.alerts), drift=dict(state.drift))
        ]

    def _decide(self, ends: list[SlotResult], *, reconcile: bool) -> list[StateChange]:
        changes = []
        if reconcile:
            changes.append(reconcile_all(self.state, self._canaries, self._clock.wall(), self.keeps))
        changes += [decide(self.state, self._canaries, end.entry, end.result, self._clock.wall()) for end in ends]
        return changes

    def _emit(self, changes: list[StateChange]) -> None:
        notices = [notice for change in changes for notice in change.notices]
        if notices:
            self._on_notices(notices)

    def _remember(self, changes: list[StateChange]) -> None:
        if self.history is None:
            return
        self._backlog.extend(changes)
        while len(self._backlog) > BACKLOG:
            self._backlog.popleft()
            self.lost += 1

    def _failed(self, error: Exception) -> None:
        cause = reason(error)
        if not self.failing:
            LOG.error("history cannot be written (%s): going on from memory", cause)
        self.failing = cause
        self._next_try = self._clock.monotonic() + _AGAIN

    def _recovered(self, kept: int) -> None:
        if self.failing:
            LOG.warning("history can be written again; %d changes are caught up, %d lost", kept, self.lost)
        self.failing = ""


def _dedupe_key(notice: Notice) -> tuple[object, ...]:
    """What a notice says, whichever number it has among those about its matter."""
    return notice.event, notice.matter, notice.channel, tuple(notice.facts.get("incidents", ()))
