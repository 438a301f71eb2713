"""What several commands share: exit codes, the way to fail, the option for history, output whose reader may go away."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn, TextIO

import typer

INTERRUPTED = 2
"""Of ``test``."""
STALE = 2
"""Of ``monitor status``: the newest result is too old."""
UNKNOWN = 3
"""Monitoring plugins say UNKNOWN where nothing was measured, and where they were called wrongly."""
USAGE_ERROR = 4


def fail(command: str, message: str, code: int = USAGE_ERROR) -> NoReturn:
    """Say on standard error what is wrong and what to do, and end with an exit code."""
    for line in message.splitlines():
        typer.echo(f"lineman {command}: {line}", err=True)
    raise typer.Exit(code) from None


def write_out(text: str) -> None:
    """Write text to standard output as UTF-8, whatever the terminal's encoding."""
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stdout.flush()


def without_password(given: str | None) -> str | None:
    """Refuse a URL that holds a password.

    Raises:
        typer.BadParameter: it does.
    """
    if given is not None and "://" in given:
        from lineman.monitor.config.history_address import holds_password, redacted  # noqa: PLC0415 - for URLs only

        if holds_password(given):
            raise typer.BadParameter(
                f"{redacted(given)} holds a password, which everyone on this machine can read in the list of "
                "processes: "
                "leave it out and put it into the file that PGPASSFILE names"
            )
    return given


HistoryOption = Annotated[
    str | None,
    typer.Option(
        "--history", callback=without_password, help="A file or an SQLAlchemy URL.", show_default="[monitor] history"
    ),
]
"""The option of commands that read history."""


_OF_MONITOR = {"apprise", "cryptography", "prometheus_client", "tzdata"}
_OF_BOTH = {"sqlalchemy", "starlette", "uvicorn"}
"""Packages that the sandbox and the monitor need."""


def missing_extra(module: str, command: Sequence[str]) -> str | None:
    """The extra that has a module which is not installed; None for a module that every installation has."""
    package = module.partition(".")[0]
    if package == "psycopg":
        return "postgres"
    if package == "matplotlib":
        return "plots"
    if package in _OF_BOTH:
        return "sandbox" if list(command) in (["test"], ["sandbox"]) else "monitor"
    return "monitor" if package in _OF_MONITOR else None


class _Pipe(io.FileIO):
    """A stream whose reader may go away, as ``head`` does: what it would have read then goes nowhere."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            return len(data)


def tolerate_closed_pipes() -> None:
    """Let standard output and error outlive their readers, so that a verdict does not depend on who looks at it."""
    sys.stdout, sys.stderr = _tolerant(sys.stdout), _tolerant(sys.stderr)


def _tolerant(stream: TextIO) -> TextIO:
    try:
        number = stream.fileno()
    except (AttributeError, OSError, ValueError):
        return stream  # closed, or no file at all
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Pipe(number, "wb", closefd=False)),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=True,
    )
