"""Whether a pooler stands before PostgreSQL that gives every transaction another session."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from lineman.monitor.config.history_address import is_url, redacted
from lineman.monitor.store.engine import FAILURES, engine_for
from lineman.monitor.store.postgres import within

_PATIENCE = 5.0
"""Seconds for an answer: a pool of a single session gives none while that one is in use."""


def pooler(address: str) -> str:
    """A sentence that names a pooler in transaction mode; nothing where there is none, or no answer.

    Two transactions of one connection are asked for their server process, with a third in between that takes the one
    that the first had. Behind a direct connection, or a pool by session, both are the same.
    """
    if not is_url(address):
        return ""
    first = 0
    try:
        engine = engine_for(address)
        if engine.dialect.name != "postgresql":
            return ""
        with engine.connect() as one, engine.connect() as other, within(one, _PATIENCE), within(other, _PATIENCE):
            first = _process(one)
            one.commit()
            _process(other)
            second = _process(one)
            where = one.engine.url
    except FAILURES:
        if not first:
            return ""
        second, where = 0, engine.url
    if second == first:
        return ""
    name = f"{where.host or 'the server'}:{where.port or 5432}"
    return (
        f"history {redacted(address)}: {name} is a pooler in transaction mode (two transactions of one connection had "
        "two server processes), where a lock of a session does not hold: name the PostgreSQL server itself, or a pool "
        "by session (PgBouncer: pool_mode = session)"
    )


def _process(connection: Connection) -> int:
    return int(connection.execute(select(func.pg_backend_pid())).scalar_one())
