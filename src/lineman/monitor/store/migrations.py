"""The schema's versions. A migration is never changed once released; a new one is added after it."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    func,
    insert,
    inspect,
    literal,
    select,
    text,
)

from lineman.monitor.store.schema import CONFIGURATIONS, DRIFT, METADATA, OUTBOX, SLOTS, TOLD, VERSIONS, WRITERS

_MIGRATION_LOCK = 7_246_413
_LATER = (WRITERS, CONFIGURATIONS)
"""Tables that the first version did not have."""
_FIRST = MetaData()
"""What the first version had otherwise: there was one location only."""
Table(
    "told",
    _FIRST,
    Column("matter", String(300), primary_key=True),
    Column("channel", String(64), primary_key=True),
    Column("standing", String(16), nullable=False),
    Column("incident", String(160), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
)
Table(
    "drift",
    _FIRST,
    Column("canary", String(64), primary_key=True),
    Column("fingerprint", String(160), primary_key=True),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("sightings", Integer, nullable=False),
    Column("told", Boolean, nullable=False),
)
_FIRST_OUTBOX = Table(
    "outbox",
    _FIRST,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("key", String(32), nullable=False, unique=True),
    Column("channel", String(64), nullable=False),
    Column("matter", Text, nullable=False),
    Column("event", String(16), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_try", BigInteger, nullable=False, default=0),
    Column("error", Text, nullable=False, default=""),
    Column("settled", BigInteger),
    Column("dropped", Boolean, nullable=False, default=False),
    Column("claimed_by", String(64), nullable=False, default=""),
    Column("claimed_until", BigInteger, nullable=False, default=0),
)
Index("outbox_unsettled", _FIRST_OUTBOX.c.settled, _FIRST_OUTBOX.c.channel)


def version_1(connection: Connection) -> None:
    same = [table for table in METADATA.sorted_tables if table.name not in _FIRST.tables and table not in _LATER]
    METADATA.create_all(connection, tables=same)
    _FIRST.create_all(connection)


def version_2(connection: Connection) -> None:
    """What was reported, seen and is on its way belongs to a location; who wrote last can be seen."""
    WRITERS.create(connection)
    where = connection.execute(select(func.min(SLOTS.c.location))).scalar() or "here"
    for table in (TOLD, DRIFT, OUTBOX):
        _with_location(connection, table, where)


def _with_location(connection: Connection, table: Table, where: str) -> None:
    """Rebuild a table with its new column. Copied twice, because neither database renames a table's indexes with it."""
    old = _FIRST.tables[table.name]
    aside = f"{table.name}_1"
    connection.execute(text(f"CREATE TABLE {aside} AS SELECT * FROM {table.name}"))  # noqa: S608 - names of ours
    old.drop(connection)
    table.create(connection)
    copy = Table(aside, MetaData(), *(Column(column.name, column.type) for column in old.columns))
    kept = [column for column in copy.columns if column.name != "number"]
    order = [copy.c.number] if "number" in copy.c else []
    rows = select(literal(where), *kept).order_by(*order)
    connection.execute(insert(table).from_select(["location", *(column.name for column in kept)], rows))
    copy.drop(connection)


def version_3(connection: Connection) -> None:
    """Who a notice reached is known for each receiver; and which configuration has which canaries."""
    CONFIGURATIONS.create(connection)
    # A schema that this lineman began has the column since the version before, which makes the table again.
    if "receivers" not in {column["name"] for column in inspect(connection).get_columns(OUTBOX.name)}:
        connection.execute(text("ALTER TABLE outbox ADD COLUMN receivers TEXT NOT NULL DEFAULT '{}'"))


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (version_1, version_2, version_3)
"""Each brings the schema from the version before to its own; never changed once released, only added to."""


class NewerSchemaError(Exception):
    """The schema is newer than this lineman."""


def migrate(connection: Connection) -> None:
    """Apply what is missing, within the caller's transaction.

    Raises:
        NewerSchemaError: with a sentence for people.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
    have = 0
    if inspect(connection).has_table(VERSIONS.name):
        have = max(connection.execute(select(VERSIONS.c.version)).scalars(), default=0)
    if have > len(MIGRATIONS):
        raise NewerSchemaError(
            f"history was written by a newer lineman (schema {have}, this one knows {len(MIGRATIONS)}): upgrade lineman"
        )
    for number, migration in enumerate(MIGRATIONS[have:], start=have + 1):
        migration(connection)
        connection.execute(insert(VERSIONS), {"version": number, "applied": time.time_ns() // 1_000_000})
