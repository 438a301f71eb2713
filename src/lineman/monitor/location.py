"""A monitor takes its location: the only one that writes there, with locks that hold, and on what was before."""

from __future__ import annotations

import contextlib
import logging
import threading
from pathlib import Path

from lineman.monitor.config import Configuration, MonitorSettings
from lineman.monitor.delivery.outbox import Outbox
from lineman.monitor.store import History, HistoryError
from lineman.monitor.store.configurations import (
    UNNAMED,
    Ownership,
    configuration_id,
    gone,
    name_location,
    take_over,
)
from lineman.monitor.store.exclusive import LocationLock
from lineman.monitor.store.pooler import pooler

LOG = logging.getLogger("lineman.monitor")
_SIGN_OF_LIFE = 10.0
"""Seconds between signs of life to the database that knows which monitor has the location."""


class Place:
    """A monitor's place in a history that others use as well."""

    def __init__(self, settings: MonitorSettings, path: Path) -> None:
        """``path``: where the configuration lies.

        Raises:
            HistoryError: another monitor has the location, or its locks cannot work.
        """
        self._lock = take_location(settings)
        self._settings = settings
        self._identity = configuration_id(path)
        self._ownership = Ownership()

    def keeps(self, canary: str) -> bool:
        """True where a canary that this configuration does not have is not known to have been taken out."""
        return self._ownership.keeps(canary)

    def show(self, configuration: Configuration, now: int) -> None:
        """Note what the configuration has, and learn what others have."""
        history = self._history()
        self._ownership = take_over(history, configuration, self._identity, now) or self._ownership
        history.close()

    def take_over(self, configuration: Configuration, outbox: Outbox, now: int) -> frozenset[tuple[str, str]]:
        """The same, and give up what is on its way to what was taken out.

        Returns:
            By matter and channel: bad news that reached nobody, and so counts as untold.
        """
        self.show(configuration, now)
        history = self._history()
        channels, canaries = gone(history, configuration, self._ownership)
        history.close()
        return frozenset(outbox.withdraw(channels, canaries) if channels or canaries else ())

    def stay(self, done: threading.Event) -> None:
        """Stay the one monitor of the location until then, and say so where another one has taken it."""
        while not done.wait(_SIGN_OF_LIFE):
            if not self._lock.keep():
                LOG.error("another monitor writes as location %r by now: stop one of them", self._settings.location)

    def release(self) -> None:
        """Let the next monitor in."""
        self._lock.release()

    def _history(self) -> History:
        return History(self._settings.history, self._settings.location)


def take_location(settings: MonitorSettings) -> LocationLock:
    """Take the location for this monitor, and go on with what was written before it had a name.

    Raises:
        HistoryError: another monitor has it, or its locks cannot work.
    """
    through = pooler(settings.history)
    if through and settings.joint:
        raise HistoryError(through)
    lock = LocationLock(settings.history, settings.location)
    if through:
        LOG.warning("%s; whether another monitor writes as location %r cannot be seen", through, settings.location)
        return lock
    lock.take()
    unnamed = LocationLock(settings.history, UNNAMED)
    if settings.location != UNNAMED:
        with contextlib.suppress(HistoryError):
            unnamed.take()
            said = name_location(History(settings.history, settings.location))
            unnamed.release()
            if said:
                LOG.warning("%s", said)
    return lock
