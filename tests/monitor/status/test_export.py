"""`lineman monitor export`: one offline file, from history alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.monitor.status import builders

MAIN = "from lineman.cli import main; main()"
CANARIES = """
[canaries.documented-example]
[canaries.second-line]
[canaries.third]
[monitor]
history = "history.sqlite"
"""


def export(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", MAIN, "monitor", "export", "--monitors", str(folder / "c.toml"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_one_file_without_a_monitor(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(CANARIES)
    builders.all_well(tmp_path / "history.sqlite")
    ran = export(tmp_path, "--output", str(tmp_path / "status.html"))
    assert (ran.returncode, ran.stdout) == (0, "")
    page = (tmp_path / "status.html").read_text(encoding="utf-8")
    assert "Nothing is known of 3 of 3 canaries" in page, "the played history lies in the past"
    for reference in ("http://", "https://", "src=", "@import", "url("):
        assert reference not in page.replace('xmlns="http://www.w3.org/2000/svg"', "")
    other = export(tmp_path, "--history", str(tmp_path / "history.sqlite"))
    assert other.returncode == 0
    assert other.stdout.startswith("<!doctype html>")


def test_no_history_is_told(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(CANARIES)
    ran = export(tmp_path)
    assert ran.returncode == 3
    assert "no history at" in ran.stderr
    (tmp_path / "history.sqlite").write_bytes(b"something else " * 400)
    ran = export(tmp_path)
    assert ran.returncode == 3
    assert "history cannot be read" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_where_it_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(CANARIES)
    builders.no_data(tmp_path / "history.sqlite")
    ran = export(tmp_path, "--output", str(tmp_path / "nowhere" / "status.html"))
    assert ran.returncode == 3
    assert "cannot be written" in ran.stderr
