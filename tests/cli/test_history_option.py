"""``--history`` wherever it is an option."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("command", "code"),
    [(("probe", "documented-example"), 3), (("monitor", "status"), 4), (("monitor", "export"), 4)],
)
@pytest.mark.parametrize("url", ["postgresql://watch:hunter2@db/x", "postgresql://db/x?user=watch&password=hunter2"])
def test_a_password_on_the_command_line_is_refused(
    tmp_path: Path, command: tuple[str, ...], code: int, url: str
) -> None:
    """When a URL holds a password, then it is refused with what to do, and not repeated."""
    done = subprocess.run(
        [sys.executable, "-m", "lineman", *command, "--history", url],
        cwd=tmp_path,
        env={"COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )
    told = done.stdout + done.stderr
    assert done.returncode == code
    assert "PGPASSFILE" in told
    assert "hunter2" not in told
    assert "Traceback" not in told
