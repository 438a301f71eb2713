"""The manifests, rendered by the real kustomize: they keep Kubernetes's schemas, fit together, and fit lineman."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate  # type: ignore[import-untyped]  # it carries no types
import pytest
import yaml
from tests.deployment import podmonitor_schema

from lineman.monitor.config import load_configuration

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "monitors" / "kubernetes"
OVERLAYS = ["base", "cronjob", "overlays/staging"]
VERSIONS = ["1.28", "1.37"]
"""The oldest and the newest Kubernetes whose schemas are tried."""

JOB = "lineman"
"""The job that the rules of monitors/prometheus look for."""

Manifest = dict[str, Any]
Render = Callable[[str], list[Manifest]]


@pytest.fixture(scope="session")
def render(kubectl: str) -> Render:
    """What ``kubectl kustomize`` makes of a folder; each folder is rendered once."""
    rendered: dict[str, list[Manifest]] = {}

    def once(folder: str) -> list[Manifest]:
        if folder not in rendered:
            outcome = subprocess.run(
                [kubectl, "kustomize", str(SHIPPED / folder)], capture_output=True, text=True, timeout=60, check=False
            )
            # Warnings (deprecated fields and the like) are failures.
            assert (outcome.returncode, outcome.stderr) == (0, "")
            rendered[folder] = list(yaml.safe_load_all(outcome.stdout))
        return rendered[folder]

    return once


def _of_kind(manifests: list[Manifest], kind: str) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] == kind]


def _pod(manifests: list[Manifest]) -> Manifest:
    """The only pod template, of the Deployment or the CronJob."""
    templates = [d["spec"]["template"] for d in _of_kind(manifests, "Deployment")]
    templates += [c["spec"]["jobTemplate"]["spec"]["template"] for c in _of_kind(manifests, "CronJob")]
    (template,) = templates
    return dict(template)


def _container(manifests: list[Manifest]) -> Manifest:
    (container,) = _pod(manifests)["spec"]["containers"]
    return dict(container)


def _judge(manifest: Manifest, version: str) -> None:
    """Raise where the manifest does not keep its schema, unknown members included."""
    if manifest["kind"] == "PodMonitor":
        jsonschema.validate(manifest, podmonitor_schema.SCHEMA)
        return
    kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("folder", OVERLAYS)
def test_manifests_keep_the_schemas(render: Render, folder: str, version: str) -> None:
    for manifest in render(folder):
        _judge(manifest, version)


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("Deployment", "spec.template.spec.containers.0.readinessProb", {}),
        ("Deployment", "spec.replicas", "one"),
        ("PodMonitor", "spec.podMetricsEndpoints.0.intervall", "30s"),
        ("PodMonitor", "spec.podMetricsEndpoints.0.interval", "half a minute"),
    ],
)
def test_the_schemas_do_look(render: Render, kind: str, path: str, value: object) -> None:
    (manifest,) = _of_kind(yaml.safe_load(yaml.safe_dump(render("overlays/staging"))), kind)
    *folders, last = path.split(".")
    place: Any = manifest
    for name in folders:
        place = place[int(name) if name.isdecimal() else name]
    place[last] = value
    with pytest.raises((kubernetes_validate.ValidationError, jsonschema.ValidationError)):
        _judge(manifest, VERSIONS[-1])


@pytest.mark.parametrize("folder", OVERLAYS)
def test_every_name_is_there(render: Render, folder: str) -> None:
    manifests = render(folder)
    names = {(manifest["kind"], manifest["metadata"]["name"]) for manifest in manifests}
    pod = _pod(manifests)["spec"]
    assert ("ServiceAccount", pod["serviceAccountName"]) in names
    for volume in pod["volumes"]:
        if "configMap" in volume:
            assert ("ConfigMap", volume["configMap"]["name"]) in names
        if "persistentVolumeClaim" in volume:
            assert ("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]) in names
    container = _container(manifests)
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    for source in container["envFrom"]:
        assert ("ConfigMap", source["configMapRef"]["name"]) in names


@pytest.mark.parametrize("folder", OVERLAYS)
def test_no_secret_is_part_of_the_files(render: Render, folder: str) -> None:
    assert not _of_kind(render(folder), "Secret")
    environment = _container(render(folder))["env"]
    assert {entry["name"] for entry in environment} == {"LINEMAN_APP_KEY_FILE", "LINEMAN_APP_SECRET_FILE"}


def test_the_secret_as_documented_has_the_keys(kubectl: str, render: Render, tmp_path: Path) -> None:
    text = (SHIPPED / "overlays/staging/kustomization.yaml").read_text("utf-8")
    shown = text[text.index("kubectl --namespace") :].partition("#   kubectl apply")[0].replace("#", "").split()
    command = [word for word in shown if word != "\\"]
    for file in ("app-key", "app-secret"):
        (tmp_path / file).write_text("planted\n")
    outcome = subprocess.run(
        [kubectl, *command[1:], "--dry-run=client", "--output=yaml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=os.environ | {"HOME": str(tmp_path), "KUBECONFIG": str(tmp_path / "none")},
    )
    made = yaml.safe_load(outcome.stdout)
    assert base64.b64decode(made["data"]["app-key"]) == b"planted\n"
    assert (
        made["metadata"]["namespace"] == _of_kind(render("overlays/staging"), "Deployment")[0]["metadata"]["namespace"]
    )
    for folder in OVERLAYS:
        (volume,) = (volume["secret"] for volume in _pod(render(folder))["spec"]["volumes"] if "secret" in volume)
        assert volume["secretName"] == made["metadata"]["name"]
        assert {item["key"] for item in volume["items"]} == set(made["data"])
        mounts = {mount["name"]: mount["mountPath"] for mount in _container(render(folder))["volumeMounts"]}
        files = {f"{mounts['credentials']}/{item['path']}" for item in volume["items"]}
        assert {entry["value"] for entry in _container(render(folder))["env"]} == files


@pytest.mark.parametrize("folder", ["base", "overlays/staging"])
def test_labels_and_ports_meet(render: Render, folder: str) -> None:
    manifests = render(folder)
    labels = _pod(manifests)["metadata"]["labels"].items()
    (deployment,) = _of_kind(manifests, "Deployment")
    (service,) = _of_kind(manifests, "Service")
    ports = {port["name"]: port["containerPort"] for port in _container(manifests)["ports"]}
    assert deployment["spec"]["selector"]["matchLabels"].items() <= labels
    assert service["spec"]["selector"].items() <= labels
    assert {port["targetPort"] for port in service["spec"]["ports"]} <= set(ports)
    for name in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert _container(manifests)[name]["httpGet"]["port"] in ports
        assert _container(manifests)[name]["httpGet"]["path"] == "/healthz"
    for monitor in _of_kind(manifests, "PodMonitor"):
        assert monitor["spec"]["selector"]["matchLabels"].items() <= labels
        assert {endpoint["port"] for endpoint in monitor["spec"]["podMetricsEndpoints"]} <= set(ports)
        assert dict(labels)[monitor["spec"]["jobLabel"]] == JOB
    assert len(_of_kind(manifests, "PodMonitor")) == (folder == "overlays/staging")


@pytest.mark.parametrize("folder", OVERLAYS)
def test_pods_are_confined(render: Render, folder: str) -> None:
    """What the restricted Pod Security Standard asks for, and a read-only file system."""
    pod, container = _pod(render(folder))["spec"], _container(render(folder))
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"requests", "limits"} <= set(container["resources"])


def _mounted(manifests: list[Manifest], folder: Path) -> Path:
    """Lay the canaries out as the pod sees them, history inside ``folder``."""
    (canaries,) = (m for m in _of_kind(manifests, "ConfigMap") if m["metadata"]["name"].startswith("lineman-canaries"))
    for name, text in canaries["data"].items():
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("folder", OVERLAYS)
def test_lineman_takes_the_canaries(render: Render, folder: str, tmp_path: Path) -> None:
    manifests = render(folder)
    configuration = load_configuration(_mounted(manifests, tmp_path), {})
    mounts = {mount["name"]: mount["mountPath"] for mount in _container(manifests)["volumeMounts"]}
    assert str(Path(configuration.monitor.history).parent) == mounts["history"]
    arguments = _container(manifests)["args"]
    assert f"--monitors={mounts['canaries']}" in arguments
    if folder == "cronjob":
        assert arguments[1] in configuration.canaries
        assert f"--history={configuration.monitor.history}" in arguments
        return
    host, _, port = configuration.monitor.listen.rpartition(":")
    assert (host, int(port)) == ("0.0.0.0", _container(manifests)["ports"][0]["containerPort"])  # noqa: S104 - in a pod


@pytest.mark.parametrize("folder", OVERLAYS)
def test_lineman_knows_the_arguments(render: Render, folder: str) -> None:
    name, *rest = _container(render(folder))["args"]
    helped = subprocess.run(
        [sys.executable, "-c", "from lineman.cli import main; main()", name, "--help"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"COLUMNS": "200", "NO_COLOR": "1"},
    ).stdout
    options = [word.partition("=")[0] for word in rest if word.startswith("--")]
    assert options
    assert not [option for option in options if option not in helped]


def test_a_probe_is_over_before_the_next_one(render: Render) -> None:
    manifests = render("cronjob")
    (job,) = _of_kind(manifests, "CronJob")
    assert job["spec"]["concurrencyPolicy"] == "Forbid"
    assert job["spec"]["jobTemplate"]["spec"]["activeDeadlineSeconds"] < 60


def test_the_example_canary_is_the_same_everywhere() -> None:
    def tables(path: Path) -> Any:
        return tomllib.loads(path.read_text("utf-8"))["canaries"]

    assert tables(SHIPPED / "common/canaries.toml") == tables(ROOT / "monitors/canary.toml")


def test_the_image_is_of_this_version(render: Render) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    for folder in OVERLAYS:
        assert _container(render(folder))["image"].endswith(f"lineman:{version}")
