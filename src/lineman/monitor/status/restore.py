"""What a monitor knew before it was restarted: instants of probes that alerts compare over time."""

from __future__ import annotations

from sqlalchemy import Connection, case, func, select

from lineman.monitor.result import ProbeVerdict
from lineman.monitor.status.snapshot import LiveState, Streak
from lineman.monitor.store import FAILURES
from lineman.monitor.store.engine import Reader
from lineman.monitor.store.schema import RESULTS

_GOOD = (ProbeVerdict.OK.value, ProbeVerdict.DEGRADED.value)


def restore_streaks(live: LiveState, address: str, location: str) -> None:
    """Give every canary the instants that its results in history have; where history fails they begin again.

    Rows of failures need no such thing: they are those of the incidents' own tracks.
    """
    try:
        with Reader(address).reading() as connection:
            found = _instants(connection, location)
    except FAILURES:
        return
    with live.lock:
        for name, state in live.canaries.items():
            if state.result is None and name in found:
                state.streak = Streak(*found[name])


def _instants(connection: Connection, location: str) -> dict[str, tuple[int | None, int | None]]:
    """When the last success and the last failure outside of maintenance began, by canary."""
    counts = (RESULTS.c.verdict == ProbeVerdict.FAILED.value) & RESULTS.c.maintenance.is_(False)
    query = (
        select(
            RESULTS.c.canary,
            func.max(case((RESULTS.c.verdict.in_(_GOOD), RESULTS.c.started))),
            func.max(case((counts, RESULTS.c.started))),
        )
        .where(RESULTS.c.location == location)
        .group_by(RESULTS.c.canary)
    )
    return {name: (success, failure) for name, success, failure in connection.execute(query)}
