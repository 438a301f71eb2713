"""A wall-clock bound for sending: a receiver that sends a byte now and then keeps every single read in time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from lineman.monitor.delivery.errors import ChannelError

_MOST_RUNNING = 3
"""Tries that may hang at one receiver at the same time: neither Apprise nor urllib can be stopped from outside."""


@dataclass(slots=True)
class _Call:
    over: threading.Event = field(default_factory=threading.Event)
    error: BaseException | None = None


class Deadline:
    """Calls that are waited for only so long. One that ends later is taken into account when it is asked for again."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._calls: dict[tuple[str, ...], _Call] = {}
        self._lock = threading.Lock()

    def run(self, name: tuple[str, ...], work: Callable[[], None]) -> None:
        """Do the work, or go on waiting for it where it is under way since an earlier call.

        Raises:
            ChannelError: it is not over in time; and whatever the work raises.
        """
        with self._lock:
            call = self._calls.get(name)
            if call is None:
                running = [other for key, other in self._calls.items() if key[0] == name[0] and not other.over.is_set()]
                if len(running) >= _MOST_RUNNING:
                    raise ChannelError("the receiver does not answer, and earlier tries still wait for it")
                call = self._calls[name] = _Call()
                threading.Thread(target=_do, args=(call, work), name="lineman-sending", daemon=True).start()
        if not call.over.wait(self.seconds):
            raise ChannelError(f"the receiver was not done within {self.seconds:g} s")
        with self._lock:
            self._calls.pop(name, None)
        if call.error is not None:
            raise call.error


def _do(call: _Call, work: Callable[[], None]) -> None:
    try:
        work()
    except BaseException as error:  # noqa: BLE001 - it is raised again where the call is waited for
        call.error = error
    finally:
        call.over.set()
