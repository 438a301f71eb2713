"""The GitHub Action: its steps run, in an empty environment, and say what they promise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.pipelines.runner import INSTALLING, GithubJob

from lineman.sandbox import RunningSandbox

SMOKE = {"profile": "smoke"}


def secrets(running: RunningSandbox) -> dict[str, str]:
    """The inputs that a workflow fills from its secrets."""
    environment = running.environment
    return {
        "base-url": running.base_url,
        "app-key": environment["LINEMAN_APP_KEY"],
        "app-secret": environment["LINEMAN_APP_SECRET"],
        "second-app-key": environment["LINEMAN_SECOND_APP_KEY"],
        "second-app-secret": environment["LINEMAN_SECOND_APP_SECRET"],
    }


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A runner's temporary folder after the step that installs."""
    job = GithubJob(tmp_path_factory.mktemp("installing"), {})
    (step,) = (one for one in job.action["runs"]["steps"] if one["name"] == INSTALLING)
    assert job.step(step) == 0, job.shown
    return job.temporary


def test_a_good_deployment_passes_and_its_runs_are_carried(
    honest: RunningSandbox, installed: Path, tmp_path: Path
) -> None:
    """When the action runs twice in a folder, then verdict, report and summary are there, and the earlier run too."""
    for number in (1, 2):
        job = GithubJob(tmp_path, SMOKE | secrets(honest), installed=installed)
        assert job.run() == 0, job.shown
        assert job.outputs == {"verdict": "pass", "report": "contract/latest/index.html"}
        assert (job.workspace / job.outputs["report"]).is_file()
        assert "PASS" in job.summary
        kept = sorted(path.name for path in (job.workspace / "contract").iterdir())
        assert kept[:2] == ["index.html", "latest"]
        assert len(kept) == 1 + number
    latest = json.loads((job.workspace / "contract/latest/run.json").read_text("utf-8"))
    assert latest["baseline"] is not None, "the run is compared with the one before it"


def test_a_violation_fails_the_step_and_is_annotated(faulty: RunningSandbox, installed: Path, tmp_path: Path) -> None:
    """When the contract is violated, then exit 1, the verdict as output, an annotation and the summary."""
    job = GithubJob(tmp_path, SMOKE | secrets(faulty), installed=installed)
    assert job.run() == 1, job.shown
    assert job.outputs["verdict"] == "fail"
    assert "::error" in job.shown
    assert "limit.zero" in job.summary


def test_credentials_may_come_from_the_jobs_environment(
    honest: RunningSandbox, installed: Path, tmp_path: Path
) -> None:
    """When a workflow sets lineman's variables for the whole job, then no input is needed."""
    job = GithubJob(tmp_path, dict(SMOKE), environment=honest.environment, installed=installed)
    assert job.run() == 0, job.shown


def test_a_required_promise_that_was_not_verified_is_no_verdict(
    honest: RunningSandbox, installed: Path, tmp_path: Path
) -> None:
    """When no second tenant is there but the wall between tenants is required, then there is no verdict."""
    alone = {name: value for name, value in secrets(honest).items() if not name.startswith("second")}
    job = GithubJob(tmp_path, SMOKE | alone | {"require": "limit.*\nauth.tenant*\n"}, installed=installed)
    assert job.run() == 3, job.shown
    assert job.outputs["verdict"] == "no-verdict"
    assert "auth.tenant" in job.summary


def test_a_wrong_input_ends_with_its_sentence_and_no_report(
    honest: RunningSandbox, installed: Path, tmp_path: Path
) -> None:
    """When an input is wrong, then exit 4, no verdict and no report; an input is never taken for a command."""
    job = GithubJob(tmp_path, secrets(honest) | {"args": '--seed\n$(touch "stolen")'}, installed=installed)
    assert job.run() == 4, job.shown
    assert job.outputs == {"verdict": "no-verdict"}
    assert not (job.workspace / "stolen").exists()


def test_only_so_many_runs_are_kept(tmp_path: Path) -> None:
    """When more earlier runs are there than are to be kept, then the oldest go."""
    job = GithubJob(tmp_path, {"keep": "2"})
    folder = job.workspace / "contract"
    for day in (1, 2, 3):
        (folder / f"run-2026010{day}T000000Z").mkdir(parents=True)
    (step,) = (one for one in job.action["runs"]["steps"] if one["name"] == "Make room for this run")
    assert job.step(step) == 0, job.shown
    assert sorted(path.name for path in folder.iterdir()) == ["run-20260102T000000Z", "run-20260103T000000Z"]


def test_every_secret_is_an_input_and_reaches_its_variable(tmp_path: Path) -> None:
    """When a secret is given as an input, then it reaches lineman by its variable and by nothing else."""
    action = GithubJob(tmp_path, {}).action
    steps = [step for step in action["runs"]["steps"] if "LINEMAN_APP_SECRET" in step.get("env", {})]
    assert [step["name"] for step in steps] == ["Judge the target"]
    for name in ("app-key", "app-secret", "token", "second-app-key", "second-app-secret"):
        assert name in action["inputs"]
        variable = f"LINEMAN_{name.replace('-', '_').upper()}"
        assert steps[0]["env"][variable] == f"${{{{ inputs.{name} || env.{variable} }}}}"
