"""Reading and writing history: one connection that writes, transactions as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from lineman.monitor.config.history_address import redacted
from lineman.monitor.config.models import Canary
from lineman.monitor.incidents.engine import watch_of
from lineman.monitor.incidents.machine import Kind
from lineman.monitor.incidents.state import MonitorState, SeenViolation, StateChange
from lineman.monitor.result import ProbeVerdict
from lineman.monitor.store import rows
from lineman.monitor.store.engine import damaged, make_ready, one_state
from lineman.monitor.store.outbox_rows import OutboxRows
from lineman.monitor.store.postgres import within
from lineman.monitor.store.schema import DRIFT, INCIDENTS, OUTBOX, RESULTS, SLOTS, TOLD, TRACKS, WRITERS


class History(OutboxRows):
    """What happened, on disk. Used by one thread at a time.

    All methods may raise any of ``FAILURES``.
    """

    def __init__(self, address: str, location: str = "here", *, checked: bool = False) -> None:
        """Nothing is opened yet. ``checked``: the file is looked through as a whole at first, which takes seconds
        where it is large; otherwise damage is seen when it is met.
        """
        self.address = address
        self.location = location
        self.told = ""
        """What should be reported about opening it: that a damaged file was moved aside."""
        self.replaced = False
        """True where a damaged file gave way to an empty one, until somebody has written again what memory knows."""
        self.patience = 20.0
        """Seconds for a transaction on a PostgreSQL; it counts as lost where it takes longer."""
        self._engine: Engine | None = None
        self._connection: Connection | None = None
        self._seen_version: int | None = None
        self._check = checked

    def open(self) -> None:
        """Check and migrate, where that was not done yet.

        Raises:
            HistoryUnavailable: not now.
            HistoryError: not at all.
        """
        if self._engine is None:
            self._engine, told = make_ready(self.address, check=self._check)
            self._check = False
            self.replaced = self.replaced or bool(told)
            self.told = told or self.told

    def close(self) -> None:
        """Let go of the connection; history can be used again afterwards."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._seen_version = None

    @property
    def redacted_address(self) -> str:
        """The address as people may see it."""
        return redacted(self.address)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A writing transaction, committed at the end of the block."""
        try:
            self.open()
            assert self._engine is not None  # noqa: S101 - open sees to it
            if self._connection is None:
                self._connection = self._engine.connect().execution_options(lineman_write=True)
            with self._limited(self._connection), self._connection.begin():
                yield self._connection
        except BaseException as error:
            self.close()
            if damaged(error):
                self._engine, self._check = None, True
            raise

    def _limited(self, connection: Connection) -> AbstractContextManager[None]:
        return within(connection, self.patience) if connection.dialect.name == "postgresql" else nullcontext()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection of its own that reads one state of history."""
        self.open()
        assert self._engine is not None  # noqa: S101 - open sees to it
        with one_state(self._engine) as connection, self._limited(connection):
            yield connection

    def changed_by_others(self, connection: Connection) -> bool:
        """True where another process may have decided for the location since this was asked last.

        To be asked first in a transaction that decides: on PostgreSQL it keeps others from doing so meanwhile.
        """
        if connection.dialect.name != "sqlite":
            return self._count_up(connection)
        version = connection.exec_driver_sql("PRAGMA data_version").scalar()
        changed = version != self._seen_version
        self._seen_version = version
        return changed

    def _count_up(self, connection: Connection) -> bool:
        """Count who decides for the location; the row keeps others from deciding until the transaction ends."""
        first = insert_into(connection, WRITERS).values(location=self.location, changes=1)
        counted = first.on_conflict_do_update(index_elements=["location"], set_={"changes": WRITERS.c.changes + 1})
        number = connection.execute(counted.returning(WRITERS.c.changes)).scalar_one()
        changed = self._seen_version is None or number != self._seen_version + 1
        self._seen_version = number
        return changed

    def load(
        self, connection: Connection, canaries: Mapping[str, Canary], before: MonitorState | None = None
    ) -> MonitorState:
        """The state as history knows it. ``before``: take over what only this process adds to."""
        state = MonitorState(self.location)
        incidents = {row["id"]: rows.read_incident(row) for row in self._latest_incidents(connection)}
        for row in connection.execute(select(TRACKS).where(TRACKS.c.location == self.location)).mappings():
            state.set_track((row["canary"], Kind(row["kind"])), rows.read_track(row, incidents))
        for row in connection.execute(select(TOLD).where(TOLD.c.location == self.location)).mappings():
            state.alerts[row["matter"], row["channel"]] = rows.read_told(row)
        for row in connection.execute(select(DRIFT).where(DRIFT.c.location == self.location)).mappings():
            state.drift[row["canary"], row["fingerprint"]] = SeenViolation(
                row["first"], row["last"], row["sightings"], row["told"]
            )
        if before is not None:
            state.slots, state.decided, state.burns = dict(before.slots), dict(before.decided), before.burns
            return state
        state.slots = self.ledger_ends(connection, canaries)
        state.decided = dict(state.slots)  # what was in flight then ended with its process
        self._load_burns(connection, state, canaries)
        return state

    def ledger_ends(self, connection: Connection, canaries: Iterable[str]) -> dict[str, tuple[int, int]]:
        """Each canary's latest lap and, in it, latest slot."""
        ends = {}
        for canary in canaries:
            query = (
                select(SLOTS.c.lap, SLOTS.c.last)
                .where(SLOTS.c.location == self.location, SLOTS.c.canary == canary)
                .order_by(SLOTS.c.lap.desc(), SLOTS.c.first.desc())
                .limit(1)
            )
            found = connection.execute(query).first()
            if found is not None:
                ends[canary] = (found.lap, found.last)
        return ends

    def write(self, connection: Connection, changes: Sequence[StateChange]) -> None:
        """Add changes, the later ones of the same thing winning; repeating a write does no harm."""
        place = self.location
        self._keep(connection, SLOTS, [rows.slot_row(place, c.entry) for c in changes if c.entry is not None])
        self._keep(
            connection,
            RESULTS,
            [
                rows.result_row(place, c.entry, c.result, maintenance=c.in_maintenance)
                for c in changes
                if c.entry is not None and c.result is not None
            ],
        )
        incidents = {k: rows.incident_row(place, v) for c in changes for k, v in c.incidents.items()}
        tracks = {k: rows.track_row(place, k, v) for c in changes for k, v in c.tracks.items()}
        told = {k: rows.told_row(place, k, v) for c in changes for k, v in c.told.items()}
        drift = {k: rows.drift_row(place, k, v) for c in changes for k, v in c.drift.items()}
        self._put(connection, INCIDENTS, incidents.values())
        self._put(connection, TRACKS, tracks.values())
        self._put(connection, TOLD, told.values())
        self._put(connection, DRIFT, drift.values())
        notices = [rows.notice_row(place, notice) for c in changes for notice in c.notices]
        self._keep(connection, OUTBOX, notices, ("key",))

    def _latest_incidents(self, connection: Connection) -> Iterable[RowMapping]:
        wanted = select(TRACKS.c.incident).where(TRACKS.c.location == self.location, TRACKS.c.incident.is_not(None))
        query = select(INCIDENTS).where(INCIDENTS.c.location == self.location, INCIDENTS.c.id.in_(wanted))
        return connection.execute(query).mappings()

    def _load_burns(self, connection: Connection, state: MonitorState, canaries: Mapping[str, Canary]) -> None:
        for canary in canaries.values():
            watch = watch_of(state, canary)
            end = state.slots.get(canary.name)
            if watch is None or end is None:
                continue
            query = (
                select(RESULTS.c.slot, RESULTS.c.verdict)
                .where(RESULTS.c.canary == canary.name, RESULTS.c.location == self.location)
                .where(RESULTS.c.slot > end[1] - watch.reach, RESULTS.c.maintenance.is_(False))
                .order_by(RESULTS.c.slot)
            )
            for slot, verdict in connection.execute(query):
                if ProbeVerdict(verdict).measured:
                    watch.add(slot, failed=verdict == ProbeVerdict.FAILED.value)

    def _put(self, connection: Connection, table: Table, values: Iterable[rows.Row]) -> None:
        """Insert, or replace what has the same primary key."""
        values = list(values)
        if not values:
            return
        statement = insert_into(connection, table)
        keys = [column.name for column in table.primary_key]
        updates = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in keys}
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=updates), values)

    def _keep(
        self, connection: Connection, table: Table, values: Sequence[rows.Row], keys: Sequence[str] | None = None
    ) -> None:
        """Insert what is not there yet."""
        if values:
            elements = keys or [column.name for column in table.primary_key]
            connection.execute(
                insert_into(connection, table).on_conflict_do_nothing(index_elements=elements), list(values)
            )


def insert_into(connection: Connection, table: Table) -> Any:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table)
