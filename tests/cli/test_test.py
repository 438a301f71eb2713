"""``lineman test`` as a pipeline calls it: exit codes, one clear message, the files."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from lineman.report.run import run_schema
from lineman.sandbox import RunningSandbox, SandboxOptions, serve

FILES = {"index.html", "pytest.html", "run.json", "junit.xml", "ctrf.json", "exchanges.har", "summary.md"}


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with serve(SandboxOptions()) as sandbox:
        yield sandbox


def lineman(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in an empty folder, with no setting but the ones given."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("LINEMAN_", "GITHUB_"))}
    command = [sys.executable, "-m", "lineman", *arguments]
    return subprocess.run(
        command, cwd=folder, env=clean | environment, capture_output=True, text=True, timeout=300, check=False
    )


def assert_one_message(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """The words are told, and no traceback is."""
    told = done.stdout + done.stderr
    assert "Traceback" not in told
    for word in words:
        assert word in told


def test_a_forgotten_target_is_a_usage_error(tmp_path: Path) -> None:
    """When no target is given, then the three ways to give one are named, and nothing is judged."""
    done = lineman("test", folder=tmp_path)
    assert done.returncode == 4
    assert_one_message(done, "--target", "--base-url", "--sandbox")
    assert list(tmp_path.iterdir()) == []


def test_a_smoke_run_passes_and_writes_its_files(tmp_path: Path, running: RunningSandbox) -> None:
    """When the environment names a good target, then exit 0, the verdict, and every file of the stable surface."""
    done = lineman("test", "--profile", "smoke", "--report-dir", "run", folder=tmp_path, **running.environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert_one_message(done, "PASS", "run/index.html")
    assert {file.name for file in (tmp_path / "run").iterdir()} >= FILES
    run = json.loads((tmp_path / "run" / "run.json").read_text())
    Draft202012Validator(run_schema()).validate(run)
    assert run["verdict"] == "pass"
    secrets = [running.environment["LINEMAN_APP_SECRET"], running.environment["LINEMAN_SECOND_APP_SECRET"]]
    written = b"".join(file.read_bytes() for file in (tmp_path / "run").iterdir()) + done.stdout.encode()
    assert not any(secret.encode() in written for secret in secrets)


def test_a_faulty_sandbox_fails(tmp_path: Path) -> None:
    """When the sandbox has a fault, then exit 1, and the clause and how to replay it are told."""
    done = lineman("test", "--sandbox", "--fault", "zero-refused", "--profile", "smoke", folder=tmp_path)
    assert done.returncode == 1
    assert_one_message(done, "FAIL", "limit.zero", "replay: lineman test --sandbox --fault zero-refused")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--sandbox", "--fault", "zero-refusd"), ("zero-refusd", "zero-refused")),
        (("--sandbox", "--only", "limit.zer"), ("limit.zer", "limit.zero")),
        (("--sandbox", "--profile", "smok"), ("smok", "smoke")),
        (("--sandbox", "--base-url", "http://127.0.0.1:1"), ("--base-url", "--sandbox")),
        (("--base-url", "htp://staging"), ("htp://staging",)),
        (("--target", "staging"), ("lineman.toml", "targets.NAME")),
        (("--fault", "zero-refused"), ("--sandbox",)),
        (("--no-such-option",), ("--no-such-option",)),
        (("--sandbox", "--rate", "inf"), ("inf is no number of requests a second",)),
        (("--sandbox", "--max-time", "nan"), ("--max-time",)),
        (("--sandbox", "--report-dir", ""), ("the name of the folder is empty",)),
    ],
)
def test_a_wrong_call_names_the_mistake(tmp_path: Path, arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    """When an argument is wrong, then exit 4 and one message with the value and what would be right."""
    done = lineman("test", *arguments, folder=tmp_path, LINEMAN_TOKEN="x" * 20)
    assert done.returncode == 4, done.stdout + done.stderr
    assert_one_message(done, *words)


def test_an_unknown_setting_names_the_nearest(tmp_path: Path) -> None:
    """When lineman.toml has a misspelt setting, then section, name and the nearest valid one are told."""
    (tmp_path / "lineman.toml").write_text('[targets.staging]\nbase_ulr = "https://staging.example"\n')
    done = lineman("test", "--target", "staging", folder=tmp_path)
    assert done.returncode == 4
    assert_one_message(done, "lineman.toml", "targets.staging", "base_ulr", "base_url")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_an_unreachable_host_is_no_verdict(tmp_path: Path) -> None:
    """When nobody listens, then exit 3, one message, and a report all the same."""
    url = f"http://127.0.0.1:{free_port()}"
    done = lineman("test", "--base-url", url, "--report-dir", "run", folder=tmp_path, LINEMAN_TOKEN="t" * 30)
    assert done.returncode == 3
    assert_one_message(done, "NO VERDICT", url)
    assert json.loads((tmp_path / "run" / "run.json").read_text())["verdict"] == "no-verdict"


def test_a_wrong_secret_is_no_verdict(tmp_path: Path, running: RunningSandbox) -> None:
    """When the token operation refuses key and secret, then exit 3, and the secret is not told."""
    environment = dict(running.environment) | {"LINEMAN_APP_SECRET": "planted-wrong-secret-0815"}
    done = lineman("test", folder=tmp_path, **environment)
    assert done.returncode == 3
    assert_one_message(done, "NO VERDICT", "refused")
    assert "planted-wrong-secret-0815" not in done.stdout + done.stderr


def test_a_refused_token_is_no_verdict(tmp_path: Path, running: RunningSandbox) -> None:
    """When a ready token is refused, then exit 3."""
    environment = {"LINEMAN_BASE_URL": running.base_url, "LINEMAN_TOKEN": "never-issued-token-4711"}
    done = lineman("test", folder=tmp_path, **environment)
    assert done.returncode == 3
    assert_one_message(done, "NO VERDICT", "credentials")
    assert "never-issued-token-4711" not in done.stdout + done.stderr


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """When the report's folder is a file, then exit 4 before anything is sent."""
    (tmp_path / "taken").write_text("")
    done = lineman("test", "--sandbox", "--report-dir", "taken", folder=tmp_path)
    assert done.returncode == 4
    assert_one_message(done, "taken")


def test_the_plan_sends_nothing(tmp_path: Path) -> None:
    """When a plan is asked for, then requests and time are told although nobody listens there."""
    url = f"http://127.0.0.1:{free_port()}"
    done = lineman("test", "--base-url", url, "--plan", "--rate", "10", folder=tmp_path, LINEMAN_TOKEN="t" * 30)
    assert done.returncode == 0, done.stdout + done.stderr
    assert_one_message(done, "Nothing was sent", "at 10 requests a second")


def test_a_clause_is_explained(tmp_path: Path) -> None:
    """When a clause is named, then it stands there in words; a misspelt one is answered with the nearest."""
    done = lineman("explain", "limit.clamp", folder=tmp_path)
    assert done.returncode == 0
    assert_one_message(done, "limit.clamp (promised)", "How it is checked")
    wrong = lineman("explain", "limit.clmp", folder=tmp_path)
    assert wrong.returncode == 4
    assert_one_message(wrong, "limit.clamp")


def test_a_seed_stands_for_a_run_whatever_process_makes_it(running: RunningSandbox, tmp_path: Path) -> None:
    """When two processes run with one seed, then they ask the same in the same order, however Python orders sets."""
    asked = []
    for hashing in ("1", "2", "3"):
        environment = {**running.environment, "PYTHONHASHSEED": hashing}
        done = lineman("test", "--seed", "5", "--report-dir", hashing, folder=tmp_path, **environment)
        assert done.returncode == 0, done.stdout
        exchanges = json.loads((tmp_path / hashing / "run.json").read_text("utf-8"))["exchanges"]
        queries = [one for one in exchanges if one["operation"] == "query"]
        asked.append([(one["method"], one["url"], one["request_body"]) for one in queries])
    assert asked[0] == asked[1] == asked[2]
