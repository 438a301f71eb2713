"""The document passes the field's own linters without an error or a warning, by their real commands."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from lineman.contract.operation import DOCUMENT_NAME, document
from lineman.resources import resource

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def commands() -> Path:
    """The folder with the npm tools; installs them where they are missing."""
    outcome = subprocess.run(
        ["sh", "tools/install-openapi-linters.sh"], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    if outcome.returncode == 3 and not os.environ.get("CI"):
        pytest.skip(f"Redocly and Spectral did not run: {outcome.stderr.strip()}")
    assert outcome.returncode == 0, outcome.stderr
    return Path(outcome.stdout.strip())


def _run(commands: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # The folder of the commands comes first, for it may hold a newer Node than the machine's.
    environment = os.environ | {"PATH": f"{commands}{os.pathsep}{os.environ['PATH']}", "REDOCLY_TELEMETRY": "off"}
    environment["REDOCLY_SUPPRESS_UPDATE_NOTICE"] = "true"
    return subprocess.run(
        [str(commands / arguments[0]), *arguments[1:], DOCUMENT_NAME],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=environment,
    )


def test_openapi_spec_validator() -> None:
    assert list(OpenAPIV31SpecValidator(document().raw).iter_errors()) == []


def test_redocly_recommended_rules(commands: Path) -> None:
    outcome = _run(commands, "redocly", "lint", "--extends=recommended", "--format=json")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert json.loads(outcome.stdout)["totals"] == {"errors": 0, "warnings": 0, "ignored": 0}


def test_spectral_oas_rules(commands: Path) -> None:
    outcome = _run(
        commands, "spectral", "lint", "--ruleset=openapi/spectral.yaml", "--fail-severity=hint", "--format=json"
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert outcome.stdout.startswith("[]"), outcome.stdout


@pytest.mark.parametrize(("linter", "options"), [("redocly", "--format=json"), ("spectral", "--format=json")])
def test_the_linters_do_look(commands: Path, tmp_path: Path, linter: str, options: str) -> None:
    broken = tmp_path / "broken.yaml"
    text = resource(DOCUMENT_NAME).read_text(encoding="utf-8")
    broken.write_text(text.replace("operationId: tokenByAkSk", "operationId: queryAccessCodeList"), encoding="utf-8")
    extra = ["--extends=recommended"] if linter == "redocly" else ["--ruleset=openapi/spectral.yaml"]
    outcome = subprocess.run(
        [str(commands / linter), "lint", *extra, options, str(broken)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=os.environ | {"PATH": f"{commands}{os.pathsep}{os.environ['PATH']}"},
    )
    assert outcome.returncode != 0
