"""What history knows of notices on their way; memory takes its place while it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lineman.monitor.clock import MINUTE, SECOND, Clock
from lineman.monitor.incidents.notices import Notice
from lineman.monitor.incidents.state import JOINT
from lineman.monitor.store import FAILURES, History

CLAIM = 2 * MINUTE
"""How long a claim holds; a sender that died leaves its notices to others after that."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Whether a notice may be sent."""

    pause: int | None = None
    """None: now; else milliseconds after which to look again."""
    settled: bool = False
    """Somebody else has settled it."""
    done: Mapping[str, str] = field(default_factory=dict)
    """The receivers that are done with it, as far as history knows."""


@dataclass(slots=True)
class _Unsaved:
    settled: bool
    dropped: bool
    release: bool
    done: dict[str, str]


class DeliveryRecord:
    """Used by one thread at a time; no method raises where history fails."""

    def __init__(self, history: History | None, owner: str, clock: Clock) -> None:
        """``history`` must be the record's own; None where there is none."""
        self._history = history
        self._owner = owner
        self._clock = clock
        self._unsaved: dict[str, _Unsaved] = {}

    def load(self, place: str | None) -> list[Notice] | None:
        """What is unsettled for a place (or the own location), oldest first; None where history fails."""
        if self._history is None:
            return []
        try:
            with self._history.transaction() as connection:
                return self._history.pending(connection, place)
        except FAILURES:
            return None

    def claim(self, notice: Notice) -> Claim:
        """Take a notice for sending.

        Where history fails, memory is all there is, and we may. Not so what all locations tell together: there
        another one may lead by now.
        """
        if self._history is None:
            return Claim()
        joint, now = notice.place == JOINT, self._clock.wall()
        try:
            with self._history.transaction() as connection:
                if self._history.claim(connection, notice.key, self._owner, now, now + CLAIM):
                    return Claim(done=self._history.done(connection, notice.key))
                settled = self._history.settled(connection, notice.key)
        except FAILURES:
            return Claim(pause=5 * SECOND if joint else None)
        if settled is None and not joint:
            return Claim()
        return Claim(pause=CLAIM, settled=settled is not False)

    def note(
        self, key: str, done: Mapping[str, str], *, settled: bool, dropped: bool = False, release: bool = False
    ) -> None:
        """Note which receivers are done with a notice, whether nothing more is to be sent, or let go of it."""
        if self._history is not None:
            self._unsaved[key] = _Unsaved(settled, dropped, release, dict(done))
            self.save()

    def save(self) -> None:
        """Write down what was noted while history could not be written."""
        if self._history is None or not self._unsaved:
            return
        now = self._clock.wall()
        try:
            with self._history.transaction() as connection:
                saved = [key for key in self._unsaved if self._history.settled(connection, key) is not None]
                for key in saved:
                    one = self._unsaved[key]
                    self._history.note_done(connection, key, one.done, release=one.release)
                    if one.settled:
                        error = "; ".join(sorted(filter(None, one.done.values())))
                        self._history.settle(connection, key, now, dropped=one.dropped, error=error)
        except FAILURES:
            return
        for key in saved:
            del self._unsaved[key]

    def postpone(self, key: str, pause: int, error: str, *, release: bool) -> None:
        """Note that a notice did not get through. ``pause``: milliseconds before the next try."""
        if self._history is None:
            return
        try:
            with self._history.transaction() as connection:
                self._history.postpone(connection, key, self._clock.wall() + pause, error, release=release)
        except FAILURES:
            return

    def withdraw(
        self, unwanted: Callable[[Notice], str], gone: frozenset[str]
    ) -> tuple[list[Notice], set[tuple[str, str]]]:
        """See :meth:`History.withdraw`; nothing where history fails."""
        if self._history is None:
            return [], set()
        try:
            with self._history.transaction() as connection:
                return self._history.withdraw(connection, self._clock.wall(), unwanted, gone)
        except FAILURES:
            return [], set()

    def close(self) -> None:
        """Let go of the connection."""
        if self._history is not None:
            self._history.close()
