"""``lineman init``: from nothing to a target, a canary and a pipeline that judges it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from lineman.cli.common import fail

SCHEMAS = Path(".lineman")
_SECRETS = """\
# Key and secret never stand here. Set LINEMAN_APP_KEY and LINEMAN_APP_SECRET, or name files that hold them:
# app_key_file = "/run/secrets/lineman-key"
# app_secret_file = "/run/secrets/lineman-secret"
"""
_CANARY = """\
#:schema ../.lineman/canaries.schema.json
# The first page of the list, once a minute: `lineman probe {target}` asks once, `lineman monitor` for long.
[canaries.{target}]
target = "{target}"
query = {{ limit = 10 }}
interval = "1m"
timeout = "10s"

[canaries.{target}.expect]
contract = true
total_at_least = 1
"""
_GITHUB = """\
# Written by `lineman init`. LINEMAN_APP_KEY and LINEMAN_APP_SECRET are secrets of the repository.
name: contract

on:
  workflow_dispatch:
  schedule:
    - cron: "17 5 * * *"

permissions:
  contents: read

jobs:
  contract:
    runs-on: ubuntu-latest
    timeout-minutes: 20
    concurrency: contract-{target}
    steps:
      - uses: actions/checkout@v6
        with:
          persist-credentials: false
      - name: Install lineman
        run: |
          python3 -m venv "$RUNNER_TEMP/lineman"
          "$RUNNER_TEMP/lineman/bin/pip" install --quiet lineman=={version}
      - name: Judge {target}
        run: |
          "$RUNNER_TEMP/lineman/bin/lineman" test --target {target} --wait 60 --report-dir contract
        env:
          LINEMAN_APP_KEY: ${{{{ secrets.LINEMAN_APP_KEY }}}}
          LINEMAN_APP_SECRET: ${{{{ secrets.LINEMAN_APP_SECRET }}}}
      - if: always()
        run: if [ -f contract/summary.md ]; then cat contract/summary.md >> "$GITHUB_STEP_SUMMARY"; fi
      - if: always()
        uses: actions/upload-artifact@v6
        with:
          name: contract
          path: contract
          if-no-files-found: ignore
"""
_GITLAB = """\
# Written by `lineman init`. LINEMAN_APP_KEY and LINEMAN_APP_SECRET are masked variables of the project.
contract:
  stage: test
  image: python:3.13-slim
  resource_group: contract-{target}
  script:
    - pip install --quiet lineman=={version}
    - lineman test --target {target} --wait 60 --report-dir contract
  artifacts:
    when: always
    paths: [contract]
    reports:
      junit: contract/junit.xml
"""


def init(
    target: Annotated[str, typer.Option(help="What to call the deployment.")] = "staging",
    base_url: Annotated[
        str | None, typer.Option(help="Where the query is served.", show_default="LINEMAN_BASE_URL")
    ] = None,
    token_url: Annotated[str | None, typer.Option(help="Where tokens are served, if elsewhere.")] = None,
    pipeline: Annotated[str, typer.Option(help="github, gitlab, none, or auto: what this folder looks like.")] = "auto",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")] = False,
) -> None:
    """Write lineman.toml, a canary and a pipeline file, try the target once, and say the next command.

    No file that is there is changed, and no secret is written. Exit codes: 0 done, 4 wrong call or configuration.
    """
    from lineman import __version__  # noqa: PLC0415 - reads the package's metadata

    if pipeline not in ("auto", "github", "gitlab", "none"):
        fail("init", f"--pipeline {pipeline!r}: choose auto, github, gitlab or none")
    if not target.replace("-", "").replace("_", "").isalnum() or not target.isascii():
        fail("init", f"--target {target!r}: a name has letters, digits, hyphens and underscores")
    address = base_url or os.environ.get("LINEMAN_BASE_URL", "").strip()
    if not address and not yes and sys.stdin.isatty():
        address = typer.prompt("Where is the query served (such as https://staging.example.com)")
    if not address:
        fail("init", "where is the query served? Say it with --base-url URL")
    platform = _platform() if pipeline == "auto" else pipeline
    if pipeline == "auto" and not yes and sys.stdin.isatty():
        platform = typer.prompt("Which pipeline: github, gitlab or none", default=platform)
    files = {Path("lineman.toml"): _table(target, address, token_url)}
    files[Path(f"monitors/{target}.toml")] = _CANARY.format(target=target)
    if platform == "github":
        files[Path(".github/workflows/contract.yml")] = _GITHUB.format(target=target, version=__version__)
    elif platform == "gitlab":
        own = Path(".gitlab-ci.yml")
        path = Path(".gitlab/contract.yml") if own.exists() else own
        files[path] = _GITLAB.format(target=target, version=__version__)
    _check(target, address, token_url)
    _write(files)
    _try(target)


def _platform() -> str:
    """What the folder looks like: its pipeline files first, then where its repository comes from."""
    if Path(".github").is_dir():
        return "github"
    if Path(".gitlab-ci.yml").exists():
        return "gitlab"
    try:
        remote = subprocess.run(
            ["git", "remote", "--verbose"],  # noqa: S607 - git lies elsewhere on every machine
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return "none"
    return next((name for name in ("github", "gitlab") if name in remote), "none")


def _table(target: str, base_url: str, token_url: str | None) -> str:
    lines = [f"[targets.{target}]", f"base_url = {json.dumps(base_url)}"]
    lines += [f"token_url = {json.dumps(token_url)}"] if token_url else []
    return "\n".join([f"#:schema {SCHEMAS}/targets.schema.json", *lines, _SECRETS])


def _check(target: str, base_url: str, token_url: str | None) -> None:
    """Refuse what could not be judged before anything is written."""
    from lineman.suite.requirements import check_target  # noqa: PLC0415 - heavy
    from lineman.suite.run_state import RunOptions  # noqa: PLC0415 - heavy
    from lineman.target import ConfigurationError, load_target  # noqa: PLC0415 - heavy

    addresses = {"LINEMAN_TOKEN_URL": token_url} if token_url else {}
    try:
        check_target(RunOptions(), load_target(None, base_url, None, addresses))
    except ConfigurationError as error:
        fail("init", str(error))


def _write(files: Mapping[Path, str]) -> None:
    from lineman.cli.schemas import canaries_schema, targets_schema  # noqa: PLC0415 - pydantic
    from lineman.files import PUBLIC, write_atomically  # noqa: PLC0415 - used here only

    schemas = {"targets": targets_schema(), "canaries": canaries_schema()}
    texts = {
        **files,
        **{SCHEMAS / f"{name}.schema.json": json.dumps(one, indent=2) + "\n" for name, one in schemas.items()},
    }
    for path, text in texts.items():
        if path.exists() and path.parent != SCHEMAS:
            _keep(path, text)
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, text.encode(), mode=PUBLIC)
        except OSError as error:
            fail("init", f"{path} cannot be written: {error.strerror}")
        typer.echo(f"written  {path}")


def _keep(path: Path, text: str) -> None:
    """Leave a file as it is; a lineman.toml without this target gets its table at the end."""
    from lineman.configuration import CONFIGURATION_FILE, ConfigurationError, target_names  # noqa: PLC0415 - heavy

    table = text.partition("\n")[2]
    try:
        lacking = path == Path(CONFIGURATION_FILE) and table.split("]")[0].split(".")[1] not in target_names(path)
    except ConfigurationError as error:
        fail("init", str(error))
    if not lacking:
        typer.echo(f"kept     {path}: it is there already")
        return
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n{table}")
    typer.echo(f"added    {table.partition(chr(10))[0]} to {path}")


def _try(target: str) -> None:
    """Ask the target once, and say what comes next."""
    from lineman.suite.waiting import look  # noqa: PLC0415 - heavy
    from lineman.target import ConfigurationError, load_target  # noqa: PLC0415 - heavy

    try:
        chosen = load_target(target, None, None, os.environ)
    except ConfigurationError as error:
        fail("init", str(error))
    if not chosen.credentials.usable:
        typer.echo(f"\nNot tried: {target} has no credentials yet. Next:\n")
        typer.echo("  export LINEMAN_APP_KEY=... LINEMAN_APP_SECRET=...")
    else:
        problem = look(chosen)
        typer.echo(f"\nTried {chosen.base_url}: {problem or 'it answers'}. Next:\n")
    typer.echo(f"  lineman test --target {target}")
