"""The GitLab component: its scripts run, in an empty environment, and leave what its artifacts name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.pipelines.runner import ROOT, GitlabJob

from lineman.sandbox import RunningSandbox


def given(running: RunningSandbox, **inputs: str) -> dict[str, str]:
    return {"base-url": running.base_url, "profile": "smoke", "package": str(ROOT), **inputs}


def credentials(running: RunningSandbox) -> dict[str, str]:
    return {name: value for name, value in running.environment.items() if not name.endswith("_URL")}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What before_script makes."""
    job = GitlabJob(tmp_path_factory.mktemp("installing"), {"package": str(ROOT)})
    job.job["script"] = []
    assert job.run() == 0, job.shown
    return job.workspace / ".lineman"


def test_a_good_deployment_passes_and_its_runs_are_carried(
    honest: RunningSandbox, installed: Path, tmp_path: Path
) -> None:
    """When the job runs twice with its cache, then what the artifacts name is there, and the earlier run too."""
    for _ in range(2):
        job = GitlabJob(tmp_path, given(honest), credentials(honest), installed=installed)
        assert job.run() == 0, job.shown
        assert (job.workspace / job.job["artifacts"]["reports"]["junit"]).is_file()
        assert (job.workspace / job.job["artifacts"]["paths"][0] / "index.html").is_file()
        assert job.job["cache"]["paths"] == job.job["artifacts"]["paths"]
    latest = json.loads((job.workspace / "contract/latest/run.json").read_text("utf-8"))
    assert latest["baseline"] is not None


@pytest.mark.parametrize(
    ("inputs", "code", "words"),
    [
        ({}, 1, "limit.zero"),
        ({"require": "auth.tenant* limit.*"}, 1, "limit.zero"),
        ({"target": "staging"}, 4, "name more than one target"),
        ({"base-url": ""}, 4, "no target given"),
        ({"require": "no.such-clause"}, 4, "no.such-clause"),
    ],
)
def test_what_is_wrong_ends_with_lineman_s_code(
    faulty: RunningSandbox, installed: Path, tmp_path: Path, inputs: dict[str, str], code: int, words: str
) -> None:
    """When the target or an input is wrong, then the job ends with lineman's exit code and sentence."""
    job = GitlabJob(tmp_path, given(faulty) | inputs, credentials(faulty), installed=installed)
    assert job.run() == code, job.shown
    assert words in job.shown
