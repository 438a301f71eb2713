"""A Dockerfile's steps, taken in an empty room instead of a container: bubblewrap gives each step a root of its own.

Knows what lineman's own Dockerfile uses and refuses anything else. The base image's Python is stood in for by the
one that runs the tests; what its index would give, by what is installed beside it.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

from dockerfile_parse import DockerfileParser  # type: ignore[import-untyped]  # it carries no types

FOLDERS = ("source", "wheels", "opt", "etc/lineman", "var/lib/lineman")
"""What a stage may fill. In the room there is, beside it, the machine's /usr and Python, nothing else."""
PACKAGES = sysconfig.get_path("purelib")
WITHOUT_NETWORK = {"PIP_NO_INDEX": "1", "PYTHONPATH": PACKAGES}


@dataclass
class Stage:
    """A stage of the build, and what it says about the container that is made of it."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "0:0"
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    health_options: dict[str, str] = field(default_factory=dict)
    ports: list[str] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)
    owners: dict[str, str] = field(default_factory=dict)
    """Folders that were copied with --chown."""


def context(checkout: Path, into: Path) -> Path:
    """Copy what .dockerignore lets into the build."""
    kept = (checkout / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in kept if line and not line.startswith("#")]
    assert rules[0] == "*", "the list names what is let in"
    assert rules[-1] == "**/__pycache__"
    for rule in rules[1:-1]:
        assert rule.startswith("!"), rule
        source = checkout / rule[1:]
        if source.is_dir():
            shutil.copytree(source, into / rule[1:], ignore=shutil.ignore_patterns("__pycache__"))
        else:
            into.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, into / rule[1:])
    return into


class Build:
    """Takes the steps of a Dockerfile one by one. ``room``: a folder of its own."""

    def __init__(self, dockerfile: Path, files: Path, room: Path, bwrap: str) -> None:
        with dockerfile.open("rb") as file:
            self._steps = DockerfileParser(fileobj=file).structure
        self._files = files
        self._room = room
        self._bwrap = bwrap
        self._stages: dict[str, Stage] = {}
        self.bases: list[str] = []

    def run(self) -> Stage:
        """Take every step and return the last stage."""
        stage = None
        for step in self._steps:
            name, value = step["instruction"], step["value"]
            if name in ("COMMENT", "ARG"):
                continue
            if name == "FROM":
                stage = self._begin(value.split())
                continue
            assert stage is not None, f"{name} before FROM"
            self._take(stage, name, value)
        assert stage is not None
        return stage

    def _begin(self, words: list[str]) -> Stage:
        self.bases.append(words[0])
        stage = Stage(self._room / f"stage-{len(self.bases)}")
        for folder in FOLDERS:
            (stage.root / folder).mkdir(parents=True)
        self._stages[words[2] if len(words) == 3 else str(len(self.bases) - 1)] = stage
        return stage

    def _take(self, stage: Stage, name: str, value: str) -> None:
        if name in ("COPY", "RUN"):
            (self._copy if name == "COPY" else self._run)(stage, value)
        elif name in ("ENTRYPOINT", "CMD"):
            setattr(stage, "entrypoint" if name == "ENTRYPOINT" else "command", json.loads(value))
        elif name in ("WORKDIR", "USER"):
            setattr(stage, "folder" if name == "WORKDIR" else "user", value)
        elif name in ("EXPOSE", "VOLUME"):
            (stage.ports if name == "EXPOSE" else stage.volumes).append(value)
        elif name == "ENV":
            stage.environment |= dict(word.split("=", 1) for word in shlex.split(value))
        elif name == "HEALTHCHECK":
            options, _, command = value.partition(" CMD ")
            stage.health = json.loads(command)
            stage.health_options = dict(word.removeprefix("--").split("=") for word in options.split())
        else:
            raise AssertionError(f"{name} is not known here")

    def _copy(self, stage: Stage, value: str) -> None:
        words = value.split()
        options = dict(word.removeprefix("--").split("=") for word in words if word.startswith("--"))
        *sources, target = [word for word in words if not word.startswith("--")]
        origin = self._stages[options["from"]].root if "from" in options else self._files
        into = stage.root / str(Path(stage.folder) / target).removeprefix("/")
        if "chown" in options:
            stage.owners[target] = options["chown"]
        for source in sources:
            path = origin / source.removeprefix("/")
            if path.is_dir():
                shutil.copytree(path, into, dirs_exist_ok=True, symlinks=True)
            else:
                into.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, into / path.name)

    def _run(self, stage: Stage, command: str) -> None:
        binaries = f"{Path(sys.executable).parent}:/usr/bin:/bin"
        environment = {"PATH": binaries, "HOME": "/tmp", **stage.environment, **WITHOUT_NETWORK}  # noqa: S108 - the room's
        outcome = subprocess.run(
            [self._bwrap, *walls(stage, writable=FOLDERS), *variables(environment), "sh", "-ec", command],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert outcome.returncode == 0, f"RUN {command}\n{outcome.stdout}\n{outcome.stderr}"


def walls(stage: Stage, writable: tuple[str, ...] = ()) -> list[str]:
    """Make the room: read-only but for ``writable`` and /tmp, no network but a loopback of its own."""
    user, group = stage.user.split(":")
    arguments = ["--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--uid", user, "--gid", group]
    arguments += ["--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]  # noqa: S108 - the room's
    for name in ("bin", "lib", "lib64"):
        arguments += ["--symlink", f"usr/{name}", f"/{name}"]
    for path in {sys.base_prefix, sys.prefix} - {"/usr"}:
        arguments += ["--ro-bind", path, path]
    for folder in FOLDERS:
        arguments += ["--bind" if folder in writable else "--ro-bind", str(stage.root / folder), f"/{folder}"]
    return [*arguments, "--remount-ro", "/", "--chdir", stage.folder]


def variables(environment: dict[str, str]) -> list[str]:
    return [word for name, value in environment.items() for word in ("--setenv", name, value)]
