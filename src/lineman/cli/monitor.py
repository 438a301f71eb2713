"""``lineman monitor``: canaries watched for long."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from lineman.cli.common import STALE, UNKNOWN, HistoryOption, fail, write_out
from lineman.files import PUBLIC, write_atomically

app = typer.Typer(name="monitor", help="Watch canaries; say how they are.", add_completion=False)

MonitorsPath = Annotated[
    Path | None,
    typer.Option("--monitors", help="Canary file, or folder of them.", show_default="monitors, or lineman's own"),
]


@app.callback(invoke_without_command=True)
def monitor(context: typer.Context, monitors: MonitorsPath = None) -> None:
    """Watch canaries until SIGTERM; SIGHUP reads the configuration again. Exit code 4: it could not start."""
    if context.invoked_subcommand is not None:
        return
    import asyncio  # noqa: PLC0415 - `status` should not pay for it
    import logging  # noqa: PLC0415 - `status` should not pay for it

    from lineman.monitor.config import MonitorConfigurationError  # noqa: PLC0415 - heavy
    from lineman.monitor.daemon import Daemon  # noqa: PLC0415 - heavy
    from lineman.monitor.store import HistoryError  # noqa: PLC0415 - heavy
    from lineman.monitor.web.app import ListenError  # noqa: PLC0415 - heavy

    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")

    async def watch() -> None:
        service = Daemon(_path(monitors), os.environ)
        service.handle_signals()
        if service.web is not None:
            typer.echo(f"status page and metrics on port {service.web.port}", err=True)
        await service.run()

    try:
        asyncio.run(watch())
    except (MonitorConfigurationError, HistoryError, ListenError) as error:
        fail("monitor", str(error))


@app.command()
def status(
    monitors: MonitorsPath = None,
    history: HistoryOption = None,
) -> None:
    """Say how fresh each canary's results are. Exit code: 0 fresh, 2 stale, 3 no history."""
    import time  # noqa: PLC0415 - used here only

    from lineman.cli.probe import load  # noqa: PLC0415 - heavy
    from lineman.monitor.config import MonitorConfigurationError  # noqa: PLC0415 - heavy
    from lineman.monitor.status.freshness import status_lines  # noqa: PLC0415 - heavy
    from lineman.monitor.store import FAILURES  # noqa: PLC0415 - heavy

    try:
        configuration = load(monitors)
        address = history or configuration.monitor.history
        _require_history(address)
        lines, stale = status_lines(configuration, address, time.time_ns() // 1_000_000)
    except MonitorConfigurationError as error:
        fail("monitor", str(error))
    except FAILURES as error:
        fail("monitor", f"history cannot be read: {str(error).splitlines()[0]}", UNKNOWN)
    for line in lines:
        typer.echo(line)
    raise typer.Exit(STALE if stale else 0)


@app.command()
def export(
    monitors: MonitorsPath = None,
    history: HistoryOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="Write to this file, atomically, instead of standard output.")
    ] = None,
) -> None:
    """Make the status page as one offline file, from history alone. Exit code: 0 written, 3 no history."""
    import time  # noqa: PLC0415 - used here only

    from lineman.cli.probe import load  # noqa: PLC0415 - heavy
    from lineman.monitor.config import MonitorConfigurationError  # noqa: PLC0415 - heavy
    from lineman.monitor.status.rendering import export  # noqa: PLC0415 - heavy
    from lineman.monitor.store import FAILURES  # noqa: PLC0415 - heavy

    try:
        configuration = load(monitors)
        address = history or configuration.monitor.history
        _require_history(address)
        page = export(configuration, address, time.time_ns() // 1_000_000)
    except MonitorConfigurationError as error:
        fail("monitor", str(error))
    except FAILURES as error:
        fail("monitor", f"history cannot be read: {str(error).splitlines()[0]}", UNKNOWN)
    if output is None:
        write_out(page)
        return
    try:
        write_atomically(output, page.encode("utf-8", "backslashreplace"), mode=PUBLIC)
    except OSError as error:
        fail("monitor", f"{output} cannot be written: {error.strerror}", UNKNOWN)
    typer.echo(f"{output}: {len(page.encode()) / 1_000:,.0f} kB", err=True)


def _require_history(address: str) -> None:
    if "://" not in address and not Path(address).is_file():
        fail("monitor", f"no history at {address}: is the monitor running, and does it use this file?", UNKNOWN)


def _path(monitors: Path | None) -> Path:
    from lineman.cli.probe import default_path  # noqa: PLC0415 - heavy

    return monitors if monitors is not None else default_path()
