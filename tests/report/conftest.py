"""Folders of rendered runs that many tests look at, and a browser that never leaves the machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium, where there is one; its absence in CI is a failure.

    It lives as long as a module's tests: its driver keeps an event loop running, and other tests need their own.
    """
    if CHROMIUM is None:
        message = "no chromium on this machine: the pages are not tested in a browser"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one run's folder per kind of run."""
    from lineman.report.run_folder import write_run_files  # noqa: PLC0415 - only where pages are rendered

    from . import builders  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("runs")
    for name, run in {
        "fail": builders.failing_run(),
        "pass": builders.make_run(),
        "no-verdict": builders.no_verdict_run(),
        "waived": builders.waived_run(),
        "hostile": builders.hostile_run(),
    }.items():
        write_run_files(run, folder / name)
    return folder
