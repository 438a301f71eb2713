"""From an empty folder to a verdict in a few commands, and the schemas of what people write."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from lineman.resources import resource
from lineman.sandbox import RunningSandbox, SandboxOptions, serve


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with serve(SandboxOptions()) as sandbox:
        yield sandbox


def lineman(*arguments: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lineman", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def credentials(sandbox: RunningSandbox) -> dict[str, str]:
    return {name: value for name, value in sandbox.environment.items() if not name.endswith("_URL")}


def test_from_an_empty_folder_to_a_verdict(tmp_path: Path, running: RunningSandbox) -> None:
    """When a new user starts, then three commands write the files, judge and probe, and no secret is in a file."""
    secrets = credentials(running)
    began = lineman("init", "--yes", "--base-url", running.base_url, folder=tmp_path, **secrets)
    assert began.returncode == 0, began.stderr
    assert f"Tried {running.base_url}: it answers" in began.stdout
    assert began.stdout.rstrip().endswith("lineman test --target staging")
    judged = lineman("test", "--target", "staging", "--profile", "smoke", folder=tmp_path, **secrets)
    assert judged.returncode == 0, judged.stdout + judged.stderr
    probed = lineman("probe", "staging", folder=tmp_path, **secrets)
    assert probed.returncode == 0, probed.stdout + probed.stderr
    checked = lineman("config", "check", folder=tmp_path, **secrets)
    assert checked.returncode == 0, checked.stderr
    written = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert secrets["LINEMAN_APP_SECRET"].encode() not in written


@pytest.mark.parametrize(
    ("there", "written"),
    [
        (".github/dependabot.yml", ".github/workflows/contract.yml"),
        (".gitlab-ci.yml", ".gitlab/contract.yml"),
        ("README.md", None),
    ],
)
def test_the_pipeline_is_the_folder_s(tmp_path: Path, there: str, written: str | None) -> None:
    """When the folder is a platform's, then its pipeline file is written, and it holds the platform's schema."""
    (tmp_path / there).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / there).write_text("before\n")
    done = lineman("init", "--yes", "--base-url", "https://staging.example.com", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / there).read_text() == "before\n"
    pipelines = [*tmp_path.glob(".github/workflows/*"), *tmp_path.glob(".gitlab/*")]
    assert [str(path.relative_to(tmp_path)) for path in pipelines] == ([written] if written else [])
    for path in pipelines:
        schema = "vendor.github-workflows" if "github" in str(written) else "vendor.gitlab-ci"
        program = str(Path(sys.executable).parent / "check-jsonschema")
        held = subprocess.run(
            [program, "--builtin-schema", schema, str(path)], capture_output=True, text=True, timeout=120, check=False
        )
        assert held.returncode == 0, held.stdout


def test_nothing_that_is_there_is_changed(tmp_path: Path) -> None:
    """When init runs again for another target, then lineman.toml gets a second table, and all else stays."""
    for target in ("staging", "prod", "prod"):
        done = lineman("init", "--yes", "--target", target, "--base-url", f"https://{target}.example", folder=tmp_path)
        assert done.returncode == 0, done.stderr
    tables = tomllib.loads((tmp_path / "lineman.toml").read_text())["targets"]
    assert {name: one["base_url"] for name, one in tables.items()} == {
        "staging": "https://staging.example",
        "prod": "https://prod.example",
    }
    assert "kept     lineman.toml" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ((), "--base-url"),
        (("--base-url", "staging.example.com"), "does not begin with https://"),
        (("--base-url", "https://h", "--pipeline", "jenkins"), "choose auto, github, gitlab or none"),
        (("--base-url", "https://h", "--target", "a b"), "a name has letters"),
    ],
)
def test_what_cannot_be_begun_writes_nothing(tmp_path: Path, arguments: tuple[str, ...], word: str) -> None:
    done = lineman("init", "--yes", *arguments, folder=tmp_path)
    assert done.returncode == 4
    assert word in done.stderr
    assert list(tmp_path.iterdir()) == []


def schema(name: str, folder: Path) -> Draft202012Validator:
    done = lineman("config", "schema", name, folder=folder)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    Draft202012Validator.check_schema(found)
    return Draft202012Validator(found)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("targets", '[targets.s]\nbase_url = "https://h"\nrate = 5\nrequire = ["*"]', '[targets.s]\nbase_ulr = "x"'),
        ("pins", '[targets.s]\n"filter.case" = "minds"', '[targets.s]\n"filter.cas" = "minds"'),
        ("canaries", "", '[canaries.a]\nintervall = "1m"'),
    ],
)
def test_a_schema_says_what_lineman_says(tmp_path: Path, name: str, good: str, bad: str) -> None:
    validator = schema(name, tmp_path)
    text = good or resource("monitors/canary.toml").read_text("utf-8")
    assert list(validator.iter_errors(tomllib.loads(text))) == []
    assert list(validator.iter_errors(tomllib.loads(bad))) != []


def test_config_check_looks_at_everything(tmp_path: Path) -> None:
    """When targets, pins and canaries are each wrong, then each is told."""
    (tmp_path / "lineman.toml").write_text(
        '[targets.a]\nbase_url = "x"\n[targets.b]\nrequire = ["limit.zer"]\nbase_url = "https://h"\n'
    )
    (tmp_path / "lineman-pins.toml").write_text('[pins]\n"filter.cas" = "x"\n')
    (tmp_path / "monitors").mkdir()
    (tmp_path / "monitors/a.toml").write_text('[canaries.a]\nintervall = "1m"\n')
    done = lineman("config", "check", folder=tmp_path)
    assert done.returncode == 4
    for word in ("[targets.a]", "limit.zero", "filter.case", "intervall"):
        assert word in done.stderr
