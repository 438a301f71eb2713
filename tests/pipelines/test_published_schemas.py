"""The Action, the component and our own workflows hold what the platforms published, by the field's own linters."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.pipelines.runner import ROOT, GitlabJob

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PAGE = (ROOT / "docs/ci.md").read_text("utf-8")


def program(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / arguments[0]), *arguments[1:]]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def assert_holds(schema: str, instance: Path | object, folder: Path) -> None:
    """Hold a file, or a value, to a schema of schemastore.org, in the copy that check-jsonschema ships."""
    if not isinstance(instance, Path):
        file = folder / "instance.json"
        file.write_text(json.dumps(instance), encoding="utf-8")
        instance = file
    done = program("check-jsonschema", "--builtin-schema", f"vendor.{schema}", str(instance))
    assert done.returncode == 0, done.stdout + done.stderr


def samples(heading: str) -> list[dict[str, Any]]:
    """The YAML samples of a section of docs/ci.md."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)]


def test_the_action_is_as_the_platform_wants_it(tmp_path: Path) -> None:
    assert_holds("github-actions", ROOT / "action.yml", tmp_path)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_our_workflows_are_clean(workflow: Path, tmp_path: Path) -> None:
    assert_holds("github-workflows", workflow, tmp_path)
    done = program("actionlint", str(workflow))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_neither_action_nor_workflows_can_be_made_to_run_foreign_commands() -> None:
    done = program("zizmor", "--offline", "--no-progress", "action.yml", ".github")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_samples_for_github_use_the_action_as_it_is(tmp_path: Path) -> None:
    """When the page's samples are linted against the action itself, then every input and output exists."""
    found = samples("GitHub Actions")
    assert found, "the page has no sample"
    (tmp_path / ".git").mkdir()
    (tmp_path / ".github/workflows").mkdir(parents=True)
    (tmp_path / "action.yml").write_bytes((ROOT / "action.yml").read_bytes())
    for number, sample in enumerate(found):
        text = yaml.safe_dump({"name": "sample", "on": "push", **sample}, sort_keys=False)
        own = re.sub(r"your-organisation/lineman@\S+", "./", text)
        assert own != text
        file = tmp_path / f".github/workflows/sample-{number}.yml"
        file.write_text(own, encoding="utf-8")
        assert_holds("github-workflows", file, tmp_path)
    done = program("actionlint", folder=tmp_path)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_linter_does_look(tmp_path: Path) -> None:
    """When a workflow gives the action an input that it does not have, then actionlint says so."""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".github/workflows").mkdir(parents=True)
    (tmp_path / "action.yml").write_bytes((ROOT / "action.yml").read_bytes())
    steps = [{"uses": "./", "with": {"base-ulr": "https://staging.example.com"}}]
    text = yaml.safe_dump({"on": "push", "jobs": {"contract": {"runs-on": "ubuntu-latest", "steps": steps}}})
    (tmp_path / ".github/workflows/wrong.yml").write_text(text, encoding="utf-8")
    done = program("actionlint", folder=tmp_path)
    assert done.returncode == 1
    assert "base-ulr" in done.stdout


def test_the_component_is_as_the_platform_wants_it(tmp_path: Path) -> None:
    header = yaml.safe_load((ROOT / "templates/contract.yml").read_text("utf-8").split("\n---\n")[0])
    assert_holds("gitlab-ci", header, tmp_path)
    job = GitlabJob(tmp_path, {"base-url": "https://staging.example.com"})
    assert_holds("gitlab-ci", {"stages": ["test"], **job.pipeline}, tmp_path)


def test_the_samples_for_gitlab_name_inputs_that_the_component_has(tmp_path: Path) -> None:
    found = samples("GitLab")
    assert found, "the page has no sample"
    for sample in found:
        assert_holds("gitlab-ci", sample, tmp_path)
        for include in sample.get("include", []):
            GitlabJob(tmp_path, include.get("inputs", {}))
