"""One monitor for each location of a history: a lock that ends with its process, whatever ends that."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
import weakref
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select, text

from lineman.monitor.config.history_address import is_url
from lineman.monitor.store.engine import FAILURES, HistoryError, engine_for

_LOCATION = 7_246_415
_LEASE = 60_000
"""Milliseconds of silence after which PostgreSQL ends the session of a monitor that vanished from the network."""
_TRIES, _PAUSE = 6, 0.5
"""A monitor that was stopped a moment ago has its session for another moment."""


class LocationTakenError(HistoryError):
    """Another monitor writes under the same location."""


class LocationLock:
    """Held by a monitor as long as it runs."""

    def __init__(self, address: str, location: str) -> None:
        self._address = address
        self._location = location
        self._close_file: weakref.finalize[..., LocationLock] | None = None
        self._connection: Connection | None = None

    def take(self) -> None:
        """Take the lock; nothing where the database cannot be reached now.

        Raises:
            LocationTakenError: another monitor has it. A sentence for people.
        """
        if not is_url(self._address):
            self._take_file()
        else:
            self._take_session()

    def keep(self) -> bool:
        """Give a sign of life, and take the lock again where it was lost; False where another monitor has it now."""
        if not is_url(self._address):
            return True
        try:
            if self._connection is not None:
                self._connection.execute(text("SELECT 1"))
                self._connection.commit()
                return True
        except FAILURES:
            self._forget()
        try:
            self._take_session(tries=1)
        except LocationTakenError:
            return False
        return True

    def release(self) -> None:
        """Let the next one in."""
        if self._close_file is not None:
            self._close_file()
        self._forget()

    def _take_file(self) -> None:
        path = Path(f"{self._address}.{self._location}.lock")
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o640)
        except OSError:
            # A folder in which nothing can be written: history itself says so in a better place.
            return
        # Also where a monitor that could not start after all is forgotten without a word.
        close = weakref.finalize(self, os.close, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(descriptor, 20).decode("ascii", "replace").strip()
            close()
            raise LocationTakenError(self._sentence(f" (process {holder})" if holder.isdigit() else "")) from None
        os.truncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._close_file = close

    def _take_session(self, tries: int = _TRIES) -> None:
        for number in range(tries):
            if number:
                time.sleep(_PAUSE)
            try:
                if self._try_session(engine_for(self._address)):
                    return
            except FAILURES:
                self._forget()
                return
        raise LocationTakenError(self._sentence(""))

    def _try_session(self, engine: Engine) -> bool:
        connection = engine.connect()
        key = select(func.pg_try_advisory_lock(_LOCATION, func.hashtext(func.current_schema() + "/" + self._location)))
        try:
            if (connection.dialect.server_version_info or (0,)) >= (14,):
                connection.execute(text(f"SET idle_session_timeout = {_LEASE:d}"))
            got = bool(connection.execute(key).scalar())
            connection.commit()
        except FAILURES:
            connection.close()
            raise
        if got:
            self._connection = connection
        else:
            connection.close()
        return got

    def _forget(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(*FAILURES):
                self._connection.close()
            self._connection = None

    def _sentence(self, who: str) -> str:
        return (
            f"another monitor{who} writes into this history as location {self._location!r}: stop it, or give this one "
            'another location = "NAME" in [monitor], or another history'
        )
