"""The real tools that judge what an operator deploys; their absence in CI is a failure."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _missing(message: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def systemd_analyze() -> str:
    """Debian's package systemd has it; no service manager need run."""
    found = shutil.which("systemd-analyze")
    return found or _missing("no systemd-analyze on this machine: the units are not verified")


@pytest.fixture(scope="session")
def kubectl() -> str:
    """A kubectl with a kustomize of today; no cluster need be there."""
    outcome = subprocess.run(
        ["sh", "tools/install-kubectl.sh"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=os.environ | {"PYTHON": sys.executable},
    )
    if outcome.returncode == 3:
        _missing(f"the manifests are not rendered: {outcome.stderr.strip()}")
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout.strip()


@pytest.fixture(scope="session")
def bwrap() -> str:
    """Debian's package bubblewrap has it."""
    found = shutil.which("bwrap")
    if found is None:
        _missing("no bwrap on this machine: the image's steps and the operators' page are not executed")
    probe = [found, "--unshare-all", "--ro-bind", "/", "/", "true"]
    outcome = subprocess.run(probe, capture_output=True, text=True, timeout=30, check=False)
    if outcome.returncode != 0:
        _missing(f"bwrap may make no rooms here, so nothing is executed in one: {outcome.stderr.strip()}")
    return found
