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
    from lineman.monitor.config import MonitorConfigurationError  # noqa: PLC0415 - heavy
    from lineman.monitor.config.durations import format_ms  # noqa: PLC0415 - heavy
    from lineman.monitor.config.loading import target_problems  # noqa: PLC0415 - heavy
    from lineman.monitor.config.thresholds import rules_of  # noqa: PLC0415 - heavy

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
            f"{canary.name}: every {format_ms(canary.interval)} against {canary.target or 'the environment'}; incident "
            f"after {canary.incident.opens_after} failed slots, over after {canary.incident.ends_after} good ones; "
            f"tells {', '.join(canary.notices) or 'nobody'}"
        )
        for rule in rules_of(canary):
            typer.echo(
                f"  burn rate {rule.rule.rate:.3g} over {format_ms(rule.rule.long)} and {format_ms(rule.rule.short)} "
                f"({rule.rule.severity}): needs {rule.long_failed} and {rule.short_failed} failed slots"
            )


_USAGE_ERROR = 4


def explain(
    clause: Annotated[
        str | None, typer.Argument(help="A clause id, such as limit.clamp; without one all are listed.")
    ] = None,
) -> None:
    """Say what a clause promises, where it stands, how it is checked and what breaks it."""
    from lineman.contract.clauses import UnknownClauseError, catalogue  # noqa: PLC0415 - only this command needs it
    from lineman.contract.clauses import clause as find  # noqa: PLC0415

    if clause is None:
        for known in catalogue().values():
            typer.echo(f"{known.id:32} {known.level:9} {known.title}")
        return
    try:
        found = find(clause)
    except UnknownClauseError as error:
        typer.echo(f"lineman explain: {error}", err=True)
        raise typer.Exit(_USAGE_ERROR) from None
    typer.echo(f"{found.id} ({found.level})\n\n  {found.title}.\n")
    typer.echo(f"  Where it stands:    {found.where}")
    typer.echo(f"  How it is checked:  {found.how}")
    typer.echo(f"  What breaks it:     {found.breaks}")
