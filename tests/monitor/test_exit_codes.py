"""``lineman probe`` as a process: the exit code of every verdict, in every format."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.monitor.servers import RECORD, answer, send, vendor

MAIN = "from lineman.cli import main; main()"
CANARY = '[canaries.subject]\ninterval = "3s"\ntimeout = "2s"\nretry = false\nlatency = { degraded = "%s" }\n'


@pytest.mark.parametrize(
    ("status", "degraded", "code", "format_", "said"),
    [
        (200, "1s", 0, "text", "OK: subject: answered"),
        (200, "0.001ms", 1, "nagios", "LINEMAN WARNING: subject: "),
        (503, "1s", 2, "json", '"verdict": "failed"'),
        (429, "1s", 3, "openmetrics", 'probe_verdict{canary="subject",'),
    ],
)
def test_each_verdict_has_its_exit_code(
    tmp_path: Path, status: int, degraded: str, code: int, format_: str, said: str
) -> None:
    (tmp_path / "c.toml").write_text(CANARY % degraded)
    with vendor() as service:
        service.query = lambda handler, _: send(handler, status, answer(RECORD) if status == 200 else {})
        ran = subprocess.run(
            [sys.executable, "-c", MAIN, "probe", "subject", "--monitors", str(tmp_path), "--format", format_],
            env={**os.environ, **service.environment},
            capture_output=True,
            text=True,
            check=False,
        )
    assert (ran.returncode, ran.stderr) == (code, "")
    assert said in ran.stdout


def test_a_service_that_nobody_serves_and_credentials_that_nobody_gave(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(CANARY % "1s")
    bare = {name: value for name, value in os.environ.items() if not name.startswith("LINEMAN_")}
    ends = {}
    for name, environment in {
        "refused": {"LINEMAN_BASE_URL": "http://127.0.0.1:1", "LINEMAN_TOKEN": "a-ready-token"},
        "bare": {"LINEMAN_BASE_URL": "http://127.0.0.1:1"},
        "nothing": {},
    }.items():
        command = [sys.executable, "-c", MAIN, "probe", "subject", "--monitors", str(tmp_path)]
        ran = subprocess.run(command, env={**bare, **environment}, capture_output=True, text=True, check=False)
        assert "Traceback" not in ran.stderr
        ends[name] = ran.returncode
    assert ends == {"refused": 2, "bare": 3, "nothing": 3}
