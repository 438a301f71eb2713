"""Where history lies, as an option: never with a password, which every user of the machine could read there."""

from __future__ import annotations

from typing import Annotated

import typer


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
