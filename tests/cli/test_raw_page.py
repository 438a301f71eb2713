"""The raw page of the tests, and a failure of lineman itself: no secret, no value of a variable, no link followed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.proof.harness import Judged, judge

from lineman.contract.checks import run_checks
from lineman.exchange import Exchange
from lineman.sandbox import SandboxOptions, credentials
from lineman.suite.run_state import RunOptions

SECRET = credentials(SandboxOptions())[0].app_secret
SMOKE = RunOptions(profile="smoke")


def breaking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have lineman fail on the fifteenth answer, with a secret in the exception and in a variable."""
    seen: list[int] = []

    def failing(exchange: Exchange) -> Any:
        seen.append(exchange.number)
        variable_of_the_frame = f"value {SECRET}"
        if len(seen) == 15:
            raise ValueError(f"invalid literal: {variable_of_the_frame!r} {'x' * 500_000}")
        return run_checks(exchange)

    monkeypatch.setattr("lineman.suite.service.run_checks", failing)


def test_a_failure_of_lineman_shows_no_values(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    breaking(monkeypatch)
    judged: Judged = judge(SandboxOptions(), SMOKE, report_dir=tmp_path)
    page = (tmp_path / "pytest.html").read_text("utf-8")
    assert judged.run.exit_code == 3
    assert "lineman itself failed" in judged.run.explanation
    assert len(judged.run.explanation) < 200_000
    assert "invalid literal" in page
    for text in (page, judged.run.model_dump_json()):
        assert SECRET not in text
        assert "Service(" not in text
        assert "exchange = " not in text


def test_the_raw_page_replaces_a_link_and_is_not_for_everybody(tmp_path: Path) -> None:
    other = tmp_path / "precious"
    other.write_text("keep me")
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "pytest.html").symlink_to(other)
    judge(SandboxOptions(), RunOptions(profile="smoke", only=("answer.json",)), report_dir=folder)
    assert other.read_text() == "keep me"
    assert not (folder / "pytest.html").is_symlink()
    assert (folder / "pytest.html").stat().st_mode & 0o027 == 0
    assert "lineman: the clauses, by pytest-html" in (folder / "pytest.html").read_text("utf-8")
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]
