"""``lineman config``: is the configuration sound?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

USAGE_ERROR = 4

app = typer.Typer(name="config", help="Check configuration.", no_args_is_help=True, add_completion=False)


@app.callback()
def _group() -> None:
    """Check configuration."""


@app.command()
def check(
    path: Annotated[
        Path | None,
        typer.Argument(metavar="PATH", help="Canary file, or folder of them.", show_default="monitors"),
    ] = None,
) -> None:
    """Validate canaries, notices and the targets that they name; list every problem. Exit code: 0 sound, 4 not."""
    import os  # noqa: PLC0415 - used here only

    from lineman.cli.probe import load  # noqa: PLC0415 - heavy
    from lineman.monitor.settings import MonitorConfigurationError  # noqa: PLC0415 - heavy
    from lineman.monitor.settings.burn_table import rules_of  # noqa: PLC0415 - heavy
    from lineman.monitor.settings.duration import words  # noqa: PLC0415 - heavy
    from lineman.monitor.settings.targets import target_problems  # noqa: PLC0415 - heavy

    try:
        configuration = load(path)
        wrong = target_problems(configuration, os.environ)
    except MonitorConfigurationError as error:
        wrong = list(error.problems)
    for problem in wrong:
        typer.echo(problem, err=True)
    if wrong:
        raise typer.Exit(USAGE_ERROR)
    for canary in configuration.canaries.values():
        typer.echo(
            f"{canary.name}: every {words(canary.interval)} against {canary.target or 'the environment'}; incident "
            f"after {canary.incident.opens_after} failed slots, over after {canary.incident.ends_after} good ones; "
            f"tells {', '.join(canary.notices) or 'nobody'}"
        )
        for rule in rules_of(canary):
            typer.echo(
                f"  burn rate {rule.rule.rate:.3g} over {words(rule.rule.long)} and {words(rule.rule.short)} "
                f"({rule.rule.severity}): needs {rule.long_failed} and {rule.short_failed} failed slots"
            )
