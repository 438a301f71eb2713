"""``lineman test --plan``: what a run would send, counted by rehearsing it against the sandbox in process."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from lineman.suite.settings import Settings
    from lineman.target import Target

CONFIRMING = 150
"""Further requests that confirming and reducing violations may take on a broken target."""


def print_plan(settings: Settings, target: Target) -> None:
    """Print requests by clause, the most there can be, and the time at the target's pace. Nothing is sent to
    the target.
    """
    import httpx  # noqa: PLC0415 - heavy

    from lineman.sandbox import SandboxOptions, create_app, credentials  # noqa: PLC0415 - heavy
    from lineman.secret import Secret  # noqa: PLC0415
    from lineman.suite.runner import prepare, run_suite  # noqa: PLC0415
    from lineman.target import Credentials  # noqa: PLC0415

    options = SandboxOptions()
    one, two = (Credentials(app_key=c.app_key, app_secret=Secret(c.app_secret)) for c in credentials(options))
    rehearsal = replace(
        target,
        credentials=one,
        second=two if target.second is not None else None,
        rate=None,
        concurrency=16,
        max_requests=None,
        headers=(),
    )
    transport = httpx.ASGITransport(app=create_app(options))
    plugin = prepare(replace(settings, pin=False), target=rehearsal, transport=transport)
    run = run_suite(plugin).run
    purposes = Counter(e.clauses[0] if e.clauses else "token" for e in run.exchanges)
    _show(purposes, run.requests, target)


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
