"""Delivering notices: one worker for each channel, in order, with backoff, until they arrive.

A notice is claimed in history before it is sent and settled after it arrived; a crash in between sends it once more
with the same idempotency key. Where history fails, memory takes its place, and what was settled is noted later.
"""

from __future__ import annotations

import logging
import threading
import uuid
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from lineman.monitor.clock import MINUTE, SECOND, Clock
from lineman.monitor.delivery.channels import ChannelError, Send
from lineman.monitor.incidents.alerts import Event
from lineman.monitor.incidents.notices import Notice
from lineman.monitor.incidents.state import JOINT
from lineman.monitor.store import FAILURES, History

LOG = logging.getLogger("lineman.monitor")
FIRST_WAIT = 2 * SECOND
LONGEST_WAIT = 5 * MINUTE
STUCK = 3
"""Tries in vain after which another location may have better luck."""
CLAIM = 2 * MINUTE
"""How long a claim holds; a sender that died leaves its notices to others after that."""


def backoff(attempts: int, key: str) -> int:
    """Milliseconds before the next try: doubling to five minutes, up to a quarter more that the key decides."""
    wait = min(LONGEST_WAIT, FIRST_WAIT << min(attempts, 12))
    return wait + wait * (zlib.crc32(key.encode()) % 256) // 1024


@dataclass(slots=True)
class _Waiting:
    notice: Notice
    attempts: int = 0
    next_try: int = 0


class Outbox:
    """Notices on their way. Thread-safe; ``deliver_due`` may be called by one thread for each channel."""

    def __init__(self, senders: Mapping[str, Send], clock: Clock, history: History | None, owner: str = "") -> None:
        """``history`` must be the outbox's own. ``owner``: who claims notices; one who comes back takes up its own."""
        self._senders = dict(senders)
        self._clock = clock
        self.owner = (owner or uuid.uuid4().hex)[:64]
        self._lock = threading.RLock()
        self._wake = threading.Condition(self._lock)
        self._waiting: dict[str, dict[str, _Waiting]] = {}
        self._unsaved: dict[str, bool] = {}
        """Settled, but history does not know it yet: key to dropped."""
        self._done: set[str] = set()
        self._history = history
        self._stopping = False
        self._threads: list[threading.Thread] = []
        self.delivered = 0
        self.failures = 0
        self.last_error: dict[str, str] = {}

    def add(self, notices: list[Notice]) -> None:
        """Take notices over; known ones are ignored."""
        with self._wake:
            for notice in notices:
                queue = self._waiting.setdefault(notice.channel, {})
                if notice.key in queue or notice.key in self._done:
                    continue
                queue[notice.key] = _Waiting(notice)
                self._drop_reminders(queue, notice)
            self._wake.notify_all()

    def load(self, place: str | None = None) -> bool:
        """Take over what history holds unsettled for a place (or the own location), also from others who died."""
        if self._history is None:
            return True
        try:
            with self._lock, self._history.transaction() as connection:
                pending = self._history.pending(connection, place)
        except FAILURES:
            return False
        self.add(pending)
        return True

    def forget(self, place: str) -> None:
        """Let go of a place's notices: another one sends them."""
        with self._lock:
            for queue in self._waiting.values():
                for key in [key for key, waiting in queue.items() if waiting.notice.place == place]:
                    del queue[key]

    def stuck(self, place: str) -> bool:
        """True where a notice of the place did not get through several times in a row."""
        with self._lock:
            waiting = [one for queue in self._waiting.values() for one in queue.values()]
        return any(one.attempts >= STUCK and one.notice.place == place for one in waiting)

    @property
    def pending(self) -> int:
        with self._lock:
            return sum(len(queue) for queue in self._waiting.values())

    def replace_senders(self, senders: Mapping[str, Send]) -> None:
        """Use other channels from now on; what waits for one that is gone stays in history."""
        with self._wake:
            self._senders = dict(senders)
            for channel in senders:
                if not any(thread.name == f"lineman-notices-{channel}" for thread in self._threads):
                    self._begin(channel)
            self._wake.notify_all()

    def start(self) -> None:
        """Begin a worker for each channel."""
        for channel in self._senders:
            self._begin(channel)

    def stop(self, seconds: float) -> None:
        """Let workers finish what they send, and try once more what waits."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        for thread in self._threads:
            thread.join(seconds)
        if self._history is not None:
            self._history.close()

    def deliver_due(self, channel: str) -> int | None:
        """Send what is due on a channel; return milliseconds until the next try, or None where nothing waits."""
        while True:
            now = self._clock.wall()
            with self._lock:
                blocked: set[str] = set()
                due = None
                for waiting in self._waiting.get(channel, {}).values():
                    if waiting.next_try <= now and waiting.notice.matter not in blocked:
                        due = waiting
                        break
                    blocked.add(waiting.notice.matter)
                if due is None:
                    tries = [waiting.next_try for waiting in self._waiting.get(channel, {}).values()]
                    return max(1, min(tries) - now) if tries else None
            self._try(due, now)

    def save_settled(self) -> None:
        """Note in history what arrived while it could not be written."""
        with self._lock:
            if self._history is None or not self._unsaved:
                return
            try:
                with self._history.transaction() as connection:
                    saved = [key for key in self._unsaved if self._history.settled(connection, key) is not None]
                    for key in saved:
                        self._history.settle(connection, key, self._clock.wall(), dropped=self._unsaved[key])
            except FAILURES:
                return
            for key in saved:
                del self._unsaved[key]

    def _begin(self, channel: str) -> None:
        thread = threading.Thread(target=self._run, args=(channel,), name=f"lineman-notices-{channel}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _run(self, channel: str) -> None:
        while True:
            wait = self.deliver_due(channel)
            self.save_settled()
            with self._wake:
                if self._stopping:
                    return
                if wait is None and any(True for _ in self._waiting.get(channel, {})):
                    continue
                self._wake.wait(min(30.0, (wait or 30_000) / 1_000))

    def _try(self, waiting: _Waiting, now: int) -> None:
        notice = waiting.notice
        pause = self._claim(notice, now)
        if pause is not None:
            with self._lock:
                waiting.next_try = now + pause
                if notice.key in self._done:
                    self._waiting[notice.channel].pop(notice.key, None)
            return
        send = self._senders.get(notice.channel)
        try:
            if send is None:
                raise ChannelError(f"no notices are called {notice.channel!r} any more")  # noqa: TRY301 - one way out
            send(notice)
        except ChannelError as error:
            self._postpone(waiting, now, str(error))
        else:
            self.delivered += 1
            self.last_error.pop(notice.channel, None)
            self._settle(notice)

    def _claim(self, notice: Notice, now: int) -> int | None:
        """None where the notice may be sent by us; else milliseconds after which to look again.

        Where history fails, memory is all there is, and we may. Not so what all locations tell together: there
        another one may lead by now.
        """
        if self._history is None:
            return None
        joint = notice.place == JOINT
        with self._lock:
            try:
                with self._history.transaction() as connection:
                    if self._history.claim(connection, notice.key, self.owner, now, now + CLAIM):
                        return None
                    settled = self._history.settled(connection, notice.key)
            except FAILURES:
                return 5 * SECOND if joint else None
            if settled is None and not joint:
                return None
            if settled is not False:
                self._done.add(notice.key)
            return CLAIM

    def _settle(self, notice: Notice, *, dropped: bool = False) -> None:
        with self._lock:
            self._waiting.get(notice.channel, {}).pop(notice.key, None)
            self._done.add(notice.key)
            self._unsaved[notice.key] = dropped
            self.save_settled()

    def _postpone(self, waiting: _Waiting, now: int, error: str) -> None:
        notice = waiting.notice
        LOG.warning("notice %r to %s did not get through: %s", notice.title, notice.channel, error)
        with self._lock:
            self.failures += 1
            self.last_error[notice.channel] = error
            waiting.next_try = now + backoff(waiting.attempts, notice.key)
            waiting.attempts += 1
            if self._history is None:
                return
            try:
                with self._history.transaction() as connection:
                    self._history.postpone(connection, notice.key, waiting.next_try, error)
            except FAILURES:
                return

    def _drop_reminders(self, queue: dict[str, _Waiting], newer: Notice) -> None:
        """A reminder that has not arrived gives way to a newer notice about the same matter."""
        for old in [waiting.notice for waiting in queue.values()]:
            if old.event is Event.REMINDER and old.matter == newer.matter and old.key != newer.key:
                self._settle(old, dropped=True)
