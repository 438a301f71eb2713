"""The page's commands for systemd, cron, backup and upgrade, executed as root of an empty machine without a network."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from tests.deployment.container import WITHOUT_NETWORK
from tests.deployment.page import ROOT, cron_commands, of_kind

SECRET = "planted-secret-of-the-page"
FOLDERS = ("etc", "opt", "var", "run", "root")
TARGET = """
lineman sandbox --port 8080 >/tmp/target 2>/tmp/target.log & target=$!
until grep -q SECOND_APP_SECRET /tmp/target; do sleep 0.1; done
. /tmp/target
"""


SYSTEMCTL = """#!/bin/sh
# There is no service manager: what it would start or stop has to be a unit that is installed.
case $1 in
start | stop | restart) [ -e "/etc/systemd/system/$2" ] ;;
enable) [ "$2" = --now ] && /usr/bin/systemctl enable "$3" ;;
*) exec /usr/bin/systemctl "$@" ;;
esac
"""


class Machine:
    """The machine's own folders lie below ``root``; a script runs in them as root."""

    def __init__(self, root: Path, bwrap: str) -> None:
        self.root = root
        self._bwrap = bwrap
        for folder in ("etc/systemd/system", "opt", "run", "root", "var/lib/lineman/textfile", "var/backups"):
            (root / folder).mkdir(parents=True)
        (root / "run/systemctl").write_text(SYSTEMCTL)
        (root / "run/systemctl").chmod(0o755)

    def run(self, script: str, typed: str = "") -> str:
        """Run a script whose every command has to succeed, and return what it showed."""
        walls = ["--unshare-all", "--die-with-parent", "--clearenv", "--uid", "0", "--gid", "0"]
        walls += ["--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]  # noqa: S108 - the room's
        for name in ("bin", "lib", "lib64", "sbin"):
            walls += ["--symlink", f"usr/{name}", f"/{name}"]
        for path in (sys.base_prefix, sys.prefix, str(ROOT)):
            walls += ["--ro-bind", path, path]
        for folder in FOLDERS:
            walls += ["--bind", str(self.root / folder), f"/{folder}"]
        environment = {
            "PATH": f"/run:/opt/lineman/bin:{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": "/root",
            "SYSTEMD_OFFLINE": "1",
            "PIP_NO_BUILD_ISOLATION": "false",  # pip's word for "switch it off"
            "PYTHONDONTWRITEBYTECODE": "1",
            **WITHOUT_NETWORK,
        }
        variables = [word for name, value in environment.items() for word in ("--setenv", name, value)]
        outcome = subprocess.run(
            [self._bwrap, *walls, *variables, "--chdir", str(ROOT), "bash", "-euo", "pipefail", "-c", script],
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert outcome.returncode == 0, f"{script}\n{outcome.stdout}\n{outcome.stderr}"
        return outcome.stdout + outcome.stderr


def test_the_page_makes_a_machine_that_watches(bwrap: str, systemd_analyze: str, tmp_path: Path) -> None:
    """One test, because the machine takes a while: the page is followed from installation to upgrade."""
    machine = Machine(tmp_path, bwrap)
    for block in of_kind("machine"):
        machine.run(block.script, typed=f"{SECRET}\n" if block.rule == "typed" else "")
    _units_are_installed_and_enabled(machine, systemd_analyze)
    _the_secret_lies_in_one_file_for_root_alone(machine)
    _cron_backup_and_restore_work(machine)


def _units_are_installed_and_enabled(machine: Machine, systemd_analyze: str) -> None:
    units = machine.root / "etc/systemd/system"
    assert (units / "multi-user.target.wants/lineman-monitor.service").is_symlink()
    assert (units / "timers.target.wants/lineman-probe@documented-example.timer").is_symlink()
    own = machine.root / "usr/lib/systemd/system"
    own.mkdir(parents=True)
    for target in Path("/lib/systemd/system").glob("*.target"):
        shutil.copy(target, own)
    (machine.root / "bin").mkdir()
    shutil.copy("/bin/kill", machine.root / "bin")
    outcome = subprocess.run(
        [systemd_analyze, "verify", "--man=no", f"--root={machine.root}", "lineman-monitor.service",
         "lineman-probe@documented-example.timer", "lineman-probe@documented-example.service"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )  # fmt: skip
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert "lineman:" in (machine.root / "etc/passwd").read_text("utf-8")


def _the_secret_lies_in_one_file_for_root_alone(machine: Machine) -> None:
    file = machine.root / "etc/lineman/app-secret"
    assert file.read_text("utf-8").strip() == SECRET
    assert file.stat().st_mode & 0o777 == 0o600
    holding = [
        path for path in (machine.root / "etc").rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()
    ]
    assert holding == [file]


def _cron_backup_and_restore_work(machine: Machine) -> None:
    plugin, textfile = cron_commands()
    backup, restore = of_kind("history")
    count = "echo results: $(sqlite3 /var/lib/lineman/history.sqlite 'SELECT count(*) FROM results')"
    # Cron gives its commands to sh, each to one of its own.
    probes = [f"sh -c {shlex.quote(command)}" for command in (plugin, textfile)]
    steps = [TARGET, *probes, count, backup.script, probes[0], count, restore.script, count]
    status = "lineman monitor status --monitors /etc/lineman/monitors || [ $? = 2 ]"
    shown = machine.run("\n".join([*steps, status, "kill $target; wait $target || true"]))
    assert shown.count("LINEMAN OK") == 2
    assert re.findall(r"results: (\d+)", shown) == ["1", "2", "1"], "written, written again, and as it was"
    assert "documented-example: ok" in shown
    assert "probe_success" in (machine.root / "var/lib/lineman/textfile/hotline.prom").read_text("utf-8")
