"""What a pipeline's runner does with a step: an empty environment, a folder, a shell that stops at the first failure.

The index of packages is stood in for by what is installed beside the tests, so that no step needs a network.
"""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
WITHOUT_NETWORK = {
    "PIP_NO_INDEX": "1",
    "PIP_NO_BUILD_ISOLATION": "false",  # pip's word for "switch it off"
    "PYTHONPATH": sysconfig.get_path("purelib"),
}
GITHUB_SHELL = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
"""What `shell: bash` stands for, in the words of the platform's documentation."""
INSTALLING = "Install lineman"
"""The action's first step."""


def run(
    script: str, folder: Path, environment: Mapping[str, str], shell: tuple[str, ...]
) -> subprocess.CompletedProcess[str]:
    """Run a script with nothing in its environment but what is given, and where programs lie."""
    file = folder.parent / "step.sh"
    file.write_text(script, encoding="utf-8")
    programs = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    base = {"PATH": programs, "HOME": str(folder.parent), **WITHOUT_NETWORK}
    return subprocess.run(
        [*shell, str(file)],
        cwd=folder,
        env={**base, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@dataclass
class GithubJob:
    """Takes the steps of ``action.yml`` as the platform does. ``environment`` is the job's own.

    ``installed`` is the temporary folder of a job that took the first step already: installing takes a while.
    """

    room: Path
    inputs: dict[str, str]
    environment: Mapping[str, str] = field(default_factory=dict)
    installed: Path | None = None
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    shown: str = ""

    def __post_init__(self) -> None:
        self.action: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
        unknown = self.inputs.keys() - self.action["inputs"].keys()
        assert not unknown, f"the action has no input {sorted(unknown)}"
        self.inputs = {name: one.get("default", "") for name, one in self.action["inputs"].items()} | self.inputs
        self.workspace = self.room / "workspace"
        self.temporary = self.installed or self.room / "temp"
        for folder in (self.workspace, self.temporary):
            folder.mkdir(parents=True, exist_ok=True)

    def run(self) -> int:
        """Run the steps that are commands until one fails; the exit code of the last one."""
        for step in self.action["runs"]["steps"]:
            if "run" not in step or (self.installed is not None and step["name"] == INSTALLING):
                continue
            assert "${{" not in step["run"], "an expression in a script would let an input write commands"
            code = self.step(step)
            if code != 0:
                return code
        return 0

    def step(self, step: Mapping[str, Any]) -> int:
        files = {name: self.room / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_text("", encoding="utf-8")
        given = {name: self.evaluate(str(value)) for name, value in step.get("env", {}).items()}
        platform = {"GITHUB_ACTIONS": "true", "RUNNER_TEMP": str(self.temporary)}
        platform |= {name: str(file) for name, file in files.items()}
        done = run(step["run"], self.workspace, {**self.environment, **platform, **given}, GITHUB_SHELL)
        self.shown += done.stdout + done.stderr
        self.summary += files["GITHUB_STEP_SUMMARY"].read_text("utf-8")
        lines = files["GITHUB_OUTPUT"].read_text("utf-8").splitlines()
        self.outputs |= dict(line.split("=", 1) for line in lines)
        return done.returncode

    def evaluate(self, text: str) -> str:
        """The platform's expressions, as far as the action has them: names, texts and ``||``."""
        return re.sub(r"\$\{\{(.*?)\}\}", lambda found: self._alternative(found[1]), text)

    def _alternative(self, expression: str) -> str:
        values = (self._value(part.strip()) for part in expression.split("||"))
        return next((value for value in values if value), "")

    def _value(self, name: str) -> str:
        if name.startswith("'"):
            return name.strip("'")
        context, _, key = name.partition(".")
        known: dict[str, Mapping[str, str]] = {
            "inputs": self.inputs,
            "env": self.environment,
            "github": {
                "action_path": str(ROOT),
                "workflow": "release",
                "job": "contract",
                "run_id": "7",
                "run_attempt": "1",
            },
        }
        return known[context].get(key, "")


@dataclass
class GitlabJob:
    """The component's job with its inputs filled in, and its scripts run as the platform's runner does.

    ``installed`` is what before_script made of an earlier job.
    """

    room: Path
    inputs: dict[str, Any]
    environment: Mapping[str, str] = field(default_factory=dict)
    installed: Path | None = None
    shown: str = ""

    def __post_init__(self) -> None:
        header, text = (ROOT / "templates/contract.yml").read_text("utf-8").split("\n---\n")
        spec = yaml.safe_load(header)["spec"]["inputs"]
        unknown = self.inputs.keys() - spec.keys()
        assert not unknown, f"the component has no input {sorted(unknown)}"
        values = {name: one["default"] for name, one in spec.items()} | self.inputs
        filled = re.sub(r"\$\[\[\s*inputs\.([\w-]+)\s*\]\]", lambda found: str(values[found[1]]), text)
        assert "$[[" not in filled
        self.pipeline: dict[str, Any] = yaml.safe_load(filled)
        (self.job,) = self.pipeline.values()
        self.workspace = self.room / "workspace"
        self.workspace.mkdir(parents=True, exist_ok=True)

    def run(self) -> int:
        """Run before_script and script as one shell, as the platform does, and return its exit code."""
        before = self.job["before_script"]
        if self.installed is not None and not (self.workspace / ".lineman").exists():
            (self.workspace / ".lineman").symlink_to(self.installed)
        if self.installed is not None:
            before = []
        script = "set -eo pipefail\n" + "\n".join([*before, *self.job["script"]])
        variables = {name: str(value) for name, value in self.job["variables"].items()}
        done = run(script, self.workspace, {**self.environment, **variables, "GITLAB_CI": "true"}, ("bash",))
        self.shown += done.stdout + done.stderr
        return done.returncode
