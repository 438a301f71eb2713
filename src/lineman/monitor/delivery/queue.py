"""Notices that wait, by channel, in the order in which they are to be reported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lineman.monitor.delivery.receivers import Receiver
from lineman.monitor.incidents.alerts import Event
from lineman.monitor.incidents.notices import Notice


@dataclass(slots=True)
class Tries:
    """Of one notice at one receiver."""

    attempts: int = 0
    next_try: float = 0.0
    """Monotonic milliseconds."""


@dataclass(slots=True)
class Waiting:
    """A notice, and how far it has come."""

    notice: Notice
    done: dict[str, str] = field(default_factory=dict)
    """Receivers that need it no more: nothing where it arrived, else why it was given up."""
    tries: dict[str, Tries] = field(default_factory=dict)
    sending: int = 0
    """Receivers to which it is being sent."""

    def tries_at(self, receiver: str) -> Tries:
        return self.tries.setdefault(receiver, Tries())


class NoticeQueue:
    """Not thread-safe: whoever owns it holds a lock."""

    def __init__(self) -> None:
        self._by_channel: dict[str, dict[str, Waiting]] = {}
        self._finished: set[str] = set()

    def __len__(self) -> int:
        return sum(len(queue) for queue in self._by_channel.values())

    def __iter__(self) -> Iterator[Waiting]:
        return (waiting for queue in self._by_channel.values() for waiting in queue.values())

    def of(self, channel: str) -> list[Waiting]:
        """What waits for a channel."""
        return list(self._by_channel.get(channel, {}).values())

    def add(self, notice: Notice) -> list[Waiting]:
        """Take a notice in, unless it is known; return the reminders that it makes needless."""
        queue = self._by_channel.setdefault(notice.channel, {})
        if notice.key in queue or notice.key in self._finished:
            return []
        queue[notice.key] = Waiting(notice)
        return [
            old
            for old in queue.values()
            if old.notice.event is Event.REMINDER
            and old.notice.matter == notice.matter
            and old.notice.key != notice.key
        ]

    def put_first(self, notices: Iterable[Notice]) -> None:
        """Take notices in before all that wait already."""
        before: dict[str, dict[str, Waiting]] = {}
        for notice in notices:
            if notice.key not in self._finished:
                known = self._by_channel.get(notice.channel, {}).pop(notice.key, None)
                before.setdefault(notice.channel, {})[notice.key] = known or Waiting(notice)
        for channel, queue in before.items():
            self._by_channel[channel] = {**queue, **self._by_channel.get(channel, {})}

    def finish(self, notice: Notice) -> None:
        """Nothing more is to be sent of it."""
        self._by_channel.get(notice.channel, {}).pop(notice.key, None)
        self._finished.add(notice.key)

    def forget(self, place: str) -> None:
        """Let go of a place's notices; they may come again."""
        for queue in self._by_channel.values():
            for key in [key for key, waiting in queue.items() if waiting.notice.place == place]:
                del queue[key]

    def first(self, channel: str, receiver: Receiver, now: float) -> tuple[Waiting | None, float | None]:
        """What is to be sent to a receiver now; or None, and when to look again (monotonic milliseconds)."""
        blocked: set[str] = set()
        soonest: float | None = None
        for waiting in self._by_channel.get(channel, {}).values():
            if receiver.id in waiting.done or waiting.notice.matter in blocked:
                continue
            tries = waiting.tries_at(receiver.id)
            if tries.next_try <= now:
                return waiting, None
            # Later news about the same matter waits behind it; other matters do not.
            blocked.add(waiting.notice.matter)
            soonest = tries.next_try if soonest is None else min(soonest, tries.next_try)
        return None, soonest
