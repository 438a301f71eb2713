"""A run whose process is killed: what it saw until then can still be read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.monitor.test_daemon import wait_for

from lineman.report.files import ReportError, load_run
from lineman.report.journal import JOURNAL_FILE


def _exchanges(journal: Path) -> int:
    return journal.read_text("utf-8").count('{"exchange":') if journal.exists() else 0


def test_a_killed_run_can_be_rendered(tmp_path: Path) -> None:
    """When the process is killed, then render makes pages of every exchange of the journal, with no verdict."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("LINEMAN_", "GITHUB_"))}
    command = [sys.executable, "-m", "lineman"]
    options = ["test", "--sandbox", "--rate", "40", "--report-dir", "run"]
    with subprocess.Popen([*command, *options], cwd=tmp_path, env=clean, stdout=subprocess.DEVNULL) as process:
        wait_for(lambda: _exchanges(tmp_path / "run" / JOURNAL_FILE) >= 30, 120)
        process.kill()
    seen = _exchanges(tmp_path / "run" / JOURNAL_FILE)
    subprocess.run([*command, "report", "render", "run"], cwd=tmp_path, env=clean, check=True, timeout=120)
    run = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))
    assert (run["verdict"], run["exit_code"]) == ("no-verdict", 2)
    assert seen - 1 <= run["requests"] == len(run["exchanges"]) <= seen, "the last line may have been cut"
    assert "process ended before its verdict" in (tmp_path / "run" / "index.html").read_text("utf-8")
    assert not (tmp_path / "run" / JOURNAL_FILE).exists()


@pytest.mark.parametrize("content", ["", '{"exchange": {"number": 1}}\n', '{"run": {"cut'])
def test_a_journal_without_a_state_is_no_run(tmp_path: Path, content: str) -> None:
    (tmp_path / JOURNAL_FILE).write_text(content)
    with pytest.raises(ReportError, match="is not a run of lineman"):
        load_run(tmp_path)
