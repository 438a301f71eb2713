"""Delivering notices: to each receiver on its own, in order, with backoff, until they arrive or never can.

A notice is claimed in history before it is sent and settled after every receiver is done with it; a crash in between
sends it once more with the same idempotency key. Where history fails, memory takes its place, and what was settled is
noted later. Waiting goes by the monotonic clock: setting the wall clock silences nobody.
"""

from __future__ import annotations

import logging
import threading
import uuid
import zlib
from collections.abc import Mapping, Sequence
from functools import partial

from lineman.monitor.clock import MINUTE, SECOND, Clock
from lineman.monitor.delivery.errors import ChannelError
from lineman.monitor.delivery.queue import NoticeQueue, Waiting
from lineman.monitor.delivery.receivers import Receiver, Send, receivers_of
from lineman.monitor.delivery.record import CLAIM, DeliveryRecord
from lineman.monitor.delivery.sending import address_in_words, all_at_once, send
from lineman.monitor.incidents.notices import Notice
from lineman.monitor.store import History

__all__ = ["CLAIM", "Outbox", "backoff"]

LOG = logging.getLogger("lineman.monitor")
FIRST_WAIT = 2 * SECOND
LONGEST_WAIT = 5 * MINUTE
STUCK = 3
"""Tries in vain after which another location may have better luck."""


def backoff(attempts: int, key: str) -> int:
    """Milliseconds before the next try: doubling to five minutes, up to a quarter more that the key decides."""
    wait = min(LONGEST_WAIT, FIRST_WAIT << min(attempts, 12))
    return wait + wait * (zlib.crc32(key.encode()) % 256) // 1024


class Outbox:
    """Notices on their way. Thread-safe; ``deliver_due`` may be called by one thread for each channel."""

    def __init__(self, senders: Mapping[str, Send], clock: Clock, history: History | None, owner: str = "") -> None:
        """``history`` must be the outbox's own. ``owner`` claims notices; one that comes back takes up its own."""
        self._senders = dict(senders)
        self._clock = clock
        self.owner = (owner or uuid.uuid4().hex)[:64]
        self._lock = threading.RLock()
        self._wake = threading.Condition(self._lock)
        self._queue = NoticeQueue()
        self._record = DeliveryRecord(history, self.owner, clock)
        self._stopping = False
        self._threads: list[threading.Thread] = []
        self._errors: dict[tuple[str, str], str] = {}
        """By channel and receiver: why the last try failed."""
        self._given_up: dict[tuple[str, str], str] = {}
        """By channel and receiver: why a notice was given up, until a later one arrives there."""
        self.delivered = 0
        self.failures = 0
        self.set_aside = 0
        """Times that a receiver was given up for a notice, because it will never take it."""

    @property
    def last_error(self) -> dict[str, str]:
        """By channel: why the last try at one of its receivers failed."""
        with self._lock:
            return {channel: error for (channel, _), error in self._errors.items()}

    @property
    def given_up(self) -> dict[str, str]:
        """By channel: why a notice was set aside, until a later one arrives at the same receiver."""
        with self._lock:
            return {channel: error for (channel, _), error in self._given_up.items()}

    def add(self, notices: Sequence[Notice]) -> None:
        """Take notices over; known ones are ignored."""
        with self._wake:
            for notice in notices:
                for needless in self._queue.add(notice):
                    self._settle(needless, dropped=True)
            self._wake.notify_all()

    def load(self, place: str | None = None) -> bool:
        """Take over what history holds unsettled for a place (or the own location), also from others who died.

        It goes before what was added already: what was decided first is reported first.
        """
        with self._wake:
            pending = self._record.load(place)
            if pending is None:
                return False
            self._queue.put_first(notice for notice in pending if notice.channel in self._senders)
            self._wake.notify_all()
        return True

    def withdraw(self, gone_channels: frozenset[str], gone_canaries: frozenset[str]) -> set[tuple[str, str]]:
        """Give up what is on its way to channels, or about canaries, that were taken out.

        Returns:
            By matter and channel: bad news that reached nobody, and so counts as untold.
        """

        def unwanted(notice: Notice) -> str:
            return "its channel was taken out" if notice.channel in gone_channels else ""

        with self._lock:
            withdrawn, untold = self._record.withdraw(unwanted, gone_canaries)
            for notice in withdrawn:
                LOG.warning(
                    "notice %r to %s is withdrawn: it is about what was taken out", notice.title, notice.channel
                )
                self._queue.finish(notice)
        return untold

    def forget(self, place: str) -> None:
        """Let go of a place's notices: another one sends them."""
        with self._lock:
            self._queue.forget(place)

    def stuck(self, place: str) -> bool:
        """True where a notice of the place reached none of its receivers several times in a row."""
        with self._lock:
            return any(
                one.notice.place == place
                and not one.done
                and any(tries.attempts >= STUCK for tries in one.tries.values())
                for one in self._queue
            )

    @property
    def pending(self) -> int:
        with self._lock:
            return len(self._queue)

    def replace_senders(self, senders: Mapping[str, Send]) -> None:
        """Use other channels from now on."""
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
        with self._lock:
            self._record.close()

    def deliver_all(self) -> None:
        """Send once what is due on all channels, none waiting for another."""
        all_at_once([partial(self.deliver_due, channel) for channel in self._senders])

    def deliver_due(self, channel: str) -> int | None:
        """Send what is due on a channel; return milliseconds until the next try, or None where nothing waits."""
        with self._lock:
            if not self._queue.of(channel):
                return None
        receivers = self._receivers(channel)
        with self._lock:
            present = {receiver.id for receiver in receivers}
            for place in [place for place in self._errors if place[0] == channel and place[1] not in present]:
                del self._errors[place]
            for waiting in self._queue.of(channel):
                self._settle_where_done(waiting, receivers)
        all_at_once([partial(self._deliver, channel, one, receivers) for one in receivers])
        now = self._clock.monotonic() * 1_000
        with self._lock:
            tries = [when for one in receivers if (when := self._queue.first(channel, one, now)[1]) is not None]
        return max(1, round(min(tries) - now)) if tries else None

    def save_settled(self) -> None:
        """Note in history what arrived while it could not be written."""
        with self._lock:
            self._record.save()

    def _receivers(self, channel: str) -> list[Receiver]:
        try:
            return receivers_of(self._senders[channel])
        except KeyError:
            error = ChannelError(f"no notices are called {channel!r} any more")
        except ChannelError as problem:
            error = problem

        def fail(_: Notice) -> None:
            raise error

        return [Receiver("", "", fail)]

    def _deliver(self, channel: str, receiver: Receiver, receivers: Sequence[Receiver]) -> None:
        """Send to one receiver what is due there, in order."""
        while True:
            now = self._clock.monotonic() * 1_000
            with self._lock:
                waiting = self._queue.first(channel, receiver, now)[0]
                if waiting is None:
                    return
                waiting.sending += 1
            self._try(waiting, receiver, receivers, now)

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
                if wait is None and self._queue.of(channel):
                    continue
                self._wake.wait(min(30.0, (wait or 30_000) / 1_000))

    def _try(self, waiting: Waiting, receiver: Receiver, receivers: Sequence[Receiver], now: float) -> None:
        notice = waiting.notice
        with self._lock:
            claim = self._record.claim(notice)
            waiting.done.update(claim.done)
            if claim.pause is not None:
                waiting.tries_at(receiver.id).next_try = now + claim.pause
            if claim.settled:
                self._queue.finish(notice)
            if claim.pause is not None or receiver.id in waiting.done:
                waiting.sending -= 1
                return
        try:
            outcome = send(receiver, notice)
        except ChannelError as error:
            self._postpone(waiting, receiver, str(error))
        else:
            self._done_with(waiting, receiver, receivers, outcome)

    def _done_with(self, waiting: Waiting, receiver: Receiver, receivers: Sequence[Receiver], outcome: str) -> None:
        """A receiver has a notice, or (``outcome`` says why) will never take it."""
        notice, place = waiting.notice, (waiting.notice.channel, receiver.id)
        with self._lock:
            waiting.sending -= 1
            waiting.done[receiver.id] = outcome
            self._errors.pop(place, None)
            if outcome:
                self.set_aside += 1
                self._given_up[place] = outcome
                LOG.error("notice %r to %s is set aside: %s", notice.title, address_in_words(notice, receiver), outcome)
            else:
                self.delivered += 1
                self._given_up.pop(place, None)
            if not self._settle_where_done(waiting, receivers):
                self._record.note(notice.key, waiting.done, settled=False, release=waiting.sending == 0)

    def _settle_where_done(self, waiting: Waiting, receivers: Sequence[Receiver]) -> bool:
        """Settle a notice that every present receiver is done with. An address that is gone is waited for no longer."""
        if not waiting.done or not all(receiver.id in waiting.done for receiver in receivers):
            return False
        self._settle(waiting, dropped=all(waiting.done.values()))
        return True

    def _settle(self, waiting: Waiting, *, dropped: bool) -> None:
        self._queue.finish(waiting.notice)
        self._record.note(waiting.notice.key, waiting.done, settled=True, dropped=dropped)

    def _postpone(self, waiting: Waiting, receiver: Receiver, error: str) -> None:
        notice, tries = waiting.notice, waiting.tries_at(receiver.id)
        LOG.warning("notice %r to %s did not get through: %s", notice.title, address_in_words(notice, receiver), error)
        with self._lock:
            waiting.sending -= 1
            self.failures += 1
            self._errors[notice.channel, receiver.id] = error
            pause = backoff(tries.attempts, notice.key)
            tries.next_try = self._clock.monotonic() * 1_000 + pause
            tries.attempts += 1
            self._record.postpone(notice.key, pause, error, release=waiting.sending == 0)
