"""The units under a real systemd: the machine that the operators' page makes, booted in a container of its own.

``python -m benchmarks.systemd_boot`` runs it, as root, where Debian's package systemd-container is installed.
Prints what holds.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.deployment.container import PACKAGES
from tests.deployment.page import ROOT, of_kind
from tests.deployment.test_installation import Machine

from lineman.sandbox import SandboxOptions, credentials

SANDBOX = """
[Service]
ExecStart=/opt/lineman/bin/lineman sandbox --port 8080
DynamicUser=yes
"""
DRIVER = """
[Unit]
After=basic.target
[Service]
Type=oneshot
ExecStart=/bin/bash /run-me.sh
ExecStopPost=/bin/systemctl poweroff --force --force
"""
SCRIPT = """
exec >/shown 2>&1
until_it() { for _ in $(seq 100); do eval "$1" && return; sleep 0.2; done; echo "never: $1"; }
show() { systemctl show --property "$1" lineman-monitor.service; }
systemctl start sandbox.service
until_it 'curl --silent --output /dev/null http://127.0.0.1:8080/'
systemctl start lineman-monitor.service && echo started: $?
until_it '/opt/lineman/bin/lineman monitor status --monitors /etc/lineman/monitors | grep "hotline: ok"'
until_it '[ "$(systemctl show --property WatchdogTimestampMonotonic --value lineman-monitor.service)" != 0 ]'
show StatusText
pid=$(systemctl show --property MainPID --value lineman-monitor.service)
grep -E '^(NoNewPrivs|CapEff|Seccomp):' /proc/$pid/status
stat --format '%n %U %a' /var/lib/lineman/history.sqlite /proc/$pid
systemctl reload lineman-monitor.service && echo reloaded: $?
until_it 'journalctl --unit lineman-monitor.service | grep "configuration was read anew"'
kill -KILL $pid
until_it '[ "$(systemctl show --property NRestarts --value lineman-monitor.service)" = 1 ]'
until_it '[ "$(systemctl is-active lineman-monitor.service)" = active ]'
show NRestarts
systemctl start lineman-probe@hotline.service; echo probe: $?
ls /var/lib/lineman/textfile
systemctl stop sandbox.service
systemctl start lineman-probe@hotline.service; echo probe of an outage: $?
systemctl stop lineman-monitor.service
show Result
journalctl --output cat --unit 'lineman-*'
"""
EXPECTED = {
    "it is started, and says so itself": r"started: 0",
    "it watches": r"hotline: ok",
    "systemd knows how many canaries": r"StatusText=watching 1 canar",
    "it has no capability": r"CapEff:\s*0000000000000000",
    "it can get no privilege": r"NoNewPrivs:\s*1",
    "its system calls are filtered": r"Seccomp:\s*2",
    "history is its own, and nobody else's": r"history\.sqlite lineman 600",
    "it reloads": r"reloaded: 0[\s\S]*configuration was read anew",
    "killed, it is started again": r"NRestarts=1",
    "a probe ends well": r"probe: 0",
    "a probe leaves its metrics": r"^hotline\.prom$",
    "a probe that fails is a unit that failed": r"probe of an outage: 1",
    "it leaves when told to": r"Result=success",
}
FORBIDDEN = {"a traceback": r"Traceback", "something that never came": r"^never: ", "the secret": ""}


def main() -> int:
    """Boot, and return 0 where everything holds."""
    nspawn, bwrap = shutil.which("systemd-nspawn"), shutil.which("bwrap")
    if nspawn is None or bwrap is None or os.geteuid() != 0:
        sys.stderr.write("this needs root and Debian's packages systemd-container and bubblewrap\n")
        return 4
    own = credentials(SandboxOptions())[0]
    with tempfile.TemporaryDirectory(dir="/var/tmp", ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        root.chmod(0o755)
        machine = Machine(root, bwrap)
        for block in of_kind("machine"):
            machine.run(block.script, typed=own.app_secret if block.rule == "typed" else "")
        _furnish(root, own.app_key)
        binds = [f"--bind-ro={path}" for path in sorted({"/usr", sys.base_prefix, PACKAGES})]
        console = subprocess.run(
            [nspawn, f"--directory={root}", *binds, "--private-network", "--boot", "--register=no", "--keep-unit"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        shown = root / "shown"
        text = shown.read_text("utf-8") if shown.exists() else console.stdout + console.stderr
    forbidden = FORBIDDEN | {"the secret": re.escape(own.app_secret)}
    outcomes = {what: bool(re.search(pattern, text, re.MULTILINE)) for what, pattern in EXPECTED.items()}
    outcomes |= {
        f"no sign of {what}": not re.search(pattern, text, re.MULTILINE) for what, pattern in forbidden.items()
    }
    for what, holds in outcomes.items():
        sys.stdout.write(f"{'ok' if holds else 'NOT SO':8}{what}\n")
    if not all(outcomes.values()):
        sys.stdout.write(f"\n{text}\n")
    return 0 if all(outcomes.values()) else 1


def _furnish(root: Path, app_key: str) -> None:
    """What the page leaves to the machine, a target on it, and a service that tries everything out."""
    for name in ("bin", "lib", "lib64", "sbin"):
        (root / name).symlink_to(f"usr/{name}")
    for folder in ("usr", "proc", "sys", "dev", "tmp", "var/tmp", "var/log/journal"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    shutil.copy("/usr/lib/os-release", root / "etc/os-release")
    (root / "etc/machine-id").touch()
    for path in ("etc/nsswitch.conf", "etc/ld.so.cache"):
        shutil.copy(f"/{path}", root / path)
    (root / "etc/lineman/environment").write_text(
        f"LINEMAN_BASE_URL=http://127.0.0.1:8080\nLINEMAN_APP_KEY={app_key}\n"
    )
    (root / "etc/lineman/monitors/canaries.toml").unlink()
    canary = (ROOT / "monitors/first/hotline.toml").read_text("utf-8")
    history = 'history = "/var/lib/lineman/history.sqlite"'
    (root / "etc/lineman/monitors/hotline.toml").write_text(
        re.sub(r"^history = .*", history, canary, flags=re.MULTILINE)
    )
    (library,) = (root / "opt/lineman/lib").glob("python3*")
    (library / "site-packages/dependencies.pth").write_text(PACKAGES + "\n")
    units = root / "etc/systemd/system"
    for wants in units.glob("*.wants/lineman-*"):
        wants.unlink()  # the driver starts them, one after the other
    (units / "sandbox.service").write_text(SANDBOX)
    (units / "driver.service").write_text(DRIVER)
    (root / "run-me.sh").write_text(SCRIPT)
    (units / "multi-user.target.wants/driver.service").symlink_to("../driver.service")
    (units / "default.target").symlink_to("/usr/lib/systemd/system/multi-user.target")


if __name__ == "__main__":
    sys.exit(main())
