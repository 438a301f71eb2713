"""How fresh the results in a history are: the answer of ``lineman monitor status``."""

from __future__ import annotations

from lineman.monitor.board import CanaryState, is_stale
from lineman.monitor.clock import DAY
from lineman.monitor.settings.duration import words
from lineman.monitor.settings.models import Configuration
from lineman.monitor.store.figures import latest_slots, recent_results, uptime_between
from lineman.monitor.store.history import History
from lineman.monitor.uptime import percent


def status_lines(configuration: Configuration, address: str, now: int) -> tuple[list[str], list[str]]:
    """A line for each canary, and the names of those whose results are stale.

    Raises any of the store's ``FAILURES``.
    """
    history = History(address, configuration.monitor.location)
    lines, stale = [], []
    with history.reading() as connection:
        ends = latest_slots(connection, history.location)
        for canary in configuration.canaries.values():
            state = CanaryState(canary, accounted=ends.get(canary.name, 0))
            results = recent_results(connection, history.location, canary.name, 1)
            day = uptime_between(connection, history.location, canary, now - DAY, now)
            if is_stale(state, now):
                stale.append(canary.name)
            age = f"{words(max(0, now - results[0]['started']))} ago" if results else "never"
            word = "STALE" if canary.name in stale else results[0]["verdict"] if results else "waiting"
            message = results[0]["message"] if results else ""
            lines.append(
                f"{canary.name}: {word}, probed {age}, up {percent(day.share)} of the last day "
                f"(measured {percent(day.coverage)}){': ' if message else ''}{message}"
            )
    return lines, stale
