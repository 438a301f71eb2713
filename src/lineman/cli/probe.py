"""``lineman probe``: one canary once, for cron, timers and CronJobs."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from lineman.cli.common import UNKNOWN, fail, without_password, write_out
from lineman.files import PUBLIC, write_atomically

if TYPE_CHECKING:
    from lineman.monitor.config.models import Canary, Configuration, MonitorSettings
    from lineman.monitor.result import ProbeResult


class ProbeFormat(StrEnum):
    TEXT = "text"
    JSON = "json"
    NAGIOS = "nagios"
    OPENMETRICS = "openmetrics"


def probe(
    canary: Annotated[str, typer.Argument(help="Name of a canary.", show_default=False)],
    format_: Annotated[ProbeFormat, typer.Option("--format", help="How to show the result.")] = ProbeFormat.TEXT,
    monitors: Annotated[
        Path | None,
        typer.Option("--monitors", help="Canary file, or folder of them.", show_default="monitors, or lineman's own"),
    ] = None,
    history: Annotated[
        str | None,
        typer.Option(
            "--history",
            callback=without_password,
            help="Keep the result, and tell notices: a file or an SQLAlchemy URL.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="Write to this file, atomically, instead of standard output.")
    ] = None,
) -> None:
    """Probe a canary once. Exit code: 0 ok, 1 degraded, 2 failed, 3 unknown."""
    import asyncio  # noqa: PLC0415 - a wrong call should not pay for it

    from lineman.monitor.config import MonitorConfigurationError  # noqa: PLC0415 - heavy
    from lineman.monitor.probe import probe_once  # noqa: PLC0415 - heavy

    try:
        configuration = load(monitors)
    except MonitorConfigurationError as error:
        _unknown(str(error), format_)
    known = configuration.canaries.get(canary)
    if known is None:
        from lineman.text import hint  # noqa: PLC0415 - only for a wrong name

        _unknown(f"no canary is called {canary!r}{hint(canary, configuration.canaries)}", format_)
    result = asyncio.run(probe_once(known, os.environ))
    _show(_render(result, known, format_, configuration.monitor, output), output, format_)
    if history is not None:
        from lineman.monitor.oneshot import keep  # noqa: PLC0415 - SQLAlchemy is heavy

        for complaint in keep(history, configuration, known, result, monitors or default_path()):
            typer.echo(f"lineman probe: {complaint}", err=True)
    raise typer.Exit(result.verdict.exit_code)


def load(monitors: Path | None) -> Configuration:
    """The configuration of a path, of ``monitors`` in the working directory, or lineman's own.

    Raises:
        MonitorConfigurationError: it does not hold.
    """
    from lineman.monitor.config import load_configuration  # noqa: PLC0415 - heavy

    return load_configuration(default_path() if monitors is None else monitors)


def default_path() -> Path:
    """``monitors`` in the working directory where it holds canaries, or else lineman's own canary."""
    from lineman.resources import resource  # noqa: PLC0415 - used here only

    local = Path("monitors")
    return local if any(local.glob("*.toml")) else resource("monitors/canary.toml")


def _render(
    result: ProbeResult, canary: Canary, format_: ProbeFormat, settings: MonitorSettings, output: Path | None
) -> str:
    if format_ is ProbeFormat.JSON:
        import json  # noqa: PLC0415 - one format of four

        return json.dumps(result.as_dict(), ensure_ascii=False, indent=2) + "\n"
    if format_ is ProbeFormat.NAGIOS:
        from lineman.monitor.formats.text import plugin_line  # noqa: PLC0415 - one format of four

        return plugin_line(result, canary) + "\n"
    if format_ is ProbeFormat.OPENMETRICS:
        from lineman.monitor.formats.openmetrics import openmetrics, probe_seen  # noqa: PLC0415 - one format of four

        return openmetrics(probe_seen(canary, settings, result, output))
    from lineman.monitor.formats.text import text  # noqa: PLC0415 - one format of four

    return text(result) + "\n"


def _show(content: str, output: Path | None, format_: ProbeFormat) -> None:
    if output is None:
        write_out(content)
        return
    try:
        write_atomically(output, content.encode("utf-8", "backslashreplace"), mode=PUBLIC)
    except OSError as error:
        _unknown(f"{output} cannot be written: {error.strerror}", format_)


def _unknown(message: str, format_: ProbeFormat) -> NoReturn:
    """Say why nothing was measured: on standard output for a plugin's caller, else on standard error."""
    if format_ is ProbeFormat.NAGIOS:
        first, *rest = message.splitlines()
        typer.echo("\n".join([f"LINEMAN UNKNOWN: {first}", *rest]))
        raise typer.Exit(UNKNOWN)
    fail("probe", message, UNKNOWN)
