"""Every violation's ``curl``, run in a shell against the same faulty sandbox, shows the fault."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from lineman.report.files import load_run
from lineman.report.run import ExchangeRecord, Run, Violation
from lineman.sandbox import RunningSandbox, SandboxOptions, serve

FAULTS = ("page-skips-record", "apostrophe-fails", "over-refused", "query-in-refusal", "total-counts-page")
TOKEN_PATH = "/apigovernance/api/oauth/tokenByAkSk"
CURL = shutil.which("curl")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    if CURL is None and not os.environ.get("CI"):
        pytest.skip("no curl on this machine: the commands of a report are not tried")
    with serve(SandboxOptions(faults=FAULTS)) as running:
        yield running


@pytest.fixture(scope="module")
def run(sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("runs") / "run"
    lineman = [sys.executable, "-c", "from lineman.cli import main; main()"]
    command = [*lineman, "test", "--base-url", sandbox.base_url, "--report-dir", str(folder)]
    done = subprocess.run(
        command,
        env={"PATH": os.environ["PATH"], "HOME": str(folder.parent), **sandbox.environment},
        cwd=folder.parent,
        capture_output=True,
        text=True,
        timeout=300,  # the bound of a busy machine, not of a run
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return load_run(folder)


@pytest.fixture(scope="module")
def environment(sandbox: RunningSandbox) -> dict[str, str]:
    """What a person has set before pasting a command: the key, and a token."""
    keys = {
        "app_key": sandbox.environment["LINEMAN_APP_KEY"],
        "app_secret": sandbox.environment["LINEMAN_APP_SECRET"],
    }
    answer = httpx.post(sandbox.base_url + TOKEN_PATH, json=keys, timeout=10, trust_env=False)
    return {
        "PATH": os.environ["PATH"],
        "no_proxy": "*",
        "LINEMAN_APP_KEY": keys["app_key"],
        "LINEMAN_TOKEN": answer.json()["AccessToken"],
    }


def answer_of(violation: Violation, environment: dict[str, str]) -> tuple[int, str]:
    done = subprocess.run(["sh", "-c", violation.curl], env=environment, capture_output=True, timeout=30, check=True)
    head, _, body = done.stdout.decode("utf-8", "backslashreplace").replace("\r\n", "\n").partition("\n\n")
    return int(head.split()[1]), body


def whole(exchange: ExchangeRecord, body: str) -> str:
    """As much of an answer as the record kept."""
    return body[: len(exchange.response_body or "")] if exchange.cut else body


def test_the_seeded_faults_are_in_the_report(run: Run) -> None:
    broken = {violation.clause for violation in run.violations}
    assert {"filter.any-text", "limit.clamp", "error.no-internals", "total.counts-matches"} <= broken


def test_every_command_shows_its_violation_again(run: Run, environment: dict[str, str]) -> None:
    exchanges = {exchange.number: exchange for exchange in run.exchanges}
    for violation in run.violations:
        shown = exchanges[violation.exchanges[0]]
        status, body = answer_of(violation, environment)
        assert status == shown.status, violation.curl
        assert whole(shown, body) == shown.response_body, violation.curl


def test_no_command_holds_a_secret(run: Run, sandbox: RunningSandbox, environment: dict[str, str]) -> None:
    secrets = [value for name, value in sandbox.environment.items() if "SECRET" in name]
    for violation in run.violations:
        for secret in (*secrets, environment["LINEMAN_TOKEN"]):
            assert secret not in violation.curl
