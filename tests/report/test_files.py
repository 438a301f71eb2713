"""The files of a run's folder: complete, atomic, and errors that say what to do."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from lineman.report.files import ReportError, load_run, write
from lineman.report.run import run_schema
from lineman.report.run_folder import write_run_files
from lineman.report.ticket import FOLDER

from . import builders

NAMES = {"run.json", "index.html", "summary.md", "junit.xml", "ctrf.json", "exchanges.har"}


def test_every_file_is_written_and_none_is_left_over(tmp_path: Path) -> None:
    written = write_run_files(builders.failing_run(), tmp_path / "new" / "run")
    own = {path.name for path in written if path.parent.name != FOLDER}
    assert own == NAMES
    assert len(written) - len(own) == 2, "a ticket for each cause"
    assert {path.name for path in (tmp_path / "new" / "run").iterdir()} == {*NAMES, FOLDER}


def test_a_run_reads_back_as_it_was(tmp_path: Path) -> None:
    run = builders.failing_run()
    write_run_files(run, tmp_path)
    assert load_run(tmp_path) == run
    assert load_run(tmp_path / "run.json") == run


def test_run_json_is_valid_against_its_published_schema(tmp_path: Path) -> None:
    import jsonschema  # noqa: PLC0415 - only here

    write_run_files(builders.waived_run(), tmp_path)
    jsonschema.Draft202012Validator(run_schema()).validate(json.loads((tmp_path / "run.json").read_bytes()))


def test_a_hostile_run_reads_back(tmp_path: Path) -> None:
    write_run_files(builders.hostile_run(), tmp_path)
    actual = load_run(tmp_path).violations[0].actual
    assert actual[builders.HOSTILE][1] == "\\ud800 lone"


def test_a_previous_run_becomes_the_baseline(tmp_path: Path) -> None:
    before = builders.failing_run(id="before")
    write_run_files(builders.failing_run(violations=before.violations[:1]), tmp_path, previous=before)
    run = load_run(tmp_path)
    assert run.baseline == "before"
    assert [one.change for one in run.violations] == ["still"]
    assert len(run.fixed) == 2


def test_the_raw_page_of_the_tests_is_linked_where_there_is_one(tmp_path: Path) -> None:
    write_run_files(builders.make_run(), tmp_path)
    assert "pytest.html" not in (tmp_path / "index.html").read_text()
    (tmp_path / "pytest.html").write_text("")
    write_run_files(builders.make_run(), tmp_path)
    assert '<a href="pytest.html">' in (tmp_path / "index.html").read_text()


def test_rendering_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    first = write_run_files(builders.failing_run(), tmp_path / "a")
    second = write_run_files(builders.failing_run(), tmp_path / "b")
    assert {path.name: path.read_bytes() for path in first} == {path.name: path.read_bytes() for path in second}


def test_a_folder_that_is_a_file_is_one_clear_message(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(ReportError, match=r"cannot create the report folder .*taken.*: .*give another folder"):
        write_run_files(builders.make_run(), tmp_path / "taken")


@pytest.mark.parametrize(
    ("number", "advice"),
    [(errno.ENOSPC, "the disk is full: free some space"), (errno.EACCES, "permission denied: give a folder")],
)
def test_what_the_disk_refuses_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, advice: str
) -> None:
    (tmp_path / "kept.txt").write_bytes(b"old")

    def refuse(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(ReportError, match=f"cannot write .*kept.txt: {advice}"):
        write(tmp_path / "kept.txt", b"new")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("kept.txt", b"old")]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema_version": 1, "id": 7}'])
def test_what_is_no_run_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(ReportError, match=r"is not a run of lineman.*give a run.json or its folder") as caught:
        load_run(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_missing_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"cannot read the run .*: there is no such file or folder: check the path"):
        load_run(tmp_path / "nowhere")


def test_rendering_again_takes_away_tickets_of_other_causes_and_nothing_else(tmp_path: Path) -> None:
    old = builders.violation("limit.zero", fingerprint="limit.zero-0123456789")
    new = builders.violation("limit.clamp", fingerprint="limit.clamp-0123456789")
    write_run_files(builders.failing_run(violations=[old]), tmp_path)
    (tmp_path / "tickets/notes.md").write_text("mine")
    write_run_files(builders.failing_run(violations=[new]), tmp_path)
    assert sorted(one.name for one in (tmp_path / "tickets").iterdir()) == ["limit.clamp-0123456789.md", "notes.md"]
    write_run_files(builders.make_run(), tmp_path)
    assert [one.name for one in (tmp_path / "tickets").iterdir()] == ["notes.md"]
