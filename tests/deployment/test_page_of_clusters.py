"""The page's commands for Kubernetes and Docker: by the real kubectl as far as it goes without a cluster, and by what
the Dockerfile makes of the arguments."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.deployment.page import ROOT, of_kind

KUBECTL = """#!/bin/sh
# What needs a cluster is rendered instead, or its options are looked at by asking for help.
case " $* " in
*" kustomize "*) exec {kubectl} "$@" ;;
*" create "*) exec {kubectl} "$@" --dry-run=client --output=yaml ;;
*" apply --kustomize "*) shift 2; exec {kubectl} kustomize "$@" ;;
*) exec {kubectl} "$@" --help ;;
esac
"""


@pytest.fixture(scope="module")
def applied(kubectl: str, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """Each command of the page's blocks about Kubernetes, and what it showed."""
    folder = tmp_path_factory.mktemp("cluster")
    (folder / "monitors").symlink_to(ROOT / "monitors")
    for name in ("app-key", "app-secret"):
        (folder / name).write_text("planted\n")
    (folder / "kubectl").write_text(KUBECTL.format(kubectl=shlex.quote(kubectl)))
    (folder / "kubectl").chmod(0o755)
    environment = os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "KUBECONFIG": str(folder / "none")}
    shown = []
    for command in (command for block in of_kind("kubernetes") for command in block.commands):
        outcome = subprocess.run(
            ["sh", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert outcome.returncode == 0, f"{command}\n{outcome.stdout}\n{outcome.stderr}"
        shown.append((command, outcome.stdout))
    return shown


def test_the_cluster_gets_what_the_page_says(applied: list[tuple[str, str]]) -> None:
    documents: dict[str, list[Any]] = {command: [] for command, _ in applied}
    for command, shown in applied:
        if re.search(r"\b(kustomize|create)\b", command):
            documents[command] = [document for document in yaml.safe_load_all(shown) if document]
    made = {(d["kind"], d["metadata"]["name"]): d for found in documents.values() for d in found}
    namespaces = {name for kind, name in made if kind == "Namespace"}
    assert {document["metadata"].get("namespace") for (kind, _), document in made.items() if kind != "Namespace"} == (
        namespaces
    )
    text = "\n".join(command for command, _ in applied)
    assert set(re.findall(r"--namespace (\S+)", text)) == namespaces
    for kind, name in re.findall(r"\b(deployment|service)/(\S+)", text):
        assert (kind.capitalize(), name) in made
    (port,) = re.findall(r"port-forward \S+ (\d+)", text)
    assert int(port) in [port["port"] for port in made["Service", "lineman-monitor"]["spec"]["ports"]]


def test_what_needs_a_cluster_is_asked_rightly(applied: list[tuple[str, str]]) -> None:
    asked = [shown for command, shown in applied if re.search("rollout status|port-forward", command)]
    assert len(asked) == 2
    assert all("Usage:" in shown for shown in asked)


def _docker_run(words: list[str]) -> argparse.Namespace:
    """The options of ``docker run`` that the page uses; another one has to be looked up and added."""
    parser = argparse.ArgumentParser(exit_on_error=False, allow_abbrev=False)
    for flag in ("--detach", "--rm", "--read-only"):
        parser.add_argument(flag, action="store_true")
    for option in ("--volume", "--env", "--publish", "--tmpfs", "--cap-drop", "--security-opt"):
        parser.add_argument(option, action="append", default=[])
    parser.add_argument("--name")
    parser.add_argument("--restart", choices=["no", "on-failure", "always", "unless-stopped"])
    parser.add_argument("image")
    parser.add_argument("arguments", nargs="*")
    return parser.parse_args(words)


def test_the_container_is_run_as_the_image_wants() -> None:
    commands = [shlex.split(command.replace("\\\n", " ")) for block in of_kind("docker") for command in block.commands]
    (build,) = (words for words in commands if words[1] == "build")
    (run,) = (_docker_run(words[2:]) for words in commands if words[1] == "run")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert build[2:] == ["--tag", f"lineman:{version}", "."]
    assert run.image == f"lineman:{version}"
    assert (run.read_only, run.tmpfs, run.cap_drop) == (True, ["/tmp"], ["ALL"])  # noqa: S108 - the container's
    places = {volume.split(":")[1]: volume.split(":")[2:] for volume in run.volume}
    assert places["/var/lib/lineman"] == [], "history is written"
    assert all(options == ["ro"] for place, options in places.items() if place != "/var/lib/lineman")
    assert "/etc/lineman/monitors" in places
    environment = dict(entry.split("=", 1) for entry in run.env)
    assert environment["LINEMAN_APP_SECRET_FILE"] in places
    assert "LINEMAN_APP_SECRET" not in environment
    text = (ROOT / "Dockerfile").read_text("utf-8")
    assert f"EXPOSE {run.publish[0].rpartition(':')[2]}\n" in text
    assert run.publish[0].startswith("127.0.0.1:")
    names = {words[2] for words in commands if words[1] == "exec"}
    assert names == {run.name}


def test_the_files_of_the_page_are_there() -> None:
    text = (ROOT / "docs/operators.md").read_text("utf-8")
    for path in set(re.findall(r"(?<![/\w])monitors/[A-Za-z0-9@./_-]*[A-Za-z0-9/]", text)):
        assert Path(ROOT, path).exists(), path


def test_the_metrics_of_the_page_are_there() -> None:
    """Every metric that the page names is explained by the page about metrics, which a test of its own holds."""
    page, explained = ((ROOT / "docs" / name).read_text("utf-8") for name in ("operators.md", "alerts.md"))
    named = set(re.findall(r"`((?:probe|lineman)_[a-z_]+)`", page))
    assert named
    assert named <= set(re.findall(r"`((?:probe|lineman)_[a-z_]+)`", explained))


def test_every_link_leads_somewhere() -> None:
    page = (ROOT / "docs/operators.md").read_text("utf-8")
    headings = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    anchors = {"#" + re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for link in re.findall(r"\]\(([^)]+)\)", page):
        assert link in anchors or (ROOT / "docs" / link).is_file(), link
