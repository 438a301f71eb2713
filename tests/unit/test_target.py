"""Settings of a target: where they come from, and what is said where they are wrong."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

import pytest

from lineman.secret import Secret
from lineman.target import ConfigurationError, Credentials, NoTargetError, Target, Waiver, load_target

PLANTED = "PLANTED-secret-0a1b2c3d"
KEYS = {"LINEMAN_APP_KEY": "key", "LINEMAN_APP_SECRET": PLANTED}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, text: str) -> Path:
    file = folder / "lineman.toml"
    file.write_text(text, encoding="utf-8")
    return file


STAGING = """
[targets.staging]
base_url = "https://staging.example.com/prefix/"
token_url = "https://token.example.com"
app_key = "staging-key"
app_secret_file = "secret.txt"
verify = "bundle.pem"
rate = 2.5
concurrency = 2
max_requests = 50
timeout = 12
max_body_bytes = 100000
token_leeway = 30
latency_limit = 0.8
headers = { X-TenantSpaceID = "42" }

[[targets.staging.waivers]]
clause = "limit.zero"
reason = "known, ticket 12"
until = 2026-12-31

[[targets.staging.waivers]]
fingerprint = "ab12cd34"
reason = "known"
until = 2026-01-31
"""


def test_everything_that_a_file_may_say(folder: Path) -> None:
    config = write(folder, STAGING)
    (folder / "secret.txt").write_text(f"{PLANTED}\n")
    (folder / "bundle.pem").write_text("")
    target = load_target("staging", None, config, {})
    assert target == Target(
        name="staging",
        base_url="https://staging.example.com/prefix",
        token_url="https://token.example.com",
        credentials=Credentials("staging-key", Secret(PLANTED)),
        headers=(("X-TenantSpaceID", "42"),),
        verify=folder / "bundle.pem",
        rate=2.5,
        concurrency=2,
        max_requests=50,
        timeout=12.0,
        max_body_bytes=100_000,
        token_leeway=30.0,
        latency_limit=0.8,
        waivers=(
            Waiver("limit.zero", "known, ticket 12", date(2026, 12, 31)),
            Waiver("ab12cd34", "known", date(2026, 1, 31)),
        ),
    )
    assert PLANTED not in repr(target)
    with pytest.raises(dataclasses.FrozenInstanceError):
        target.name = "other"  # type: ignore[misc]  # that is what is tested


def test_the_environment_fills_in_what_the_file_leaves_open(folder: Path) -> None:
    write(folder, "[targets.staging]\nrate = 5")
    (folder / "elsewhere.txt").write_text(f"  {PLANTED}\n")
    environment = {
        "LINEMAN_BASE_URL": "https://other.example.com/",
        "LINEMAN_TOKEN_URL": "https://other.example.com:8443",
        "LINEMAN_APP_KEY": "other-key",
        "LINEMAN_APP_SECRET_FILE": str(folder / "elsewhere.txt"),
        "LINEMAN_SECOND_TOKEN": "second-token",
    }
    target = load_target("staging", None, None, environment)
    assert (target.base_url, target.token_url) == ("https://other.example.com", "https://other.example.com:8443")
    assert target.credentials == Credentials("other-key", Secret(PLANTED))
    assert target.second == Credentials(token=Secret("second-token"))
    assert dict(target.sources) == {
        "base_url": "LINEMAN_BASE_URL",
        "token_url": "LINEMAN_TOKEN_URL",
        "app_key": "LINEMAN_APP_KEY",
        "app_secret": "LINEMAN_APP_SECRET_FILE",
        "second_token": "LINEMAN_SECOND_TOKEN",
        "rate": "lineman.toml: [targets.staging]: rate",
    }


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        (
            {"LINEMAN_BASE_URL": "https://prod.example.com"},
            ("LINEMAN_BASE_URL", "https://prod.example.com", "base_url"),
        ),
        ({"LINEMAN_TOKEN_URL": "https://elsewhere"}, ("LINEMAN_TOKEN_URL", "https://token.example.com", "token_url")),
        ({"LINEMAN_APP_KEY": "other"}, ("LINEMAN_APP_KEY", "app_key", "differ")),
        ({"LINEMAN_APP_SECRET": "other-secret"}, ("LINEMAN_APP_SECRET", "app_secret_file", "differ")),
    ],
)
def test_a_variable_that_contradicts_a_named_target_is_refused(
    folder: Path, variables: dict[str, str], named: tuple[str, ...]
) -> None:
    """When a variable left over from another target is there, then it and the table are named, and no secret is."""
    write(folder, STAGING)
    (folder / "secret.txt").write_text(PLANTED)
    (folder / "bundle.pem").write_text("")
    with pytest.raises(ConfigurationError) as caught:
        load_target("staging", None, None, variables)
    text = str(caught.value)
    for word in (*named, "[targets.staging]", "unset the variable"):
        assert word in text
    assert PLANTED not in text
    assert "other-secret" not in text


def test_tokens_do_not_come_from_another_target_s_address(folder: Path) -> None:
    """When a target has no token_url, then a variable that names another address than its base_url is refused."""
    write(folder, '[targets.prod]\nbase_url = "https://prod.example.com"')
    with pytest.raises(ConfigurationError, match="LINEMAN_TOKEN_URL contradicts"):
        load_target("prod", None, None, {"LINEMAN_TOKEN_URL": "https://staging.example.com"})


def test_a_variable_that_agrees_with_the_target_is_no_contradiction(folder: Path) -> None:
    write(folder, STAGING.replace('verify = "bundle.pem"', ""))
    environment = {
        "LINEMAN_BASE_URL": "https://staging.example.com/prefix",
        "LINEMAN_APP_KEY": "staging-key",
        "LINEMAN_APP_SECRET": PLANTED,  # the table names a file that is not on this machine
    }
    target = load_target("staging", None, None, environment)
    assert target.credentials == Credentials("staging-key", Secret(PLANTED))


@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_a_blank_variable_counts_as_none_and_is_named(folder: Path, blank: str) -> None:
    with pytest.raises(NoTargetError, match="LINEMAN_BASE_URL is set but blank"):
        load_target(None, None, None, {"LINEMAN_BASE_URL": blank})
    target = load_target(None, "https://h", None, {"LINEMAN_APP_KEY": "k", "LINEMAN_TOKEN": blank, **KEYS})
    with pytest.raises(ConfigurationError, match="LINEMAN_APP_SECRET is set but blank"):
        load_target(None, "https://h", None, {"LINEMAN_APP_SECRET": blank}).require_credentials()
    assert target.credentials.token is None


def test_a_misspelt_variable_is_named(folder: Path) -> None:
    with pytest.raises(NoTargetError, match="LINEMAN_BASEURL is no variable of lineman's: did you mean 'LINEMAN_BASE_"):
        load_target(None, None, None, {"LINEMAN_BASEURL": "https://h"})


def test_a_byte_order_mark_is_read(folder: Path) -> None:
    (folder / "lineman.toml").write_text('[targets.staging]\nbase_url = "https://h"\n', encoding="utf-8-sig")
    (folder / "key").write_text("key", encoding="utf-8-sig")
    target = load_target("staging", None, None, {"LINEMAN_APP_KEY_FILE": str(folder / "key"), "LINEMAN_TOKEN": "t"})
    assert (target.base_url, target.credentials.app_key) == ("https://h", "key")


def test_an_address_and_the_environment_are_enough(folder: Path) -> None:
    target = load_target(None, "https://staging.example.com:8443/a/", None, KEYS)
    assert target.name == "staging.example.com:8443"
    assert target.base_url == target.token_url == "https://staging.example.com:8443/a"
    assert target.second is None
    assert load_target(None, None, None, {**KEYS, "LINEMAN_BASE_URL": "https://h"}).base_url == "https://h"
    assert load_target(None, "https://wins", None, {"LINEMAN_BASE_URL": "https://h"}).base_url == "https://wins"


def test_no_target_is_an_error_that_names_the_ways_to_give_one(folder: Path) -> None:
    write(folder, STAGING)
    for environment in ({}, KEYS, {"LINEMAN_BASE_URL": ""}):
        with pytest.raises(NoTargetError) as caught:
            load_target(None, None, None, environment)
        for way in ("--target NAME", "--base-url URL", "--sandbox", "LINEMAN_BASE_URL", "lineman.toml"):
            assert way in str(caught.value)


@pytest.mark.parametrize(
    ("url", "limits"),
    [
        ("https://staging.example.com", (10.0, 4, 600)),
        ("http://192.168.0.1", (10.0, 4, 600)),
        ("http://localhost.example.com", (10.0, 4, 600)),
        ("http://127.0.0.1:8000", (None, 16, None)),
        ("http://127.8.9.1", (None, 16, None)),
        ("http://[::1]:80", (None, 16, None)),
        ("http://localhost", (None, 16, None)),
    ],
)
def test_polite_by_default_but_on_loopback(url: str, limits: tuple[float | None, int, int | None]) -> None:
    target = load_target(None, url, None, KEYS)
    assert (target.rate, target.concurrency, target.max_requests) == limits


def test_a_ready_token_needs_no_key_and_wins() -> None:
    ready = load_target(None, "https://h", None, {"LINEMAN_TOKEN": "ready"})
    assert ready.credentials == Credentials(token=Secret("ready"))
    both = load_target(None, "https://h", None, {**KEYS, "LINEMAN_TOKEN": "ready"})
    assert both.credentials.token == Secret("ready")
    assert both.credentials.can_issue


def test_no_credentials_are_told_by_whoever_needs_them() -> None:
    target = load_target(None, "https://h", None, {})
    with pytest.raises(ConfigurationError, match="LINEMAN_APP_KEY and LINEMAN_APP_SECRET"):
        target.require_credentials()
    load_target(None, "https://h", None, KEYS).require_credentials()


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ('base_ulr = "https://h"', "unknown setting base_ulr: did you mean 'base_url'?"),
        ("rate = 0", "rate = 0: expected more than 0"),
        ('rate = "fast"', "rate = 'fast': expected a number"),
        ("rate = nan", "rate = nan: "),
        ("concurrency = 1.5", "concurrency = 1.5: expected a whole number"),
        ("max_requests = true", "max_requests = True: expected a whole number"),
        ("verify = false", "verify = False: expected true, or the path of a CA bundle"),
        ('verify = ""', "there is no CA bundle"),
        ('verify = "missing.pem"', "there is no CA bundle at missing.pem"),
        ('headers = { Authorization = "x" }', "headers.Authorization: lineman sets this header itself"),
        ('headers = { "X Y" = "x" }', "headers.X Y: not a header name"),
        ('headers = { X-A = "a\\r\\nB: c" }', "headers.X-A: expected visible ASCII text"),
        ("headers = { X-A = 1 }", "headers.X-A = 1: expected a text in quotes"),
        ('base_url = "staging.example.com"', "base_url: 'staging.example.com' does not begin with https:// or http://"),
        ('base_url = "ftp://h"', "does not begin with https:// or http://"),
        ('base_url = "https:///path"', "has no valid host"),
        ('base_url = "https://h:99999"', "is not a URL: Port out of range"),
        ('base_url = "https://h/?a=b"', "neither query nor fragment"),
        ('base_url = "https://h/#a"', "neither query nor fragment"),
        ('base_url = "https://h h"', "has no valid host"),
        ("", "[targets.staging] has no base_url: add one, or set LINEMAN_BASE_URL"),
        ('app_key = "k"', "app_key is set but its secret is not: set LINEMAN_APP_SECRET"),
        ('second_app_key = "k"', "set LINEMAN_SECOND_APP_SECRET"),
        ('token_file = "missing.txt"', "token_file: missing.txt cannot be read: No such file or directory"),
        ('[[targets.staging.waivers]]\nclause = "a"\nreason = "b"', "waivers.1.until is missing"),
        ('[[targets.staging.waivers]]\nclause = "a"\nreason = ""\nuntil = 2026-01-01', "waivers.1.reason = ''"),
        ('[[targets.staging.waivers]]\nreason = "b"\nuntil = 2026-01-01', "waiver 1: give either a clause or a finger"),
        ('[[targets.staging.waivers]]\nclasue = "a"\nreason = "b"\nuntil = 2026-01-01', "did you mean 'clause'?"),
        ('[[targets.staging.waivers]]\nclause = "a"\nreason = "b"\nuntil = "soon"', "waivers.1.until = 'soon'"),
    ],
)
def test_what_is_wrong_in_a_file(folder: Path, lines: str, message: str) -> None:
    has_address = "base_u" in lines or not lines
    write(folder, "[targets.staging]\n" + ("" if has_address else 'base_url = "https://h"\n') + lines)
    with pytest.raises(ConfigurationError) as caught:
        load_target("staging", None, None, {})
    text = str(caught.value)
    assert message in text
    assert text.startswith("lineman.toml: [targets.staging]")
    assert "\n" not in text
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("setting", ["app_secret", "token", "second_app_secret", "second_token"])
def test_a_secret_in_clear_is_refused_and_not_repeated(folder: Path, setting: str) -> None:
    write(folder, f'[targets.staging]\nbase_url = "https://h"\n{setting} = "{PLANTED}"\n')
    with pytest.raises(
        ConfigurationError, match=f"use {setting}_file with a path, or .* LINEMAN_{setting.upper()}"
    ) as caught:
        load_target("staging", None, None, {})
    assert PLANTED not in str(caught.value)


def test_a_misspelt_secret_is_not_repeated(folder: Path) -> None:
    write(folder, f'[targets.staging]\napp_secrets = "{PLANTED}"\n')
    with pytest.raises(ConfigurationError, match="app_secret_file") as caught:
        load_target("staging", None, None, {})
    assert PLANTED not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[targets.staging\n", "lineman.toml: not valid TOML: .*line 1"),
        ("[targets.stagging]\n", "no target 'staging': did you mean 'stagging'"),
        ("[targets.production]\n", "no target 'staging'; defined: production"),
        ("", "no target 'staging'; defined: none"),
        ("[target.staging]\n", r"unknown table \[target\]: did you mean \[targets.NAME\]"),
        ("targets = 5\n", "expected tables"),
        ("[targets]\nstaging = 5\n", "expected a table, got 5"),
    ],
)
def test_what_is_wrong_with_a_file(folder: Path, text: str, message: str) -> None:
    write(folder, text)
    with pytest.raises(ConfigurationError, match=message):
        load_target("staging", None, None, {})


def test_a_missing_file(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"lineman\.toml: there is no such file"):
        load_target("staging", None, None, {})
    with pytest.raises(ConfigurationError, match=r"other\.toml: there is no such file"):
        load_target("staging", None, folder / "other.toml", {})


def test_an_address_with_credentials_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigurationError, match="credentials in a URL are refused") as caught:
        load_target(None, f"https://user:{PLANTED}@h", None, {})
    assert PLANTED not in str(caught.value)


def test_a_name_and_an_address_contradict_each_other() -> None:
    with pytest.raises(ConfigurationError, match="give one of them"):
        load_target("staging", "https://h", None, {})


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_an_empty_secret_file(folder: Path, content: str) -> None:
    (folder / "secret").write_text(content)
    with pytest.raises(ConfigurationError, match=r"LINEMAN_APP_SECRET_FILE: .*secret is empty"):
        load_target(
            None, "https://h", None, {"LINEMAN_APP_KEY": "k", "LINEMAN_APP_SECRET_FILE": str(folder / "secret")}
        )


def test_a_binary_secret_file(folder: Path) -> None:
    (folder / "secret").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="is not UTF-8 text"):
        load_target(None, "https://h", None, {"LINEMAN_TOKEN_FILE": str(folder / "secret")})


@pytest.mark.parametrize("value", [f"{PLANTED}\nX-Evil: 1", f"{PLANTED} two", f"{PLANTED}\x00", f"{PLANTED}密"])
def test_a_secret_that_cannot_be_sent_is_refused_and_not_repeated(value: str) -> None:
    with pytest.raises(ConfigurationError, match="LINEMAN_TOKEN: the secret has blanks") as caught:
        load_target(None, "https://h", None, {"LINEMAN_TOKEN": value})
    assert PLANTED not in str(caught.value)


def test_a_secret_without_its_key() -> None:
    with pytest.raises(ConfigurationError, match="LINEMAN_APP_SECRET is set but LINEMAN_APP_KEY is not"):
        load_target(None, "https://h", None, {"LINEMAN_APP_SECRET": "s"})
