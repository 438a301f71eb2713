"""Which proxy and whose certificates, from a target's table, lineman's variables and the usual ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from lineman.connection import Proxy
from lineman.secret import Secret
from lineman.target import ConfigurationError, Target, load_target

TOKEN = {"LINEMAN_TOKEN": "t" * 20}
STAGING = "https://staging.example.com"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(base_url: str = STAGING, **variables: str) -> Target:
    return load_target(None, base_url, None, {**TOKEN, **variables})


@pytest.mark.parametrize(
    ("url", "variables", "proxy"),
    [
        (STAGING, {"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        (STAGING, {"https_proxy": "proxy:3128"}, "http://proxy:3128"),
        (STAGING, {"HTTP_PROXY": "http://proxy:3128"}, None),
        ("http://staging.example.com", {"HTTP_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        (STAGING, {"ALL_PROXY": "http://proxy"}, "http://proxy"),
        (STAGING, {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "example.com"}, None),
        (STAGING, {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "other.example, .example.com"}, None),
        (STAGING, {"HTTPS_PROXY": "http://proxy:3128", "no_proxy": "*"}, None),
        (STAGING, {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "example.org"}, "http://proxy:3128"),
        (STAGING, {"HTTPS_PROXY": " "}, None),
        ("http://127.0.0.1:8080", {"HTTP_PROXY": "http://proxy:3128"}, None),
        (STAGING, {"LINEMAN_PROXY": "http://own:1", "HTTPS_PROXY": "http://proxy:3128"}, "http://own:1"),
        ("http://127.0.0.1:8080", {"LINEMAN_PROXY": "http://own:1"}, "http://own:1"),
        (STAGING, {"HTTPS_PROXY": "http://[::1]:3128"}, "http://[::1]:3128"),
    ],
)
def test_which_proxy(url: str, variables: dict[str, str], proxy: str | None) -> None:
    found = load(url, **variables).proxy
    assert (found.url if found else None) == proxy


def test_a_proxy_s_password_is_a_secret() -> None:
    target = load(HTTPS_PROXY="http://runner:p%40ss-0815@proxy:3128")
    assert target.proxy == Proxy("http://proxy:3128", "runner", Secret("p@ss-0815"))
    assert "0815" not in repr(target)
    assert dict(target.sources)["proxy"] == "HTTPS_PROXY (http://proxy:3128)"


def test_the_token_s_address_may_have_another_proxy() -> None:
    target = load(LINEMAN_TOKEN_URL="https://tokens.internal", HTTPS_PROXY="http://proxy:1", NO_PROXY=".internal")
    assert target.proxy is not None
    assert target.token_proxy is None


def test_the_surroundings_can_be_distrusted(folder: Path) -> None:
    table = f'[targets.staging]\nbase_url = "{STAGING}"\ntrust_environment = false\n'
    (folder / "lineman.toml").write_text(table)
    (folder / "ca.pem").write_text("")
    surroundings = {"HTTPS_PROXY": "http://proxy:3128", "SSL_CERT_FILE": "ca.pem"}
    target = load_target("staging", None, None, {**TOKEN, **surroundings})
    assert (target.proxy, target.verify) == (None, True)


def test_a_table_s_files_lie_beside_it(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub/ca.pem").write_text("")
    (folder / "sub/proxy").write_text("http://runner:pw@proxy:3128\n")
    config = folder / "sub/lineman.toml"
    config.write_text(f'[targets.s]\nbase_url = "{STAGING}"\nca = "ca.pem"\nproxy_file = "proxy"\n')
    target = load_target("s", None, config, TOKEN)
    assert target.verify == folder / "sub/ca.pem"
    assert target.proxy == Proxy("http://proxy:3128", "runner", Secret("pw"))


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ('proxy = "http://runner:planted@proxy:3128"', "use proxy_file with a path, or the environment variable"),
        ('proxy = "socks5://proxy:1080"', "expected the address of an HTTP proxy"),
        ('proxy = "http://proxy:99999"', "not the address of a proxy: Port out of range"),
        ('ca = "missing.pem"', "ca: there is no file at missing.pem"),
        ('client_cert = "missing.pem"', "client_cert: there is no file at missing.pem"),
        ('client_key = "lineman.toml"', "client_key is set but client_cert is not: set it"),
        ('client_cert = "lineman.toml"', "expected a certificate in PEM and its key"),
        ('ca = "lineman.toml"\nverify = "lineman.toml"', "verify and ca say the same: keep ca"),
        ('trust_environment = "no"', "trust_environment = 'no'"),
    ],
)
def test_what_is_wrong(folder: Path, lines: str, sentence: str) -> None:
    (folder / "lineman.toml").write_text(f'[targets.staging]\nbase_url = "{STAGING}"\n{lines}\n')
    with pytest.raises(ConfigurationError) as caught:
        load_target("staging", None, None, TOKEN)
    assert sentence in str(caught.value)
    assert "planted" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_bundle_of_the_surroundings_that_is_not_there() -> None:
    with pytest.raises(ConfigurationError, match=r"SSL_CERT_FILE: there is no CA bundle at nowhere\.pem"):
        load(SSL_CERT_FILE="nowhere.pem")
