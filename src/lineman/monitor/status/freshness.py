"""How fresh the results in a history are: the answer of ``lineman monitor status``."""

from __future__ import annotations

from sqlalchemy import Connection

from lineman.monitor.clock import DAY
from lineman.monitor.config.models import Canary, Configuration
from lineman.monitor.incidents.state import JOINT
from lineman.monitor.status.snapshot import CanaryState, is_stale
from lineman.monitor.store.engine import Reader
from lineman.monitor.store.queries import latest_slots, recent_results, uptime_between
from lineman.monitor.uptime import percent
from lineman.times import format_ms


def status_lines(configuration: Configuration, address: str, now: int) -> tuple[list[str], list[str]]:
    """A line for each canary, and the names of those whose results are stale.

    Where locations decide together each canary has a second line, for what they decided.

    Raises any of the store's ``FAILURES``.
    """
    settings = configuration.monitor
    lines, stale = [], []
    places = {settings.location: "", JOINT: " (all locations)"} if settings.joint else {settings.location: ""}
    with Reader(address).reading() as connection:
        for place, suffix in places.items():
            ends = latest_slots(connection, place)
            for canary in configuration.canaries.values():
                state = CanaryState(canary, ledger_end=ends.get(canary.name, 0))
                if is_stale(state, now):
                    stale.append(f"{canary.name}{suffix}")
                lines.append(_line(connection, place, suffix, canary, now, stale=is_stale(state, now)))
    return sorted(lines, key=lambda line: line.partition(":")[0]) if settings.joint else lines, stale


def _line(connection: Connection, place: str, suffix: str, canary: Canary, now: int, *, stale: bool) -> str:
    results = recent_results(connection, place, canary.name, 1)
    day = uptime_between(connection, place, canary, now - DAY, now)
    age = f"{format_ms(max(0, now - results[0]['started']))} ago" if results else "never"
    word = "STALE" if stale else results[0]["verdict"] if results else "waiting"
    message = results[0]["message"] if results else ""
    return (
        f"{canary.name}{suffix}: {word}, probed {age}, up {percent(day.share)} of the last day "
        f"(measured {percent(day.coverage)}){': ' if message else ''}{message}"
    )
