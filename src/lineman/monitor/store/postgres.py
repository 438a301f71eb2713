"""PostgreSQL's connections: neither side waits forever for one that has vanished."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, select, text
from sqlalchemy.pool import NullPool

_LIBPQ = {
    "application_name": "lineman",
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""Seconds, but for the last one: after them a server that does not answer any more counts as lost."""
_SESSION = {"statement_timeout": "60s", "lock_timeout": "10s", "idle_in_transaction_session_timeout": "60s"}
"""The server's own limits: what a client that vanished holds is free again after them."""
_LEAD = 7_246_414


def postgres_engine(url: URL) -> Engine:
    """An engine whose connections have limits; what the URL itself sets wins. Nothing is opened yet."""
    arguments: dict[str, Any] = {}
    if url.get_driver_name().startswith("psycopg"):
        arguments = {name: value for name, value in _LIBPQ.items() if name not in url.query}
        # A statement that is prepared in one session is unknown in the next that a pooler gives.
        arguments["prepare_threshold"] = None
    # A connection is closed, never used again: resetting it would be in vain, and noisy where the server is gone.
    engine = create_engine(url, poolclass=NullPool, pool_reset_on_return=None, connect_args=arguments)
    event.listen(engine, "connect", _limit)
    return engine


def _limit(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    for name, value in _SESSION.items():
        cursor.execute(f"SET {name} = '{value}'")
    cursor.close()
    connection.commit()


@contextmanager
def within(connection: Connection, seconds: float) -> Iterator[None]:
    """Cut the connection where the block takes longer: a server that hangs must not hold up who waits for it."""
    driver = connection.connection.driver_connection
    timer = threading.Timer(seconds, _shut_socket, [driver])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _shut_socket(driver: Any) -> None:
    # Where it was closed just now there is nothing left to cut, and the driver says so in a way of its own.
    with contextlib.suppress(Exception), socket.socket(fileno=os.dup(driver.fileno())) as duplicate:
        duplicate.shutdown(socket.SHUT_RDWR)


def server_now(connection: Connection) -> int:
    """The server's clock, the only one that all locations share. Milliseconds since the epoch."""
    return int(connection.execute(text("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")).scalar_one())


class Lead:
    """Who leads among all that write into one schema: a lock that lives exactly as long as its session.

    What is written in the same session needs no further check: where the lead is lost the session is, too.
    """

    def __init__(self, lease: int) -> None:
        """``lease``: milliseconds of silence after which the server ends the session (PostgreSQL 14 and later)."""
        self._lease = lease
        self._connection: Connection | None = None

    def take(self, connection: Connection) -> bool:
        """True where the session leads; take the lead where nobody has it."""
        if connection is self._connection:
            return True
        if (connection.dialect.server_version_info or (0,)) >= (14,):
            connection.execute(text(f"SET idle_session_timeout = {self._lease:d}"))
            connection.execute(text(f"SET idle_in_transaction_session_timeout = {self._lease:d}"))
        got = bool(connection.execute(select(func.pg_try_advisory_lock(*self._key()))).scalar())
        self._connection = connection if got else None
        return got

    def release(self, connection: Connection) -> None:
        """Give the lead up at once; where that fails the session's end does it, a moment later."""
        if connection is self._connection:
            connection.execute(select(func.pg_advisory_unlock(*self._key())))
            self._connection = None

    def _key(self) -> tuple[Any, Any]:
        return _LEAD, func.hashtext(func.current_schema())

    def lost(self) -> None:
        """Forget the session."""
        self._connection = None
