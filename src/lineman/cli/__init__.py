"""The command line. Commands import what they need when they run: a probe must not pay for the suite.

What an import costs in CPU time is the reason of every one that stands in a function and says "heavy" (milliseconds
beyond the interpreter's start, Python 3.11, the best of three; ``python -X importtime`` shows where they go):

=======================================  =====  =======================================  =====
``lineman.cli`` itself                      80  ``lineman.suite.runner`` (pytest)          730
``lineman.monitor.config`` (pydantic)      280  ``schemathesis`` on top of it              190
``lineman.monitor.probe``                  520  ``lineman.report.run_folder`` (Jinja)      360
``lineman.monitor.store`` (SQLAlchemy)     800  ``matplotlib.figure``                      570
``lineman.monitor.daemon``                1260  ``lineman.sandbox`` (SQLAlchemy)           330
``apprise``                                125  ``cryptography.x509``                       60
=======================================  =====  =======================================  =====
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from lineman.cli import config, monitor, report
from lineman.cli.common import UNKNOWN, USAGE_ERROR, missing_extra, tolerate_closed_pipes
from lineman.cli.config import explain
from lineman.cli.init import init
from lineman.cli.probe import probe
from lineman.cli.sandbox import sandbox
from lineman.cli.test import EPILOG, TestCommand, judge

app = typer.Typer(
    name="lineman",
    help="Contract tests and monitoring for the operation queryAccessCodeList.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
app.command("test", cls=TestCommand, epilog=EPILOG)(judge)
app.command()(init)
app.command()(probe)
app.add_typer(monitor.app, name="monitor")
app.command()(sandbox)
app.add_typer(report.app, name="report")
app.add_typer(config.app, name="config")
app.command()(explain)


def _version(value: bool) -> None:
    if value:
        from lineman import __version__  # noqa: PLC0415 - reads the package's metadata

        typer.echo(f"lineman {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Contract tests and monitoring for the operation queryAccessCodeList."""


def main() -> None:
    """Run the command line; a wrong call ends with lineman's own exit code for that."""
    tolerate_closed_pipes()
    usage_error = next(base for base in typer.BadParameter.__mro__ if base.__name__ == "UsageError")
    probing = sys.argv[1:2] == ["probe"]
    usage_error.exit_code = UNKNOWN if probing else USAGE_ERROR  # type: ignore[attr-defined]  # click's own class
    try:
        app()
    except ModuleNotFoundError as error:
        extra = missing_extra(error.name or "", sys.argv[1:2])
        if extra is None:
            raise
        typer.echo(
            f"lineman needs the package {error.name} for this, which is not installed: pip install 'lineman[{extra}]'",
            err=True,
        )
        sys.exit(usage_error.exit_code)  # type: ignore[attr-defined]  # click's own class
