"""The units hold before systemd's own judge, and fit the program that they start."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "monitors" / "systemd"
INSTANCE = "lineman-probe@documented-example"
SERVICES = ["lineman-monitor.service", f"{INSTANCE}.service"]
UNITS = [*SERVICES, f"{INSTANCE}.timer"]
EXPOSURE = 15
"""Tenths of systemd's exposure level that a service may reach; 100 is a service without any protection."""
PROGRAM = "/opt/lineman/bin/lineman"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """The root of a machine on which lineman is installed as the units expect it."""
    units = tmp_path / "etc/systemd/system"
    shutil.copytree(SHIPPED, units)
    own = tmp_path / "usr/lib/systemd/system"
    own.mkdir(parents=True)
    for target in Path("/lib/systemd/system").glob("*.target"):
        shutil.copy(target, own)
    for program in (PROGRAM, "/bin/kill"):
        path = tmp_path / program.removeprefix("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    return tmp_path


def _analyze(program: str, machine: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, *arguments, f"--root={machine}", *UNITS[: 3 if "verify" in arguments else 2]],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"LC_ALL": "C.UTF-8", "SYSTEMD_COLORS": "0"},
    )


def _verify(program: str, machine: Path) -> subprocess.CompletedProcess[str]:
    return _analyze(program, machine, "verify", "--man=no", "--recursive-errors=yes")


@pytest.mark.parametrize("textfile", [True, False])
def test_systemd_takes_every_unit(systemd_analyze: str, machine: Path, textfile: bool) -> None:
    if not textfile:
        shutil.rmtree(machine / "etc/systemd/system/lineman-probe@.service.d")
    outcome = _verify(systemd_analyze, machine)
    assert (outcome.returncode, outcome.stderr) == (0, "")


@pytest.mark.parametrize(
    ("unit", "right", "wrong", "said"),
    [
        ("lineman-monitor.service", "WatchdogSec=", "WatchdogSecs=", "Unknown key"),
        ("lineman-monitor.service", "/opt/lineman/bin/", "/opt/elsewhere/", "not executable"),
        ("lineman-probe@.service", "%d/", "%q%Q/", "Failed to"),
        ("lineman-probe@.timer", "OnCalendar=minutely", "OnCalendar=every minute", "Failed to parse"),
    ],
)
def test_systemd_does_look(systemd_analyze: str, machine: Path, unit: str, right: str, wrong: str, said: str) -> None:
    path = machine / "etc/systemd/system" / unit
    text = path.read_text("utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong))
    assert said in _verify(systemd_analyze, machine).stderr


def test_services_are_hardened(systemd_analyze: str, machine: Path) -> None:
    outcome = _analyze(systemd_analyze, machine, "security", "--offline=yes", f"--threshold={EXPOSURE}", "--no-pager")
    levels = [float(level) for level in re.findall(r"exposure level for \S+: ([0-9.]+)", outcome.stdout)]
    assert len(levels) == len(SERVICES), outcome.stderr
    assert outcome.returncode == 0, levels
    assert max(levels) * 10 <= EXPOSURE


def test_an_open_service_is_found(systemd_analyze: str, machine: Path) -> None:
    path = machine / "etc/systemd/system/lineman-monitor.service"
    kept = [line for line in path.read_text("utf-8").splitlines() if not re.match("Protect|Private|System|Capab", line)]
    path.write_text("\n".join(kept))
    outcome = _analyze(systemd_analyze, machine, "security", "--offline=yes", f"--threshold={EXPOSURE}", "--no-pager")
    assert outcome.returncode != 0


def test_the_user_is_made(machine: Path) -> None:
    program = shutil.which("systemd-sysusers")
    if program is None:
        pytest.skip("no systemd-sysusers on this machine")
    folder = machine / "etc/sysusers.d"
    folder.mkdir()
    shutil.copy(SHIPPED / "lineman.sysusers.conf", folder / "lineman.conf")
    outcome = subprocess.run(
        [program, f"--root={machine}", "--dry-run"], capture_output=True, text=True, timeout=60, check=False
    )
    assert outcome.returncode == 0, outcome.stderr
    assert "Creating user 'lineman'" in outcome.stderr + outcome.stdout


def _service(path: Path) -> dict[str, list[str]]:
    """The settings of a unit's [Service], each with all its values."""
    section = path.read_text("utf-8").partition("[Service]\n")[2].partition("\n[")[0]
    values: dict[str, list[str]] = {}
    for line in section.splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            values.setdefault(name, []).append(value)
    return values


@pytest.mark.parametrize(
    "path", sorted(SHIPPED.rglob("*.service")) + sorted(SHIPPED.rglob("*.conf")), ids=lambda p: p.name
)
def test_lineman_knows_the_commands(path: Path) -> None:
    commands = [command for command in _service(path).get("ExecStart", []) if command]
    if path.suffix == ".service" or path.parent.suffix == ".d":
        assert commands
    for command in commands:
        program, name, *rest = shlex.split(command)
        assert program == PROGRAM
        helped = subprocess.run(
            [sys.executable, "-c", "from lineman.cli import main; main()", name, "--help"],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"COLUMNS": "200", "NO_COLOR": "1"},
        ).stdout
        assert not [word for word in rest if word.startswith("--") and word not in helped]


def test_both_services_are_confined_alike() -> None:
    monitor, probe = (_service(SHIPPED / name) for name in ("lineman-monitor.service", "lineman-probe@.service"))
    own = {
        "Type",
        "ExecStart",
        "ExecReload",
        "WatchdogSec",
        "Restart",
        "RestartSec",
        "TimeoutStopSec",
        "TimeoutStartSec",
    }
    own |= {"OOMScoreAdjust", "MemoryMax", "TasksMax", "SuccessExitStatus"}
    assert {k: v for k, v in monitor.items() if k not in own} == {k: v for k, v in probe.items() if k not in own}


def test_history_lies_where_the_units_may_write() -> None:
    state = _service(SHIPPED / "lineman-probe@.service")["StateDirectory"][0]
    for path in (SHIPPED / "lineman-probe@.service", SHIPPED / "lineman-probe@.service.d/textfile.conf"):
        command = next(command for command in _service(path)["ExecStart"] if command)
        written = re.findall(r"--(?:history|output) (\S+)/[^/ ]+", command)
        assert written
        for folder in written:
            assert folder.startswith(f"/var/lib/{state}")
