"""Prometheus's own programs; their absence in CI is a failure."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def _program(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is not None:
        return found
    message = f"no {name} on this machine (Debian's package {package}): metrics and rules are not held against it"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def promtool() -> str:
    return _program("promtool", "prometheus")


@pytest.fixture(scope="session")
def prometheus() -> str:
    return _program("prometheus", "prometheus")


@pytest.fixture(scope="session")
def amtool() -> str:
    return _program("amtool", "prometheus-alertmanager")


@pytest.fixture(scope="session")
def alertmanager() -> str:
    return _program("prometheus-alertmanager", "prometheus-alertmanager")
