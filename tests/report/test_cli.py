"""``lineman report`` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lineman.cli.report import app
from lineman.report.files import load_run

from . import builders


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    from lineman.report.run_folder import write_run_files  # noqa: PLC0415 - only here

    write_run_files(builders.failing_run(id="before"), tmp_path / "a")
    write_run_files(builders.make_run(id="now"), tmp_path / "b")
    return tmp_path


def test_compare_prints_text_and_markdown(runs: Path) -> None:
    text = call("compare", runs / "a", runs / "b" / "run.json")
    assert text.exit_code == 0
    assert text.stdout.startswith("0 new, 0 still there, 3 fixed\n")
    markdown = call("compare", runs / "a", runs / "b", "--format", "markdown")
    assert markdown.stdout.startswith("## 0 new, 0 still there, 3 fixed\n")


def test_compare_writes_a_page(runs: Path) -> None:
    assert (
        call("compare", runs / "a", runs / "b", "--format", "html", "--output", runs / "new" / "c.html").exit_code == 0
    )
    assert "3 fixed" in (runs / "new" / "c.html").read_text()


def test_index_and_render_and_merge_say_where_the_page_is(runs: Path) -> None:
    assert call("index", runs).stdout.strip() == str(runs / "index.html")
    (runs / "a" / "index.html").unlink()
    assert call("render", runs / "a").stdout.strip() == str(runs / "a" / "index.html")
    assert (runs / "a" / "index.html").exists()
    assert call("merge", runs / "a", runs / "b", "--output", runs / "m").exit_code == 0
    assert len(load_run(runs / "m").exchanges) == 80


def test_schema_is_the_schema_of_run_json() -> None:
    schema = json.loads(call("schema").stdout)
    assert {"verdict", "exit_code", "clauses", "violations", "observations"} <= set(schema["properties"])


@pytest.mark.parametrize("arguments", [("compare", "no", "where"), ("index", "nowhere"), ("render", "nowhere")])
def test_what_is_not_there_is_one_line_and_exit_code_4(arguments: tuple[str, ...]) -> None:
    result = call(*arguments)
    assert result.exit_code == 4
    assert result.stderr.startswith("lineman report: ")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
