"""Which configurations use a history, and what each of them has: not to be in one file is not to be taken out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, select, update

from lineman.monitor.clock import DAY
from lineman.monitor.config.models import Configuration
from lineman.monitor.incidents.state import JOINT
from lineman.monitor.store.engine import FAILURES
from lineman.monitor.store.history import History, insert_into
from lineman.monitor.store.schema import (
    CONFIGURATIONS,
    DRIFT,
    INCIDENTS,
    OUTBOX,
    RESULTS,
    SLOTS,
    SUMS,
    TOLD,
    TRACKS,
    WRITERS,
)

_FORGOTTEN = DAY
"""A configuration that nobody has used for so long keeps nothing any more."""
UNNAMED = "here"
"""The location of a monitor that names none."""
_MOVING = 600.0
"""Seconds that giving a location its name may take: every result of the history is written once."""


def configuration_id(path: Path) -> str:
    """Stands for a configuration in history: the place of its files.

    Links are not followed: what Kubernetes mounts is a link to another folder after every change.
    """
    return hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who has which canaries and channels of a location."""

    new: bool = True
    """Nothing of this configuration was known before, so nothing can have been taken out of it."""
    canaries: frozenset[str] = frozenset()
    """Those of other configurations in use."""
    channels: frozenset[str] = frozenset()

    def keeps(self, canary: str) -> bool:
        """True where a canary that this configuration does not have is not known to have been taken out."""
        return self.new or canary in self.canaries


def take_over(history: History, configuration: Configuration, identity: str, now: int) -> Ownership | None:
    """Note what a configuration has, and learn what others have; None where history fails."""
    try:
        with history.transaction() as connection:
            table, place = CONFIGURATIONS, history.location
            rows = connection.execute(select(table).where(table.c.location == place)).mappings().all()
            own = {
                "location": place,
                "configuration": identity,
                "canaries": json.dumps(sorted(configuration.canaries)),
                "channels": json.dumps(sorted(configuration.channels)),
                "seen": now,
            }
            written = insert_into(connection, table).values(**own)
            changed = {name: own[name] for name in ("canaries", "channels", "seen")}
            keys = ["location", "configuration"]
            connection.execute(written.on_conflict_do_update(index_elements=keys, set_=changed))
    except FAILURES:
        return None
    others = [row for row in rows if row["configuration"] != identity and now - row["seen"] < _FORGOTTEN]
    return Ownership(
        new=not any(row["configuration"] == identity for row in rows),
        canaries=frozenset(name for row in others for name in json.loads(row["canaries"])),
        channels=frozenset(name for row in others for name in json.loads(row["channels"])),
    )


def gone(history: History, configuration: Configuration, ownership: Ownership) -> tuple[frozenset[str], frozenset[str]]:
    """Channels and canaries that notices on their way name, and that no configuration has any more."""
    if ownership.new:
        return frozenset(), frozenset()
    try:
        with history.transaction() as connection:
            pending = history.pending(connection)
    except FAILURES:
        return frozenset(), frozenset()
    channels = {notice.channel for notice in pending}
    canaries = {name for notice in pending for name in notice.facts.get("canaries", ())}
    return (
        frozenset(channels.difference(configuration.channels, ownership.channels)),
        frozenset(canaries.difference(configuration.canaries, ownership.canaries)),
    )


def name_location(history: History) -> str:
    """Give what a history holds of a location without a name the name that it has now.

    Only where that is all it holds: a location that has results of its own goes on with those.

    Returns:
        A sentence for people, or nothing where there was nothing to do.
    """
    if history.location == UNNAMED:
        return ""
    patience, history.patience = history.patience, _MOVING
    try:
        with history.transaction() as connection:
            if _has_slots(connection, history.location) or not _has_slots(connection, UNNAMED):
                return ""
            others = select(func.count()).where(SLOTS.c.location.not_in([UNNAMED, JOINT]))
            if connection.execute(others).scalar():
                return (
                    f"history holds results of the location {UNNAMED!r} and of others: {history.location!r} begins "
                    f"anew, and what is open under {UNNAMED!r} stays there"
                )
            for table in (SLOTS, RESULTS, TRACKS, INCIDENTS, TOLD, DRIFT, OUTBOX, SUMS, WRITERS, CONFIGURATIONS):
                moved = update(table).where(table.c.location == UNNAMED)
                connection.execute(moved.values(location=history.location))
    except FAILURES:
        return ""
    finally:
        history.patience = patience
    return f"history of the location {UNNAMED!r} goes on as {history.location!r}"


def _has_slots(connection: Connection, location: str) -> bool:
    found: Iterable[object] = connection.execute(select(SLOTS.c.lap).where(SLOTS.c.location == location).limit(1))
    return any(True for _ in found)
