"""The image's own steps, and the container's: built from nothing but its context, run as nobody on a read-only tree."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from tests.deployment.container import PACKAGES, Build, Stage, context, variables, walls
from tests.deployment.page import of_kind

from lineman.monitor.config import load_configuration

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "Dockerfile"
CANARY = """
[canaries.hotline]
interval = "1s"
timeout = "900ms"
[canaries.hotline.expect]
total_at_least = 1
"""
FILES = """
import lineman
from lineman.resources import resource
names = ("openapi/query-access-code-list.yaml", "monitors/canary.toml", "tests/contract")
print(lineman.__file__, *(resource(name) for name in names))
"""
EXEC = "docker exec lineman "
DRIVER = """
# The target, in the same room: there is no network here.
export LINEMAN_BASE_URL=http://127.0.0.1:8080 LINEMAN_APP_KEY=$KEY LINEMAN_APP_SECRET=$SECRET
lineman sandbox --port 8080 >/tmp/sandbox.log 2>&1 &
sandbox=$!
%(main)s &
main=$!
tries=0
until %(health)s; do
    tries=$((tries + 1))
    [ "$tries" -lt 60 ] || { echo "never healthy" >&2; exit 1; }
    sleep 0.25
done
/opt/lineman/bin/python - <<'END'
import os, urllib.request
print("uid", os.getuid())
print("healthz", urllib.request.urlopen("http://127.0.0.1:9469/healthz", timeout=10).status)
for path in ("/opt/lineman/written", "/etc/lineman/written", "/written"):
    try:
        open(path, "w")
        print("written", path)
    except OSError as error:
        print("refused", path, error.strerror)
END
%(exec)s
kill -TERM $main
wait $main
echo "main ended with $?"
kill -TERM $sandbox
wait $sandbox || true
"""


@pytest.fixture(scope="module")
def image(bwrap: str, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """What the Dockerfile makes."""
    room = tmp_path_factory.mktemp("image")
    stage = Build(DOCKERFILE, context(ROOT, room / "context"), room, bwrap).run()
    # The dependencies that the index would have given; the room's Python is the one that they were installed for.
    (library,) = (stage.root / "opt/lineman/lib").glob("python3*")
    (library / "site-packages/dependencies.pth").write_text(PACKAGES + "\n")
    return stage


def _inside(bwrap: str, image: Stage, command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [bwrap, *walls(image, writable=("var/lib/lineman",)), *variables(image.environment | environment), *command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_container_watches_and_is_healthy(bwrap: str, image: Stage, tmp_path: Path) -> None:
    from lineman.sandbox import SandboxOptions, credentials  # noqa: PLC0415 - the target

    own = credentials(SandboxOptions())[0]
    mounted = Stage(tmp_path, image.environment, image.folder, image.user)
    shutil.copytree(image.root, tmp_path, dirs_exist_ok=True, symlinks=True)
    shutil.rmtree(tmp_path / "var/lib/lineman")
    (tmp_path / "var/lib/lineman").mkdir()
    (tmp_path / "etc/lineman/monitors/canaries.toml").write_text(CANARY)
    page = [command for block in of_kind("docker") for command in block.commands if command.startswith(EXEC)]
    script = DRIVER % {
        "main": shlex.join(image.entrypoint + image.command),
        "health": shlex.join(image.health),
        "exec": "\n".join(command.removeprefix(EXEC) + " || exit 1" for command in page),
    }
    outcome = _inside(bwrap, mounted, ["sh", "-c", script], KEY=own.app_key, SECRET=own.app_secret)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "uid 10001" in outcome.stdout
    assert (tmp_path / "var/lib/lineman/backup.sqlite").exists(), "the page's copy of the history"
    assert "healthz 200" in outcome.stdout
    assert "main ended with 0" in outcome.stdout
    assert "hotline: ok" in outcome.stdout, "the health check reads results"
    assert "written /" not in outcome.stdout
    assert outcome.stdout.count("Read-only file system") == 3
    assert own.app_secret not in outcome.stdout + outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_an_unhealthy_container_is_said_to_be(bwrap: str, image: Stage) -> None:
    outcome = _inside(bwrap, image, image.health)
    assert outcome.returncode != 0
    assert "no history" in outcome.stderr


def test_the_image_brings_a_configuration_that_holds(bwrap: str, image: Stage) -> None:
    outcome = _inside(bwrap, image, [*image.entrypoint, "config", "check", "/etc/lineman/monitors"])
    assert outcome.returncode == 0, outcome.stderr
    settings = load_configuration(image.root / "etc/lineman/monitors", {}).monitor
    assert str(Path(settings.history).parent) in image.volumes
    assert settings.listen.rpartition(":")[2] in image.ports


def test_the_wheel_holds_what_lineman_needs(bwrap: str, image: Stage) -> None:
    outcome = _inside(bwrap, image, ["/opt/lineman/bin/python", "-c", FILES])
    assert outcome.returncode == 0, outcome.stderr
    assert all(path.startswith("/opt/lineman/") for path in outcome.stdout.split())
    shipped = {path.name for path in (image.root / "opt/lineman").rglob("_data/openapi/*")}
    assert shipped == {"query-access-code-list.yaml"}, "linters' files are of no use there"
    outcome = _inside(bwrap, image, [*image.entrypoint, "explain", "answer.return-code"])
    assert outcome.returncode == 0, outcome.stderr


def test_the_container_is_confined(image: Stage) -> None:
    user = image.user.split(":")
    assert user == ["10001", "10001"], "a number, for Kubernetes has to see that it is not root"
    assert image.owners["/var/lib/lineman"] == image.user
    assert set(image.health_options) == {"interval", "timeout", "start-period"}


def test_only_pinned_versions_get_in() -> None:
    text = DOCKERFILE.read_text("utf-8")
    installs = re.findall(r"pip (?:--python \S+ )?install (.*)", text)
    assert installs
    assert all("--constraint constraints.txt" in install for install in installs)
    bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert set(bases) == {"python:${PYTHON_VERSION}-slim"}
    version = re.search(r"ARG PYTHON_VERSION=(\d+)\.(\d+)", text)
    assert version is not None
    assert (int(version[1]), int(version[2])) >= (3, 11)


def test_every_dependency_is_pinned() -> None:
    """What the image installs by name has its version in constraints.txt."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["postgres"] + ["hatchling"]
    pinned = {
        re.sub(r"[-_.]+", "-", line.partition("==")[0]).lower()
        for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    }
    names = {re.split(r"[\[<>=]", entry)[0].strip().lower() for entry in wanted}
    assert names <= pinned, f"missing in constraints.txt: {sorted(names - pinned)}"


def test_the_context_is_small(tmp_path: Path) -> None:
    files = context(ROOT, tmp_path / "context")
    assert sum(path.stat().st_size for path in files.rglob("*") if path.is_file()) < 5_000_000
    assert not list(files.rglob("*.sqlite"))
    assert sys.version_info >= (3, 11)
