"""Reading one state of history; a reader's own way to it checks, migrates and moves aside nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from lineman.monitor.store.engine import engine_for


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
