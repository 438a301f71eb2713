"""Fifty mistakes in the configuration or the call: each ends with one message that names it, and the exit code 4."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lineman.cli import app

TOKEN = {"LINEMAN_TOKEN": "t" * 20}
GOOD = 'base_url = "https://staging.example.com"\n'
STAGING = ("test", "--target", "staging", "--plan")
HERE = ("test", "--base-url", "https://h", "--plan")


def table(lines: str) -> Callable[[Path], None]:
    """A target staging with further lines."""
    return lambda folder: _write(folder / "lineman.toml", f"[targets.staging]\n{GOOD}{lines}\n")


def whole(text: str, name: str = "lineman.toml") -> Callable[[Path], None]:
    return lambda folder: _write(folder / name, text)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


def nothing(_: Path) -> None:
    """No file."""


MISTAKES = [
    # -- the call
    ((), ("test",), "no target given: say which deployment to test with --target NAME"),
    ((), ("test", "staging"), "'staging' stands alone: to judge it say `lineman test --target staging`"),
    ((), ("test", "https://h"), "say `lineman test --base-url https://h`"),
    ((), ("test", "--target", "a", "--base-url", "https://h"), "--target and --base-url name more than one target"),
    ((), ("test", "--sandbox", "--target", "a"), "--target and --sandbox name more than one target"),
    ((), (*HERE, "--profile", "smok"), "--profile 'smok': choose smoke, full or deep; did you mean 'smoke'?"),
    ((), (*HERE, "--drift", "wran"), "--drift 'wran': choose warn or fail; did you mean 'warn'?"),
    ((), (*HERE, "--fault", "zero-refused"), "go with --sandbox only"),
    ((), (*HERE, "--only", "limit.zer"), "no clause matches 'limit.zer'; the nearest is 'limit.zero'"),
    ((), (*HERE, "--require", "limit.zer"), "no clause matches 'limit.zer'; the nearest is 'limit.zero'"),
    ((), (*HERE, "--require", "auth.*", "--only", "limit.*"), "--require 'auth.*' and --only leave nothing in common"),
    ((), (*HERE, "--pins", "none.toml"), "--pins none.toml: there is no such file: --pin writes one"),
    ((), (*HERE, "--profile", "deep", "--max-requests", "100"), "--profile deep needs"),
    ((), ("test", "--base-url", ""), "'' does not begin with https:// or http://"),
    ((), ("test", "--base-url", "staging.example.com"), "does not begin with https:// or http://"),
    ((), ("test", "--base-url", "https://u:p@h"), "credentials in a URL are refused"),
    ((), ("test", "--base-url", "https://h?x=1"), "a base URL has neither query nor fragment"),
    ((), ("test", "--target", "staging"), "there is no such file: write a [targets.NAME] table into it"),
    ((), ("test", "--config", "other.toml", "--target", "a"), "other.toml: there is no such file"),
    ((), ("config", "schema", "target"), "there is no schema 'target'; did you mean 'targets'?"),
    # -- the file
    ((whole("[targets.staging\n"),), STAGING, "lineman.toml: not valid TOML"),
    ((whole("[target.staging]\n"),), STAGING, "unknown table [target]: did you mean [targets.NAME]?"),
    ((whole("targets = 5\n"),), STAGING, "expected tables [targets.NAME], got 5"),
    ((whole("[targets.stagign]\n" + GOOD),), STAGING, "no target 'staging': did you mean 'stagign'?"),
    ((whole("[targets.staging]\n"),), STAGING, "has no base_url: add one, or set LINEMAN_BASE_URL"),
    ((whole("[targets.staging]\nbase_url = 5\n"),), STAGING, "base_url = 5: expected a text in quotes"),
    ((table("base_ulr = 1"),), STAGING, "unknown setting base_ulr: did you mean 'base_url'?"),
    ((table('app_secret = "x"'),), STAGING, "app_secret is a secret and may not stand in a configuration file"),
    ((table("rate = 0"),), STAGING, "rate = 0: expected more than 0"),
    ((table("rate = inf"),), STAGING, "rate = inf: expected a finite number"),
    ((table('rate = "5"'),), STAGING, "rate = '5': expected a number"),
    ((table("concurrency = 0"),), STAGING, "concurrency = 0: expected at least 1"),
    ((table("max_requests = 1.5"),), STAGING, "max_requests = 1.5: expected a whole number"),
    ((table("timeout = 9999"),), STAGING, "timeout = 9999: expected at most 3600"),
    ((table("verify = false"),), STAGING, "verify = False: expected true, or the path of a CA bundle to trust"),
    ((table('ca = "none.pem"'),), STAGING, "ca: there is no file at none.pem"),
    ((table('client_key = "k.pem"'),), STAGING, "client_key is set but client_cert is not: set it"),
    ((table('client_cert = "lineman.toml"'),), STAGING, "expected a certificate in PEM and its key"),
    ((table('proxy = "socks5://h"'),), STAGING, "expected the address of an HTTP proxy"),
    ((table('require = "*"'),), STAGING, "require = '*': expected a list, in square brackets"),
    (
        (table('require = ["limit.zer"]'),),
        STAGING,
        "require: no clause matches 'limit.zer'; the nearest is 'limit.zero'",
    ),
    ((table("min_records = -1"),), STAGING, "min_records = -1: expected at least 0"),
    ((table('headers = { Host = "x" }'),), STAGING, "headers.Host: lineman sets this header itself: remove it"),
    ((table('app_key_file = "none"'),), STAGING, "app_key_file: none cannot be read: No such file or directory"),
    (
        (table('[[targets.staging.waivers]]\nclause = "a"\nreason = "b"'),),
        STAGING,
        "until is missing: add it",
    ),
    (
        (table('[[targets.staging.waivers]]\nclause = "limit.zer"\nreason = "b"\nuntil = 2999-01-01'),),
        STAGING,
        "waivers: there is no clause 'limit.zer'; the nearest is 'limit.zero'",
    ),
    (
        (table('[[targets.staging.waivers]]\nclause = "limit.zero"\nreason = "b"\nuntil = "soon"'),),
        STAGING,
        "waivers.1.until = 'soon': expected a date such as 2026-12-31, without quotes",
    ),
    # -- pins and canaries
    ((whole("[pins\n", "lineman-pins.toml"),), HERE, "lineman-pins.toml: not valid TOML"),
    ((whole('[pins]\n"filter.cas" = "x"\n', "lineman-pins.toml"),), HERE, "there is no clause 'filter.cas'"),
    ((whole("[target.a]\n", "lineman-pins.toml"),), HERE, "unknown table [target]; did you mean 'targets'?"),
    ((whole("[canaries.a]\nintervall = 5\n", "monitors/a.toml"),), ("config", "check"), "did you mean 'interval'?"),
    (
        (whole('[canaries.a]\ninterval = "soon"\n', "monitors/a.toml"),),
        ("config", "check"),
        "no length of time",
    ),
    (
        (whole("[canary.a]\n", "monitors/a.toml"),),
        ("config", "check"),
        "did you mean 'canaries'?",
    ),
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_there_are_fifty() -> None:
    assert len(MISTAKES) >= 50


@pytest.mark.parametrize(("files", "arguments", "message"), MISTAKES, ids=[str(one[2])[:60] for one in MISTAKES])
def test_a_mistake_has_one_message(
    folder: Path, files: tuple[Callable[[Path], None], ...], arguments: tuple[str, ...], message: str
) -> None:
    """When a mistake is made, then its sentence says what and where, the exit code is 4, and nothing was judged."""
    for write in files:
        write(folder)
    done = CliRunner().invoke(app, list(arguments), env={**TOKEN, "COLUMNS": "300"})
    assert done.exit_code == 4, done.output
    assert message in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert "Traceback" not in done.output
    assert "pydantic" not in done.output
    assert not (folder / "reports").exists()
