"""Opening history: the connection's settings, the schema's version, and what is refused. PostgreSQL: ``postgres``.

SQLite: write-ahead log, every commit on disk (``synchronous=FULL``), a bounded wait for locks. A damaged file is
moved aside, never deleted, and a new one begun. Network file systems are refused, because their locks cannot
be trusted.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from lineman.monitor.config.history_address import is_url, redacted
from lineman.monitor.store.migrations import NewerSchemaError, migrate
from lineman.monitor.store.postgres import postgres_engine


@contextmanager
def one_state(engine: Engine) -> Iterator[Connection]:
    """A connection of its own that reads one state."""
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        yield connection


class Reader:
    """Reads one state of history at a time, however large the file is. May raise any of the store's ``FAILURES``."""

    def __init__(self, address: str) -> None:
        """``address``: a file or a URL; nothing is opened yet."""
        self.address = address
        self._engine: Engine | None = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection of its own that reads one state."""
        if self._engine is None:
            self._engine = engine_for(self.address)
        with one_state(self._engine) as connection:
            yield connection


LOCK_SECONDS = 10.0
_LOCK_PAUSE = 0.01
_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "glusterfs", "ceph"}


class HistoryError(Exception):
    """History cannot be used. One sentence for people."""


class HistoryUnavailable(HistoryError):  # noqa: N818 - the name says what happened
    """It cannot be used at the moment: locked, full, damaged. Trying again later makes sense."""


FAILURES = (SQLAlchemyError, OSError, HistoryError)
"""What reading and writing history may raise."""


def damaged(error: BaseException) -> bool:
    """True where an error says that the file itself is broken."""
    return "malformed" in str(error) or "not a database" in str(error)


def engine_for(address: str) -> Engine:
    """An engine for a file name or a URL; nothing is opened yet.

    Raises:
        HistoryError: no such kind of database, or its driver is not installed.
    """
    if is_url(address):
        return _by_url(address)
    engine = create_engine(f"sqlite:///{address}", poolclass=NullPool, connect_args={"timeout": LOCK_SECONDS})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _one_host(address: str) -> str:
    """libpq's form with several hosts as SQLAlchemy reads it: ``//a:1,b:2/x`` becomes ``///x?host=a:1&host=b:2``."""
    parts = urlsplit(address)
    user, at, hosts = parts.netloc.rpartition("@")
    if "," not in hosts:
        return address
    query = "&".join([*filter(None, [parts.query]), *(f"host={host}" for host in hosts.split(","))])
    return urlunsplit((parts.scheme, user + at, parts.path, query, ""))


def _by_url(address: str) -> Engine:
    try:
        url = make_url(_one_host(address))
    except (ArgumentError, ValueError):
        raise HistoryError(
            f"history {redacted(address)}: this is no valid URL; in a password, an @ is written as %40, a : as %3A"
        ) from None
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    kind = url.get_backend_name()
    if kind == "sqlite" and url.database:
        return engine_for(url.database)
    if kind != "postgresql":
        raise HistoryError(
            f"history {redacted(address)}: {kind} is not supported; use a file (SQLite) or postgresql://…"
        )
    try:
        return postgres_engine(url)
    except ImportError:
        raise HistoryError(
            f"history {redacted(address)}: the driver {url.get_driver_name()!r} is not installed: "
            "pip install 'lineman[postgres]'"
        ) from None
    except SQLAlchemyError as error:
        raise HistoryError(f"history {redacted(address)}: this URL cannot be used ({type(error).__name__})") from None


def _prepare(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None
    for pragma in ("auto_vacuum=INCREMENTAL", "journal_mode=WAL", "synchronous=FULL"):
        _set_when_free(connection, pragma)


def _set_when_free(connection: sqlite3.Connection, pragma: str) -> None:
    """SQLite refuses a change of the journal's mode at once, whatever its timeout, while another one opens the file."""
    give_up = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            connection.execute(f"PRAGMA {pragma}")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > give_up:
                raise
        else:
            return
        time.sleep(_LOCK_PAUSE)


def _begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("lineman_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def make_ready(address: str, *, check: bool = True) -> tuple[Engine, str]:
    """Bring the database's schema up to date; return its engine, and what should be reported (or nothing).

    A damaged file is moved aside: with ``check`` it is looked through as a whole, otherwise it must be seen at once.

    Raises:
        HistoryError: it cannot be opened, or a newer lineman wrote it.
    """
    told = ""
    if not is_url(address):
        _refuse_network(Path(address))
        told = _move_damaged_aside(Path(address)) if check else ""
    try:
        return _migrated(address), told
    except NewerSchemaError as error:
        raise HistoryError(str(error)) from None
    except SQLAlchemyError as error:
        if not check and not is_url(address) and damaged(error):
            return make_ready(address)
        raise HistoryUnavailable(f"history {redacted(address)} cannot be opened: {reason(error)}") from None


def _migrated(address: str) -> Engine:
    engine = engine_for(address)
    with engine.connect().execution_options(lineman_write=True) as connection, connection.begin():
        migrate(connection)
    return engine


def reason(error: BaseException) -> str:
    """An error's first line, in the database's own words, which hold neither statement nor values."""
    return (str(getattr(error, "orig", None) or error).splitlines() or [type(error).__name__])[0]


def _refuse_network(path: Path) -> None:
    folder = path.resolve().parent
    if not folder.is_dir():
        raise HistoryError(f"history {path}: the folder {folder} does not exist: create it, or name another file")
    mounts = Path("/proc/self/mounts")
    if not mounts.exists():
        return
    entries = (line.split() for line in mounts.read_text("utf-8", "replace").splitlines())
    inside = [(entry[1], entry[2]) for entry in entries if folder.is_relative_to(entry[1])]
    kind = max(inside, key=lambda mount: len(mount[0]))[1] if inside else ""
    if kind in _NETWORK:
        raise HistoryError(
            f"history {path} lies on a network file system ({kind}), where SQLite's locks cannot be trusted: "
            "choose a local disk, or a PostgreSQL URL"
        )


def _move_damaged_aside(path: Path) -> str:
    if not path.exists():
        return ""
    try:
        with engine_for(str(path)).connect() as connection:
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    except DatabaseError as error:
        if not damaged(error):
            raise HistoryUnavailable(f"history {path} cannot be opened: {reason(error)}") from None
        found = reason(error)
    if found == "ok":
        return ""
    aside = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%dT%H%M%S')}")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return f"history {path} is damaged ({found}): it was moved to {aside}, and a new one begun"
