"""What history holds of incidents, for tests that look."""

from __future__ import annotations

from sqlalchemy import Connection, RowMapping, select

from lineman.monitor.store.schema import INCIDENTS


def recent_incidents(connection: Connection, location: str, count: int) -> list[RowMapping]:
    """The latest incidents of all canaries, newest first."""
    query = select(INCIDENTS).where(INCIDENTS.c.location == location).order_by(INCIDENTS.c.opened.desc()).limit(count)
    return list(connection.execute(query).mappings())
