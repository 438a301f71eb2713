"""Deciding together: of all monitors that share a PostgreSQL one leads, decides for all locations, and tells.

Every location writes what it finds; its own incidents stay in history and are reported to nobody. Who leads reads the
results of all, decides one slot after the other under the location ``*``, and writes result, state and notices as one
transaction in the very session that holds the lead: what no longer leads cannot commit a decision. All
that deciding needs lies in the database, so whoever takes over goes on where the one before stopped.

The clock is the database's, so that a location whose own clock is wrong is stale but decides nothing wrongly.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from lineman.monitor.clock import SECOND, Clock
from lineman.monitor.config.models import Canary, MonitorSettings
from lineman.monitor.incidents.engine import decide, reconcile_all
from lineman.monitor.incidents.notices import Notice
from lineman.monitor.incidents.quorum import Vote, aligned, combine, complete, latest_votes, on_time, window
from lineman.monitor.incidents.state import JOINT, MonitorState, StateChange
from lineman.monitor.slots import Grid, SlotEntry, SlotOutcome, stable_offset
from lineman.monitor.store import FAILURES, History, reason
from lineman.monitor.store.postgres import Lead, server_now
from lineman.monitor.store.queries import first_after, votes_between

LOG = logging.getLogger("lineman.monitor")
NOBODY = "no location had a fresh result"
_SLOTS_AT_ONCE = 200
"""Slots of one canary decided in one transaction, where there is much to catch up on."""
_CHANGES_AT_ONCE = 2_000
"""Decisions on all canaries in one transaction, about, where there is much to catch up on."""
_PATIENCE = 10.0
"""Seconds that who takes over after a failure, or a long gap, waits: locations write down meanwhile what they kept."""
_HANDOVERS_APART = 600.0
"""Seconds for which a location that handed over keeps a lead that comes back: then the receiver is out of order."""


def without_notices(canaries: Mapping[str, Canary]) -> dict[str, Canary]:
    """The canaries as a location of several sees them: it keeps its own incidents and tells nobody of them."""
    return {name: canary.model_copy(update={"notices": ()}) for name, canary in canaries.items()}


def poll_of(canaries: Mapping[str, Canary]) -> float:
    """Seconds between looks: a quarter of the shortest interval, five at most."""
    shortest = min((canary.interval for canary in canaries.values()), default=20 * SECOND)
    return min(5.0, shortest / 4_000)


def lease_of(canaries: Mapping[str, Canary]) -> int:
    """Milliseconds without a sign of life after which a leader's session ends: an interval, within 3 to 30 s."""
    shortest = min((canary.interval for canary in canaries.values()), default=30 * SECOND)
    return max(3 * SECOND, min(30 * SECOND, shortest))


@dataclass(frozen=True, slots=True)
class _Span:
    """Slots of a canary that may be decided now."""

    grid: Grid
    first: int
    last: int
    lap: int


class Leader:
    """One candidate for the lead. ``turn`` is to be called by one thread, every now and then."""

    def __init__(
        self,
        address: str,
        canaries: Mapping[str, Canary],
        settings: MonitorSettings,
        clock: Clock,
        *,
        owner: str,
        patience: float = _PATIENCE,
    ) -> None:
        """``owner``: whose claims on notices are ours."""
        self.leads = False
        self.failing = ""
        """Why the database cannot be used at the moment."""
        self.on_lead: Callable[[], bool] = lambda: True
        """Called after the lead was taken, when what was left over can be sent; again where it says False."""
        self.on_lost: Callable[[], None] = lambda: None
        self.on_notices: Callable[[list[Notice]], None] = lambda notices: None
        self._history = History(address, JOINT)
        self._canaries = canaries
        self._settings = settings
        self._clock = clock
        self._owner = owner
        self._patience = patience
        self._lead = Lead(lease_of(canaries))
        self._world = MonitorState(JOINT)
        self._reconcile = False
        self._taken_at = 0.0
        self._hasty = True
        """False where the database was away: then the others have something to write down first."""
        self._announced = False
        self._next_handover = 0.0
        self._abstain_until = 0.0

    def reconfigure(self, canaries: Mapping[str, Canary]) -> None:
        """Use other canaries from the next turn on."""
        self._canaries = canaries
        self._reconcile = True

    def close(self) -> None:
        """Give the lead to whoever asks next."""
        if self.leads:
            with contextlib.suppress(*FAILURES), self._history.transaction() as connection:
                self._lead.release(connection)
        self._lose()

    def yield_lead(self) -> None:
        """Let another one lead, if there is one: notices do not get out from here. Not more often than is of use."""
        now = self._clock.monotonic()
        if now >= self._next_handover:
            LOG.warning("notices do not get through from this location: another one may lead")
            self._next_handover = now + _HANDOVERS_APART
            self._abstain_until = now + 2 * poll_of(self._canaries)
            self.close()

    def tick(self) -> bool:
        """Take or keep the lead where nobody else has it, and decide what is due. True: there is more to catch up on.

        Never raises for a database that fails: that is the end of the lead.
        """
        if self._clock.monotonic() < self._abstain_until:
            return False
        try:
            with self._history.transaction() as connection:
                if not self._lead.take(connection):
                    self.failing = ""
                    return False
                newly = not self.leads
                changes = self._prepared(connection) if newly or self._reconcile else []
                decided, more = self._decide_due(connection)
                changes += decided
                self._history.write(connection, changes)
        except FAILURES as error:
            self.failing = reason(error)
            self._lose()
            return False
        self.failing = ""
        if newly:
            self.leads, self._announced = True, False
            LOG.info("this location leads: it decides and tells for all locations")
        if not self._announced:
            self._announced = self.on_lead()
        notices = [notice for change in changes for notice in change.notices]
        if notices:
            self.on_notices(notices)
        return more

    def _lose(self) -> None:
        self._lead.lost()
        self._history.close()
        if self.leads:
            level = logging.WARNING if self.failing else logging.INFO
            LOG.log(level, "this location no longer leads%s", f" ({self.failing})" if self.failing else "")
            self.leads = False
            self.on_lost()

    def _prepared(self, connection: Connection) -> list[StateChange]:
        """Know what was decided before, free what a leader that is gone was sending, compare with what was reported."""
        if not self.leads:
            self._hasty = not self.failing
            self._world = self._history.load(connection, self._canaries)
            self._history.release(connection, self._owner)
            self._taken_at = self._clock.monotonic()
        self._reconcile = False
        return [reconcile_all(self._world, self._canaries, server_now(connection))]

    def _decide_due(self, connection: Connection) -> tuple[list[StateChange], bool]:
        now = server_now(connection)
        settled = self._clock.monotonic() - self._taken_at >= self._patience
        if not settled and not self._hasty:
            return [], False
        spans = {name: span for name, canary in self._canaries.items() if (span := self._span(canary, now)) is not None}
        more = False
        changes: list[StateChange] = []
        current: dict[str, tuple[int, int]] = {}
        for name, span in spans.items():
            canary = self._canaries[name]
            reach = window(canary)
            if span.last - span.first <= reach:
                current[name] = (span.first - reach, now + reach)
            elif settled and len(changes) < _CHANGES_AT_ONCE:
                changes += self._catch_up(connection, canary, span, now)
                more = True
        for name, votes in votes_between(connection, current).items():
            changes += self._steps(self._canaries[name], spans[name], votes, now)
        return changes, more

    def _span(self, canary: Canary, now: int) -> _Span | None:
        grid = Grid(canary.interval, stable_offset(canary.name, canary.interval))
        newest = grid.at_or_before(now)
        lap, last = self._world.slots.get(canary.name, (0, newest - grid.interval))
        if newest < last - window(canary):
            # The database's clock was set back: that time is lived through again.
            lap, last = lap + 1, newest - grid.interval
        first = grid.after(last)
        return _Span(grid, first, newest, lap) if first <= newest else None

    def _steps(self, canary: Canary, span: _Span, votes: list[Vote], now: int) -> Iterator[StateChange]:
        """Decide slot after slot, up to the first one of which more is to be expected."""
        reach, votes = window(canary), aligned(on_time(votes, now), span.grid)
        for slot in range(span.first, span.last + 1, span.grid.interval):
            if now < slot + span.grid.interval and not complete(votes, slot, reach):
                return
            entry = SlotEntry(canary.name, slot, slot, span.grid.interval, SlotOutcome.RUN, "", span.lap)
            result = combine(canary, slot, latest_votes(votes, slot, reach), self._settings)
            yield decide(self._world, self._canaries, entry, result, now)

    def _catch_up(self, connection: Connection, canary: Canary, span: _Span, now: int) -> list[StateChange]:
        """A part of a long gap: what nobody looked at is missed as one stretch, the rest is decided."""
        reach, interval = window(canary), span.grid.interval
        heard = first_after(connection, canary.name, span.first - reach)
        until = span.last - reach if heard is None else heard
        quiet = span.grid.at_or_before(until) - interval
        if quiet >= span.first:
            entry = SlotEntry(canary.name, span.first, quiet, interval, SlotOutcome.MISSED, NOBODY, span.lap)
            return [decide(self._world, self._canaries, entry, None, now)]
        last = min(span.last, span.first + (_SLOTS_AT_ONCE - 1) * interval)
        votes = votes_between(connection, {canary.name: (span.first - reach, last + reach)})
        # Beyond what was heard the next stretch may be one that nobody looked at.
        last = min(last, max(vote.slot for vote in votes[canary.name]) + reach - 1)
        part = _Span(span.grid, span.first, last, span.lap)
        return list(self._steps(canary, part, votes[canary.name], now))
