"""``lineman test --plan``: what a run would send. Nothing is sent, and nothing heavy is loaded."""

from __future__ import annotations

from collections import Counter

from rich.console import Console
from rich.table import Table

from lineman.suite.forecast import forecast
from lineman.suite.run_state import RunOptions
from lineman.target import Target

CONFIRMING = 150
"""Further requests that confirming and reducing violations may take on a broken target."""


def print_plan(settings: RunOptions, target: Target) -> None:
    """Print requests by clause, the most there can be, and the time at the target's pace. Nothing is sent."""
    purposes = forecast(settings, target.max_requests)
    _show(purposes, sum(purposes.values()), target)


def _show(purposes: Counter[str], planned: int, target: Target) -> None:
    console = Console(highlight=False)
    table = Table("asked for", "requests", title=f"What a run against {target.name} would send")
    for purpose, count in sorted(purposes.items()):
        table.add_row(purpose, str(count))
    console.print(table)
    most = planned + CONFIRMING
    if target.max_requests is not None:
        most = min(most, target.max_requests)
    pace = "as fast as it answers" if target.rate is None else f"at {target.rate:g} requests a second"
    least = 0.0 if target.rate is None else planned / target.rate
    console.print(
        f"{planned} requests against a list like the sandbox's, at most {most} where violations have to be confirmed; "
        f"{pace}, {target.concurrency} in flight: at least {least:.0f} s. Nothing was sent."
    )
    if target.max_requests is not None and target.max_requests < planned:
        console.print(
            f"The budget of {target.max_requests} requests is too small: the run would end without a verdict."
        )
