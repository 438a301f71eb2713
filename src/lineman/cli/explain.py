"""``lineman explain``: a clause in words, from the same catalogue as the report."""

from __future__ import annotations

from typing import Annotated

import typer

_USAGE_ERROR = 4


def explain(
    clause: Annotated[
        str | None, typer.Argument(help="A clause id, such as limit.clamp; without one all are listed.")
    ] = None,
) -> None:
    """Say what a clause promises, where it stands, how it is checked and what breaks it."""
    from lineman.contract.catalogue import UnknownClauseError, catalogue  # noqa: PLC0415 - only this command needs it
    from lineman.contract.catalogue import clause as find  # noqa: PLC0415

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
