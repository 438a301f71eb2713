"""``lineman report``: pages and comparisons from the records of runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lineman.cli.common import fail, write_out

app = typer.Typer(
    name="report",
    help="Compare runs, list them, write tickets, join shards, render pages again.",
    no_args_is_help=True,
    add_completion=False,
)

RunPath = Annotated[
    Path, typer.Argument(metavar="RUN", help="A run.json, or the folder that holds it.", show_default=False)
]


class ComparisonFormat(StrEnum):
    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(metavar="A", help="The earlier run: a run.json, or its folder.")],
    now: Annotated[Path, typer.Argument(metavar="B", help="The later run.")],
    format_: Annotated[ComparisonFormat, typer.Option("--format", help="How to show it.")] = ComparisonFormat.TEXT,
    output: Annotated[Path | None, typer.Option("--output", help="Write to this file.", show_default="stdout")] = None,
) -> None:
    """Tell what is newly broken, still broken and fixed in run B against run A."""
    from lineman.report.compare import compare as compare_runs  # noqa: PLC0415 - heavy
    from lineman.report.compare_views import (  # noqa: PLC0415 - heavy
        comparison_html,
        comparison_markdown,
        comparison_text,
    )
    from lineman.report.files import load_run  # noqa: PLC0415 - heavy

    renderers = {
        ComparisonFormat.TEXT: comparison_text,
        ComparisonFormat.MARKDOWN: comparison_markdown,
        ComparisonFormat.HTML: comparison_html,
    }
    with _errors_as_messages():
        comparison = compare_runs(load_run(before), load_run(now))
        _put(renderers[format_](comparison), output)


@app.command()
def index(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder that holds the runs' folders.")],
) -> None:
    """Write DIR/index.html: all runs, newest first, and every clause over the last 30 of them."""
    from lineman.report.runs_index import index as write_index  # noqa: PLC0415 - heavy

    with _errors_as_messages():
        typer.echo(write_index(folder))


@app.command()
def merge(
    shards: Annotated[list[Path], typer.Argument(metavar="RUN...", help="The shards: each a run.json, or its folder.")],
    output: Annotated[Path, typer.Option("--output", help="The folder for the joined run.", show_default=False)],
) -> None:
    """Join shards of one run (same target, document, seed and profile) into one."""
    from lineman.report.files import load_run  # noqa: PLC0415 - heavy
    from lineman.report.run_folder import write_run_files  # noqa: PLC0415 - heavy
    from lineman.report.shards import merge as join  # noqa: PLC0415 - heavy

    with _errors_as_messages():
        joined = join([load_run(path) for path in shards])
        write_run_files(joined, output)
    typer.echo(output / "index.html")


@app.command()
def render(
    run: RunPath,
    output: Annotated[Path | None, typer.Option("--output", help="Another folder.", show_default="the run's")] = None,
    language: Annotated[str, typer.Option("--language", help="Of the tickets: en or zh.")] = "en",
) -> None:
    """Render a run's page and files again from its run.json."""
    from lineman.report.files import load_run  # noqa: PLC0415 - heavy
    from lineman.report.run_folder import write_run_files  # noqa: PLC0415 - heavy

    with _errors_as_messages():
        record = load_run(run)
        folder = output or (run if run.is_dir() else run.parent)
        write_run_files(record, folder, language=language)
    typer.echo(folder / "index.html")


@app.command()
def ticket(
    run: RunPath,
    cause: Annotated[
        str, typer.Argument(metavar="CAUSE", help="Its number in the report, its fingerprint, or a clause it breaks.")
    ] = "1",
    language: Annotated[str, typer.Option("--language", help="en or zh.")] = "en",
    output: Annotated[Path | None, typer.Option("--output", help="Write to this file.", show_default="stdout")] = None,
) -> None:
    """Print the ticket of one cause as Markdown, for the vendor's tracker."""
    from lineman.report.files import load_run  # noqa: PLC0415 - heavy
    from lineman.report.languages import language as find_language  # noqa: PLC0415 - heavy
    from lineman.report.ticket import find_cause, tickets  # noqa: PLC0415 - heavy
    from lineman.report.ticket import ticket as write_ticket  # noqa: PLC0415 - heavy

    with _errors_as_messages():
        record = load_run(run)
        found = find_cause(record, cause)
        if found is None:
            valid = ", ".join(group.lead.clause for group in tickets(record)) or "none: nothing is broken in this run"
            fail("report", f"{run} has no cause {cause!r}; there are: {valid}")
        _put(write_ticket(record, found, find_language(language)), output)


@app.command()
def schema() -> None:
    """Print the JSON Schema of run.json."""
    from lineman.report.run import run_schema  # noqa: PLC0415 - heavy

    typer.echo(json.dumps(run_schema(), indent=2))


@contextmanager
def _errors_as_messages() -> Iterator[None]:
    """Turn what went wrong into one line on stderr and exit code 4."""
    from lineman.report.files import ReportError  # noqa: PLC0415 - heavy
    from lineman.report.languages import UnknownLanguageError  # noqa: PLC0415 - heavy

    try:
        yield
    except (ReportError, UnknownLanguageError) as error:
        fail("report", str(error))


def _put(text: str, output: Path | None) -> None:
    if output is None:
        write_out(text)
        return
    from lineman.report.files import make_folder, write  # noqa: PLC0415 - heavy

    make_folder(output.parent)
    write(output, text.encode("utf-8", "backslashreplace"))
