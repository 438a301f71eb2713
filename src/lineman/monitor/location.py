"""A monitor takes its location: the only one that writes there, with locks that hold, and on what was before."""

from __future__ import annotations

import contextlib
import logging

from lineman.monitor.config import MonitorSettings
from lineman.monitor.store import History, HistoryError
from lineman.monitor.store.configurations import UNNAMED, name_location
from lineman.monitor.store.exclusive import LocationLock
from lineman.monitor.store.pooler import pooler

LOG = logging.getLogger("lineman.monitor")


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
