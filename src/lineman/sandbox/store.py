"""The records of both tenants in SQLite, in memory or in a file.

Filters never become patterns of SQL: a literal text goes through ``instr``, and any other reading of "fuzzy" through a
function of our own that SQLite calls for every record.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Column as SqlColumn
from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    and_,
    create_engine,
    event,
    false,
    func,
    insert,
    or_,
    select,
)
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import StaticPool

from lineman.sandbox.folding import FOLDINGS
from lineman.sandbox.option_error import SandboxOptionError
from lineman.sandbox.records import EXAMPLE, Record

_WILDCARDS = {
    "literal": {},
    "like": {"%": ".*", "_": "."},
    "percent": {"%": ".*"},
    "glob": {"*": ".*", "?": "."},
    "both": {"%": ".*", "*": ".*", "_": ".", "?": "."},
}
_ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def fold(text: str, case: str) -> str:
    """The form in which two texts are compared, by the answer to ``filter.case``."""
    if case == "insensitive":
        return text.casefold()
    return text.translate(_ASCII_LOWER) if case == "ascii-insensitive" else text


def matcher(needle: str, case: str, wildcards: str, folding: str = "told-apart") -> Callable[[str], bool]:
    """A predicate over texts: does the text contain ``needle``?

    Whatever is folded, a text that contains the needle letter by letter is found: composing may join the needle's last
    letter to a mark behind it, and a promise stands above an open question.
    """
    plain = _matcher(needle, case, wildcards)
    form = FOLDINGS[folding]
    if form is None:
        return plain
    folded = _matcher(form(needle), case, wildcards)
    return lambda text: plain(text) or folded(form(text))


@lru_cache(maxsize=256)
def _matcher(needle: str, case: str, wildcards: str) -> Callable[[str], bool]:
    special = _WILDCARDS[wildcards]
    folded = fold(needle, case)
    if not any(character in special for character in folded):
        return lambda text: folded in fold(text, case)
    pattern = re.compile("".join(special.get(character) or re.escape(character) for character in folded), re.DOTALL)
    return lambda text: pattern.search(fold(text, case)) is not None


_BATCH = 20_000
_metadata = MetaData()
_rows = Table(
    "lineman_sandbox_record",
    _metadata,
    SqlColumn("tenant", Integer, primary_key=True),
    SqlColumn("position", Integer, primary_key=True),
    SqlColumn("id", String, nullable=False),
    SqlColumn("code", String, nullable=False),
    SqlColumn("media_type", Integer, nullable=False, index=True),
    SqlColumn("service_number", String),
    SqlColumn("description", String),
    SqlColumn("call_attribute", Integer),
    sqlite_with_rowid=False,
)
_origin = Table(
    "lineman_sandbox_origin", _metadata, SqlColumn("name", String, primary_key=True), SqlColumn("value", String)
)
_columns = (
    _rows.c.id,
    _rows.c.code,
    _rows.c.media_type,
    _rows.c.service_number,
    _rows.c.description,
    _rows.c.call_attribute,
)


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which records are asked for; None means no filter. ``nothing`` matches no record at all."""

    access_code: str | None = None
    media_type: int | None = None
    description: str | None = None
    nothing: bool = False

    @property
    def is_example(self) -> bool:
        """Whether all filters of the documented example are asked for together.

        The vendor's page shows that this finds its record, though that record's description is null.
        """
        return (self.access_code, self.media_type, self.description) == (EXAMPLE.access_code, 5, "access code")


@dataclass(frozen=True, slots=True)
class Selection:
    """A page of records, and how many match in all."""

    records: tuple[Record, ...]
    total: int


class Store:
    """Answers criteria with pages, in the order in which the records were configured."""

    def __init__(self, database: Path | None, *, case: str, wildcards: str, folding: str) -> None:
        url = "sqlite://" if database is None else f"sqlite:///{database}"
        self._engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
        self._literal = (case, wildcards, folding) == ("sensitive", "literal", "told-apart")
        self.case, self.wildcards, self.folding = case, wildcards, folding
        event.listen(self._engine, "connect", self._prepare)
        self.close = weakref.finalize(self, self._engine.dispose)
        self._database = database

    def fill(self, origin: str | None, tenants: Iterable[Iterable[Record]]) -> None:
        """Replace all records, unless a file holds those of the same origin already; None is like no other.

        Raises :class:`SandboxOptionError` where the file is no database, or not to be written.
        """
        try:
            _metadata.create_all(self._engine)
            self._fill(origin, tenants)
        except DatabaseError as error:
            raise SandboxOptionError(f"database '{self._database}' cannot be used: {error.orig}.") from error

    def _fill(self, origin: str | None, tenants: Iterable[Iterable[Record]]) -> None:
        with self._engine.begin() as connection:
            if origin is not None and connection.scalar(select(_origin.c.value)) == origin:
                return
            connection.execute(_rows.delete())
            connection.execute(_origin.delete())
            for tenant, records in enumerate(tenants, start=1):
                self._insert(connection, tenant, records)
            connection.execute(insert(_origin), {"name": "origin", "value": origin or "moving"})

    def find(self, tenant: int, criteria: Criteria, limit: int, offset: int) -> Selection:
        """The page of at most ``limit`` records from ``offset`` on, and the number of all matches."""
        where = self._where(tenant, criteria)
        page = select(*_columns).where(where).order_by(_rows.c.position)
        with self._engine.connect() as connection:
            start = min(offset, 2**62)
            rows = connection.execute(page.limit(limit).offset(start)).all() if limit else []
            if rows and len(rows) < limit:
                total = start + len(rows)
            else:
                total = connection.scalar(select(func.count()).select_from(_rows).where(where)) or 0
        return Selection(tuple(Record(*row) for row in rows), total)

    def everything(self, tenant: int) -> list[Record]:
        """All records of a tenant, in order."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(*_columns).where(_rows.c.tenant == tenant).order_by(_rows.c.position))
            return [Record(*row) for row in rows]

    def change(self, tenant: int, *, add: Record, forget: int, rewrite: int, text: str) -> None:
        """Append a record, remove the one at index ``forget`` for good, and give that at ``rewrite`` a new text.

        Indexes wrap around. The documented example's record stays as it is.
        """
        with self._engine.begin() as connection:
            mine = (_rows.c.tenant == tenant) & (_rows.c.id != EXAMPLE.id)
            positions = list(connection.scalars(select(_rows.c.position).where(mine).order_by(_rows.c.position)))
            last = connection.scalar(select(func.max(_rows.c.position)).where(_rows.c.tenant == tenant)) or 0
            connection.execute(insert(_rows), _values(tenant, last + 1, add))
            if len(positions) > 1:
                gone, changed = positions[forget % len(positions)], positions[rewrite % len(positions)]
                at = _rows.c.position
                connection.execute(_rows.update().where(mine, at == changed).values(description=text))
                connection.execute(_rows.delete().where(mine, at == gone))

    def _where(self, tenant: int, criteria: Criteria) -> ColumnElement[bool]:
        conditions: list[ColumnElement[bool]] = [false()] if criteria.nothing else []
        if criteria.access_code is not None:
            conditions.append(self._contains(_rows.c.code, criteria.access_code))
        if criteria.media_type is not None:
            known = abs(criteria.media_type) < 2**31
            conditions.append(_rows.c.media_type == criteria.media_type if known else false())
        if criteria.description is not None:
            conditions.append(self._contains(_rows.c.description, criteria.description))
        wanted: ColumnElement[bool] = and_(*conditions) if conditions else _rows.c.position.is_not(None)
        if criteria.is_example:
            wanted = or_(wanted, _rows.c.id == EXAMPLE.id)
        return and_(_rows.c.tenant == tenant, wanted)

    def _contains(self, column: SqlColumn[Any], text: str) -> ColumnElement[bool]:
        if not _is_unicode(text):
            return false()
        if self._literal:
            return func.instr(column, text) > 0
        return func.lineman_contains(column, text) == 1

    def _prepare(self, connection: Any, _record: object) -> None:
        case, wildcards, folding = self.case, self.wildcards, self.folding

        def contains(text: str | None, needle: str) -> bool:
            return text is not None and matcher(needle, case, wildcards, folding)(text)

        connection.create_function("lineman_contains", 2, contains, deterministic=True)

    @staticmethod
    def _insert(connection: Connection, tenant: int, records: Iterable[Record]) -> None:
        numbered = enumerate(records)
        while batch := [_values(tenant, position, record) for position, record in islice(numbered, _BATCH)]:
            connection.execute(insert(_rows), batch)


def _values(tenant: int, position: int, record: Record) -> dict[str, object]:
    return {
        "tenant": tenant,
        "position": position,
        "id": record.id,
        "code": record.access_code,
        "media_type": record.media_type,
        "service_number": record.service_number,
        "description": record.description,
        "call_attribute": record.call_attribute,
    }


def _is_unicode(text: str) -> bool:
    """Lone surrogates can be written in JSON, but are no Unicode text: no record contains them."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
