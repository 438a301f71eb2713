"""Reading what the locations found, for those who decide together."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, case, func, select

from lineman.monitor.quorum import Voice
from lineman.monitor.result import Breach
from lineman.monitor.store.tables import RESULTS
from lineman.monitor.verdict import Cause, Verdict
from lineman.monitor.world import JOINT

_PLACES = RESULTS.c.location != JOINT


def voices_between(connection: Connection, spans: Mapping[str, tuple[int, int]]) -> dict[str, list[Voice]]:
    """The results of all locations, by canary, in the order of their slots.

    ``spans``: for each canary the slots after the first and up to the second instant.
    """
    found: dict[str, list[Voice]] = {name: [] for name in spans}
    if not spans:
        return found
    details = case((RESULTS.c.verdict == Verdict.FAILED.value, RESULTS.c.details), else_="")
    query = (
        select(
            RESULTS.c.canary,
            RESULTS.c.location,
            RESULTS.c.lap,
            RESULTS.c.slot,
            RESULTS.c.verdict,
            RESULTS.c.cause,
            RESULTS.c.message,
            RESULTS.c.seconds,
            details.label("details"),
        )
        .where(_PLACES, RESULTS.c.canary.in_(list(spans)))
        .where(RESULTS.c.slot > min(first for first, _ in spans.values()))
        .where(RESULTS.c.slot <= max(last for _, last in spans.values()))
        .order_by(RESULTS.c.slot, RESULTS.c.lap)
    )
    for row in connection.execute(query).mappings():
        first, last = spans[row["canary"]]
        if first < row["slot"] <= last:
            found[row["canary"]].append(_voice(row))
    return found


def first_after(connection: Connection, canary: str, instant: int) -> int | None:
    """The first slot after an instant of which any location has a result."""
    query = select(func.min(RESULTS.c.slot)).where(_PLACES, RESULTS.c.canary == canary, RESULTS.c.slot > instant)
    return connection.execute(query).scalar()


def _voice(row: Mapping[Any, Any]) -> Voice:
    attempts = json.loads(row["details"]).get("attempts", []) if row["details"] else []
    last = attempts[-1] if attempts else {}
    return Voice(
        row["location"],
        row["slot"],
        Verdict(row["verdict"]),
        Cause(row["cause"]),
        row["message"],
        row["seconds"],
        last.get("root"),
        tuple(Breach(**breach) for breach in last.get("breaches", [])),
        row["lap"],
    )
