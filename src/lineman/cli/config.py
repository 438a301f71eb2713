"""``lineman config``: is the configuration sound?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from lineman.cli.common import USAGE_ERROR, fail

app = typer.Typer(name="config", help="Check configuration.", no_args_is_help=True, add_completion=False)


@app.callback()
def _group() -> None:
    """Check configuration."""


@app.command()
def schema(
    name: Annotated[str, typer.Argument(metavar="NAME", help="targets, canaries or pins.", show_default=False)],
) -> None:
    """Print the JSON Schema of lineman.toml (targets), of canary files (canaries) or of lineman-pins.toml (pins).

    Editors check a TOML file against it where its first line is: #:schema PATH-OF-THE-SCHEMA
    """
    import json  # noqa: PLC0415 - used here only

    from lineman.cli.schemas import SCHEMAS  # noqa: PLC0415 - pydantic
    from lineman.text import hint  # noqa: PLC0415 - for a wrong name only

    if name not in SCHEMAS:
        fail("config schema", f"there is no schema {name!r}{hint(name, SCHEMAS)}")
    typer.echo(json.dumps(SCHEMAS[name](), indent=2, ensure_ascii=False))


@app.command()
def check(
    path: Annotated[
        Path | None,
        typer.Argument(metavar="PATH", help="Canary file, or folder of them.", show_default="monitors"),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="File with the [targets.NAME] tables.", show_default="lineman.toml")
    ] = None,
) -> None:
    """Validate all that is found: the targets, the pins, canaries and notices. Exit code: 0 sound, 4 not."""
    import os  # noqa: PLC0415 - used here only

    from lineman.cli.probe import load  # noqa: PLC0415 - heavy
    from lineman.monitor.config import MonitorConfigurationError  # noqa: PLC0415 - heavy
    from lineman.monitor.config.loading import target_problems  # noqa: PLC0415 - heavy
    from lineman.monitor.config.thresholds import rules_of  # noqa: PLC0415 - heavy
    from lineman.times import format_ms  # noqa: PLC0415 - used here only

    sound, wrong = _check_targets(config, os.environ)
    wrong += _check_pins()
    try:
        configuration = load(path)
        wrong += [one for one in target_problems(configuration, os.environ) if not any(known in one for known in wrong)]
    except MonitorConfigurationError as error:
        wrong += list(error.problems)
    for problem in wrong:
        typer.echo(problem, err=True)
    if wrong:
        raise typer.Exit(USAGE_ERROR)
    for line in sound:
        typer.echo(line)
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


def _check_targets(config: Path | None, environment: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """A line for each sound target of the file, and one for each problem. No file is no problem, unless it is named."""
    from lineman.configuration import CONFIGURATION_FILE, ConfigurationError, target_names  # noqa: PLC0415 - heavy
    from lineman.suite.requirements import check_target  # noqa: PLC0415 - heavy
    from lineman.suite.run_state import RunOptions  # noqa: PLC0415 - heavy
    from lineman.target import load_target  # noqa: PLC0415 - heavy

    file = config or Path(CONFIGURATION_FILE)
    if config is None and not file.exists():
        return [], []
    try:
        names = target_names(file)
    except ConfigurationError as error:
        return [], [str(error)]
    sound, wrong = [], []
    for name in names:
        try:
            target = load_target(name, None, file, environment)
            check_target(RunOptions(), target)
        except ConfigurationError as error:
            wrong.append(str(error))
        else:
            lacking = "" if target.credentials.usable else "; no credentials are set"
            sound.append(f"{file}: target {name} at {target.base_url}{lacking}")
    return sound, wrong


def _check_pins() -> list[str]:
    from lineman.suite.pins import PINS_FILE, PinsError, read_pins  # noqa: PLC0415 - heavy

    try:
        read_pins(PINS_FILE)
    except PinsError as error:
        return [str(error)]
    return []


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
        fail("explain", str(error))
    typer.echo(f"{found.id} ({found.level})\n\n  {found.title}.\n")
    typer.echo(f"  Where it stands:    {found.where}")
    typer.echo(f"  How it is checked:  {found.how}")
    typer.echo(f"  What breaks it:     {found.breaks}")
