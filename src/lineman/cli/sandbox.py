"""``lineman sandbox``: serve the documented operation on this machine."""

from __future__ import annotations

import shlex
import signal
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lineman.cli.common import fail

if TYPE_CHECKING:
    from lineman.sandbox import SandboxOptions


def sandbox(  # noqa: PLR0913 - one parameter an option
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 picks a free one.")] = 8080,
    records: Annotated[int, typer.Option(help="How many access codes tenant one has, up to a million.")] = 236,
    seed: Annotated[int, typer.Option(help="Seed of the records and of the credentials.")] = 1,
    latency: Annotated[str, typer.Option(help="Added to every answer: seconds, or such as 150ms.")] = "0",
    dialect: Annotated[
        list[str] | None, typer.Option(metavar="CLAUSE=ANSWER", help="Answer to an open question.")
    ] = None,
    fault: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Break a promise on purpose.")] = None,
    variant: Annotated[list[str] | None, typer.Option(metavar="NAME", help="An honest difficulty.")] = None,
    outage: Annotated[str | None, typer.Option(metavar="NAME", help="A way to be down.")] = None,
    database: Annotated[Path | None, typer.Option(help="Keep the records in this SQLite file, not in memory.")] = None,
    change_every: Annotated[str | None, typer.Option(help="Change the list at this interval, such as 2s.")] = None,
    list_faults: Annotated[bool, typer.Option("--list-faults", help="List the faults and exit.")] = False,
    list_dialects: Annotated[bool, typer.Option("--list-dialects", help="List the open questions and exit.")] = False,
    list_variants: Annotated[bool, typer.Option("--list-variants", help="List variants and outages and exit.")] = False,
) -> None:
    """Serve the documented operation on this machine: honest by default, faulty on demand."""
    from lineman.sandbox import SandboxOptionError, SandboxOptions, parse_dialects, parse_seconds  # noqa: PLC0415 - slow

    if list_faults or list_dialects or list_variants:
        _print(_listing(faults=list_faults, dialects=list_dialects, variants=list_variants))
        return
    try:
        options = SandboxOptions(
            records=records,
            seed=seed,
            latency=parse_seconds(latency, "latency"),
            dialects=parse_dialects(dialect or ()),
            faults=tuple(fault or ()),
            variants=tuple(variant or ()),
            outage=outage,
            database=database,
            change_every=None if change_every is None else parse_seconds(change_every, "change-every"),
        )
        _serve_until_stopped(options, port)
    except SandboxOptionError as error:
        fail("sandbox", str(error))


def _serve_until_stopped(options: SandboxOptions, port: int) -> None:
    """Print the environment, and serve until SIGINT or SIGTERM."""
    from lineman.sandbox import serve  # noqa: PLC0415 - slow to import, and the listings do without

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with serve(options, port) as running:
        _print(f"export {name}={shlex.quote(value)}" for name, value in running.environment.items())
        typer.echo(f"lineman sandbox: serving {running.base_url}, end with Ctrl-C", err=True)
        stop.wait()


def _print(lines: Iterable[str]) -> None:
    """One write, flushed: a script that reads our output sees all of it at once."""
    typer.echo("\n".join(lines))


def _listing(*, faults: bool, dialects: bool, variants: bool) -> list[str]:
    """The names that options take, with what they mean."""
    from lineman.sandbox import DIALECTS, FAULTS, OUTAGES, VARIANTS  # noqa: PLC0415 - slow to import

    lines: list[str] = []
    if faults:
        known = sorted(FAULTS.values(), key=lambda fault: (fault.clause, fault.name))
        lines += [f"{fault.clause:22} {fault.name:30} {fault.summary}" for fault in known]
    if dialects:
        for clause, answers in DIALECTS.items():
            lines.append(f"{clause}={answers[0].name} (default): {answers[0].summary}")
            lines += [f"{clause}={answer.name}: {answer.summary}" for answer in answers[1:]]
    if variants:
        lines += [f"--variant {variant.name}: {variant.summary}" for variant in VARIANTS.values()]
        lines += [f"--outage {outage.name}: {outage.summary}" for outage in OUTAGES.values()]
    return lines
