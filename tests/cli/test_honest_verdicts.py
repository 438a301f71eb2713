"""Never the wrong target, never unchecked: what surrounds the judging says what was judged and what was not."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.etree import ElementTree

import pytest

from lineman.contract.operation import document
from lineman.resources import resource
from lineman.sandbox import RunningSandbox, SandboxOptions, serve

COMMAND = [sys.executable, "-m", "lineman"]
SMOKE = ("test", "--profile", "smoke")


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with serve(SandboxOptions()) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def empty() -> Iterator[RunningSandbox]:
    """A tenant without a single access code."""
    with serve(SandboxOptions(records=0)) as sandbox:
        yield sandbox


def clean(**environment: str) -> dict[str, str]:
    """The environment of a user with no setting but the ones given."""
    return {n: v for n, v in os.environ.items() if not n.startswith(("LINEMAN_", "GITHUB_"))} | environment


def lineman(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=clean(**environment),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def credentials(sandbox: RunningSandbox) -> dict[str, str]:
    return {name: value for name, value in sandbox.environment.items() if not name.endswith("_URL")}


def write_targets(folder: Path, **addresses: str) -> None:
    tables = [f'[targets.{name}]\nbase_url = "{address}"\n' for name, address in addresses.items()]
    (folder / "lineman.toml").write_text("".join(tables), encoding="utf-8")


def record(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / "run.json").read_text("utf-8"))
    return found


# -- the right target ---------------------------------------------------------------------------------------------


def test_a_leftover_variable_does_not_choose_the_target(tmp_path: Path, running: RunningSandbox) -> None:
    """When LINEMAN_BASE_URL is another deployment than the named target, then nothing is judged and both are named."""
    write_targets(tmp_path, prod="https://prod.example.com")
    done = lineman(*SMOKE, "--target", "prod", folder=tmp_path, **running.environment)
    assert done.returncode == 4
    for word in ("LINEMAN_BASE_URL", running.base_url, "[targets.prod]", "https://prod.example.com"):
        assert word in done.stderr
    assert not (tmp_path / "reports").exists()


def test_the_first_line_says_where_every_setting_came_from(tmp_path: Path, running: RunningSandbox) -> None:
    write_targets(tmp_path, staging=running.base_url)
    done = lineman(*SMOKE, "--target", "staging", "--rate", "500", folder=tmp_path, **credentials(running))
    assert done.returncode == 0, done.stdout + done.stderr
    first = done.stdout.splitlines()[0]
    assert f"judging staging at {running.base_url}" in first
    assert "base_url from lineman.toml: [targets.staging]" in first
    assert "app_key from LINEMAN_APP_KEY" in first
    assert "rate from --rate" in first


# -- pins and baselines -------------------------------------------------------------------------------------------


def test_pins_of_one_target_do_not_fail_another(tmp_path: Path, running: RunningSandbox) -> None:
    """When staging is pinned, then a target that answers otherwise has no drift, and staging itself would."""
    with serve(SandboxOptions(dialects={"filter.no-match": "status-404"})) as other:
        write_targets(tmp_path, staging=running.base_url, next=other.base_url)
        pinned = lineman(*SMOKE, "--target", "staging", "--pin", folder=tmp_path, **credentials(running))
        assert pinned.returncode == 0, pinned.stdout
        neighbour = lineman(*SMOKE, "--target", "next", folder=tmp_path, **credentials(other))
        assert neighbour.returncode == 0, neighbour.stdout
        write_targets(tmp_path, staging=other.base_url)
        drifted = lineman(*SMOKE, "--target", "staging", folder=tmp_path, **credentials(other))
    assert drifted.returncode == 1, drifted.stdout
    assert "filter.no-match (drift)" in drifted.stdout


def test_pins_of_the_old_form_leave_the_sandbox_alone_and_say_so(tmp_path: Path, running: RunningSandbox) -> None:
    (tmp_path / "lineman-pins.toml").write_text('[pins]\n"filter.no-match" = "never seen"\n')
    sandbox = lineman(*SMOKE, "--sandbox", folder=tmp_path)
    assert sandbox.returncode == 0, sandbox.stdout
    assert "Note: lineman-pins.toml: the pins of [pins] are not sandbox's" in sandbox.stdout
    default = lineman(*SMOKE, folder=tmp_path, **running.environment)
    assert default.returncode == 1, default.stdout
    assert "filter.no-match (drift)" in default.stdout


def test_a_file_of_pins_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('[targets.sandbox]\n"filter.no-match" = "never seen"\n')
    done = lineman(*SMOKE, "--sandbox", "--pins", "mine.toml", folder=tmp_path)
    assert done.returncode == 1
    missing = lineman(*SMOKE, "--sandbox", "--pins", "none.toml", folder=tmp_path)
    assert missing.returncode == 4
    assert "none.toml: there is no such file" in missing.stderr


def test_a_baseline_of_another_target_is_named(tmp_path: Path, running: RunningSandbox) -> None:
    lineman(*SMOKE, "--sandbox", "--report-dir", "before", folder=tmp_path)
    done = lineman(*SMOKE, "--baseline", "before", folder=tmp_path, **running.environment)
    assert done.returncode == 0, done.stdout
    assert "Note: the baseline is a run of sandbox" in done.stdout


# -- what was not checked -----------------------------------------------------------------------------------------


def shown(stdout: str) -> dict[str, str]:
    """Test to its last word on the terminal."""
    return {words: mark for mark, words in rows(stdout)}


def rows(stdout: str) -> list[tuple[str, str]]:
    """The words about each test, in order, and the test."""
    return re.findall(r"^  (ok|FAILED|not verified|left out) +([^(\n]+?)(?: \(.*)?$", stdout, re.MULTILINE)


def test_what_was_not_checked_is_nowhere_passed(tmp_path: Path, empty: RunningSandbox) -> None:
    """When the list is empty, then terminal, JUnit, CTRF and pytest.html show no unverified clause as passed."""
    done = lineman("test", "--report-dir", "run", folder=tmp_path, **empty.environment)
    run = record(tmp_path / "run")
    states = {one["id"]: one["state"] for one in run["clauses"]}  # type: ignore[attr-defined]
    assert states["offset.beyond-total"] == "not-verified" or states["filter.conjunction"] == "not-verified"
    words = shown(done.stdout)
    assert words["filters together narrow"] == "not verified"
    suite = ElementTree.parse(tmp_path / "run/junit.xml").getroot()  # noqa: S314 - our own file
    for case in suite.iter("testcase"):
        skipped = case.find("skipped")
        assert (skipped is not None) == (states.get(str(case.get("name"))) == "not-verified"), case.get("name")
        if skipped is not None:
            assert skipped.get("message")
    ctrf = json.loads((tmp_path / "run/ctrf.json").read_text("utf-8"))["results"]["tests"]
    assert {one["status"] for one in ctrf if states.get(one["name"]) == "not-verified"} <= {"skipped"}
    page = (tmp_path / "run/pytest.html").read_text("utf-8")
    counted = re.search(r"(\d+) not verified", page)
    assert counted is not None
    assert int(counted[1]) == list(states.values()).count("not-verified")


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_pytest_skips_what_it_could_not_verify(tmp_path: Path, empty: RunningSandbox, workers: tuple[str, ...]) -> None:
    """When people start pytest themselves, in one process or in two, then it skips with the reason."""
    command = [sys.executable, "-m", "pytest", str(resource("tests/contract")), "-rs", "-q", *workers]
    done = subprocess.run(
        [*command, "-k", "narrow or joins or reaches"],
        cwd=tmp_path,
        env=clean(**empty.environment),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SKIPPED" in done.stdout
    assert "records" in done.stdout


def test_a_line_never_contradicts_the_verdict(tmp_path: Path) -> None:
    """When a clause ends as broken, then the last word on each of its tests says so; of held ones, ``ok``."""
    done = lineman(*SMOKE, "--sandbox", "--fault", "zero-refused", "--report-dir", "run", folder=tmp_path)
    assert done.returncode == 1
    assert shown(done.stdout)["zero is a page without records"] == "FAILED"


# -- enough was verified ------------------------------------------------------------------------------------------


def test_a_pass_names_what_was_not_verified(tmp_path: Path) -> None:
    done = lineman(*SMOKE, "--sandbox", folder=tmp_path)
    assert done.returncode == 0
    verdict = done.stdout[done.stdout.index("PASS") :]
    assert "auth.expired-token" in verdict
    assert "not part of a smoke run" in verdict


@pytest.mark.parametrize("globs", [("--require", "*"), ("--require", "auth.*"), ("--require", "auth.expired-token")])
def test_a_required_promise_that_was_not_verified_is_no_verdict(tmp_path: Path, globs: tuple[str, ...]) -> None:
    done = lineman(*SMOKE, "--sandbox", *globs, folder=tmp_path)
    assert done.returncode == 3, done.stdout
    verdict = done.stdout[done.stdout.index("NO VERDICT") :]
    assert "required" in verdict
    assert "auth.expired-token (not part of a smoke run)" in verdict


def test_a_required_promise_that_was_verified_is_a_pass(tmp_path: Path) -> None:
    done = lineman(*SMOKE, "--sandbox", "--require", "limit.*", folder=tmp_path)
    assert done.returncode == 0, done.stdout


def test_a_target_may_require(tmp_path: Path, running: RunningSandbox) -> None:
    """When a target requires everything, then a smoke run is no verdict, and a selection is asked for itself only."""
    write_targets(tmp_path, staging=running.base_url)
    file = tmp_path / "lineman.toml"
    file.write_text(file.read_text() + 'require = ["*"]\n')
    done = lineman(*SMOKE, "--target", "staging", folder=tmp_path, **credentials(running))
    assert done.returncode == 3, done.stdout
    selected = lineman(*SMOKE, "--target", "staging", "--only", "limit.zero", folder=tmp_path, **credentials(running))
    assert selected.returncode == 0, selected.stdout


def test_an_empty_list_is_not_green_where_records_are_expected(tmp_path: Path, empty: RunningSandbox) -> None:
    write_targets(tmp_path, staging=empty.base_url)
    file = tmp_path / "lineman.toml"
    file.write_text(file.read_text() + "min_records = 1\n")
    done = lineman(*SMOKE, "--target", "staging", folder=tmp_path, **credentials(empty))
    assert done.returncode == 3, done.stdout
    assert "The list has 0 records, and min_records says that it has to have 1." in done.stdout


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        ('require = ["limit.zer"]', "limit.zero"),
        ('[[targets.staging.waivers]]\nclause = "limit.zer"\nreason = "r"\nuntil = 2999-01-01', "limit.zero"),
        ("min_records = -1", "min_records"),
        ('require = "*"', "require"),
    ],
)
def test_a_name_that_does_not_exist_is_refused_before_anything_is_sent(tmp_path: Path, lines: str, word: str) -> None:
    (tmp_path / "lineman.toml").write_text(f'[targets.staging]\nbase_url = "http://127.0.0.1:9"\n{lines}\n')
    done = lineman("test", "--target", "staging", folder=tmp_path, LINEMAN_TOKEN="t" * 20)
    assert done.returncode == 4, done.stdout
    assert word in done.stderr
    assert not (tmp_path / "reports").exists()


# -- ending -------------------------------------------------------------------------------------------------------


def test_runs_of_one_second_have_folders_of_their_own(tmp_path: Path) -> None:
    """When several runs begin together, then each has its own folder."""
    runs = [
        subprocess.Popen([*COMMAND, *SMOKE, "--sandbox"], cwd=tmp_path, env=clean(), stdout=subprocess.DEVNULL)
        for _ in range(3)
    ]
    assert [run.wait(300) for run in runs] == [0, 0, 0]
    assert len(list((tmp_path / "reports").glob("*/run.json"))) == 3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_signal_ends_the_run_with_its_reports(tmp_path: Path, number: int, running: RunningSandbox) -> None:
    """When a pipeline ends the job, then the files are written, and the exit code is that of an interrupt."""
    command = [*COMMAND, "test", "--rate", "5", "--report-dir", "run"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=clean(**running.environment), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("  ok"):
                break
        process.send_signal(number)
        lines.extend(process.stdout)
        assert process.wait(120) == 2, "".join(lines)
    run = record(tmp_path / "run")
    assert (run["verdict"], run["exit_code"]) == ("no-verdict", 2)
    assert (tmp_path / "run/index.html").exists()
    assert (tmp_path / "run/junit.xml").exists()


def test_a_closed_pipe_changes_nothing(tmp_path: Path) -> None:
    """When whoever reads the output has gone, then the run goes on to its verdict and its files."""
    reader = subprocess.Popen(["true"], stdin=subprocess.PIPE)
    assert reader.wait(60) == 0
    done = subprocess.run(
        [*COMMAND, *SMOKE, "--sandbox", "--report-dir", "run"],
        cwd=tmp_path,
        env=clean(),
        stdout=reader.stdin,
        stderr=subprocess.PIPE,
        timeout=300,
        check=False,
    )
    assert reader.stdin is not None
    reader.stdin.close()
    assert (done.returncode, done.stderr) == (0, b"")
    assert record(tmp_path / "run")["verdict"] == "pass"


# -- the right address --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "/v1"])
def test_the_operation_s_own_address_is_no_base_url(tmp_path: Path, path: str) -> None:
    """When somebody copies the whole URL of the operation, then the base URL in it is named."""
    whole = f"http://127.0.0.1:9{path}{document().query_path}"
    done = lineman("test", "--base-url", whole, folder=tmp_path, LINEMAN_TOKEN="t" * 20)
    assert done.returncode == 4
    assert f"--base-url: {whole} is the address of an operation" in done.stderr
    assert f"give http://127.0.0.1:9{path}\n" in done.stderr


class _Moved(BaseHTTPRequestHandler):
    """Sends everybody to https, as the port 80 of a load balancer does."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(301)
        self.send_header("Location", f"https://{self.headers['Host']}{self.path}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature is the library's
        """Say nothing."""


@pytest.mark.parametrize("secrets", [{"LINEMAN_TOKEN": "t" * 20}, {"LINEMAN_APP_KEY": "k", "LINEMAN_APP_SECRET": "s"}])
def test_http_that_moved_to_https_is_no_verdict_and_says_so(tmp_path: Path, secrets: dict[str, str]) -> None:
    """When http is redirected to https, then no promise is called broken, and the right address is named."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Moved) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"127.0.0.1:{server.server_address[1]}"
        done = lineman("test", "--base-url", f"http://{address}", folder=tmp_path, **secrets)
        server.shutdown()
    assert done.returncode == 3, done.stdout
    assert f"redirects to https://{address}" in done.stdout


def test_a_run_ends_after_as_many_violations_as_were_asked_for(tmp_path: Path) -> None:
    faults = ("--fault", "zero-refused", "--fault", "over-refused", "--fault", "total-capped")
    done = lineman(*SMOKE, "--sandbox", *faults, "--max-violations", "1", "--report-dir", "run", folder=tmp_path)
    assert done.returncode == 1, done.stdout
    assert "are as many as were asked for" in done.stdout
    states = [one["state"] for one in record(tmp_path / "run")["clauses"]]  # type: ignore[attr-defined]
    assert states.count("not-verified") > 20


# -- nothing that lies about --------------------------------------------------------------------------------------


def test_the_surroundings_change_nothing(tmp_path: Path) -> None:
    """When pytest's variables, files and plugins are set to spoil a run, then it is the run that it would be."""
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (tmp_path / "conftest.py").write_text("raise RuntimeError('of somebody else')\n")
    (tmp_path / "spoiling.py").write_text("raise RuntimeError('of somebody else')\n")
    surroundings = {
        "PYTEST_ADDOPTS": "--maxfail=1 -k nothing -p spoiling",
        "PYTEST_PLUGINS": "spoiling",
        "PYTHONPATH": str(tmp_path),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(tmp_path / "examples"),
    }
    done = lineman(*SMOKE, "--sandbox", "--report-dir", "run", folder=tmp_path, **surroundings)
    assert done.returncode == 0, done.stdout + done.stderr
    assert record(tmp_path / "run")["requests"] > 20  # type: ignore[operator]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["conftest.py", "pytest.ini", "run", "spoiling.py"]
    assert (tmp_path / "run/pytest.html").exists()
