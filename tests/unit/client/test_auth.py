"""Templates of Authorization headers."""

from __future__ import annotations

import subprocess

import pytest

from lineman.client import CredentialMissing
from lineman.client.auth import Tokens, names, render, unknown_app_key
from lineman.secret import Secret

TOKEN = "Abc-DEF_012.xyz9"
TOKENS = Tokens(Secret(TOKEN), Secret("second-token"), Secret("short-token"))
ENVIRONMENT = {
    "LINEMAN_TOKEN": TOKEN,
    "LINEMAN_SECOND_TOKEN": "second-token",
    "LINEMAN_SHORT_TOKEN": "short-token",
    "PATH": "/usr/bin:/bin",
}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("Bearer {token}", f"Bearer {TOKEN}"),
        ("bearer{token}", f"bearer{TOKEN}"),
        ("Bearer {altered:first}", "Bearer Qbc-DEF_012.xyz9"),
        ("Bearer {altered:middle}", "Bearer Abc-DEF_Q12.xyz9"),
        ("Bearer {altered:last}", "Bearer Abc-DEF_012.xyzQ"),
        ("Bearer {truncated}", "Bearer Abc-DEF_012.xyz"),
        ("Bearer {extended}", f"Bearer {TOKEN}x"),
        ("Bearer {swapcase}", "Bearer aBC-def_012.XYZ9"),
        ("Bearer {second} {short}", "Bearer second-token short-token"),
        ("Bearer ", "Bearer"),
        ("Basic bGluZW1hbg==", "Basic bGluZW1hbg=="),
    ],
)
def test_a_template_and_its_shell_form_give_the_same(template: str, value: str) -> None:
    header = render(template, TOKENS)
    assert header.value.reveal() == value
    shown = subprocess.run(
        ["sh", "-c", f'printf %s "{header.shown}"'], env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    assert shown.stdout == value


def test_a_token_that_was_never_issued_looks_like_one() -> None:
    header = render("Bearer {unknown}", TOKENS)
    value = header.value.reveal().removeprefix("Bearer ")
    assert value != TOKEN
    assert [letter.isdigit() for letter in value] == [letter.isdigit() for letter in TOKEN]
    assert [letter.isupper() for letter in value] == [letter.isupper() for letter in TOKEN]
    assert (value[3], value[7], value[11]) == ("-", "_", ".")
    assert header == render("Bearer {unknown}", TOKENS)
    assert header.secrets == ()


@pytest.mark.parametrize("last", "AQRSTUVWXYZabcdefghp0189-_")
def test_alteration_reaches_the_high_bits_of_a_base64_letter(last: str) -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    value = render("{altered:last}", Tokens(Secret("x" + last))).value.reveal()
    assert alphabet.index(value[-1]) >> 4 != alphabet.index(last) >> 4


@pytest.mark.parametrize("template", ["{tokens}", "{altered:second}", "Bearer {none}"])
def test_an_unknown_placeholder_is_an_error(template: str) -> None:
    with pytest.raises(ValueError, match="unknown placeholder"):
        render(template, TOKENS)


def test_a_token_without_letters_has_no_other_case() -> None:
    with pytest.raises(CredentialMissing, match="no letters"):
        render("{swapcase}", Tokens(Secret("1234-5678")))


def test_which_tokens_a_template_needs() -> None:
    assert names("Bearer {altered:last}", "token")
    assert not names("Bearer {short} {second}", "token")
    assert names("Bearer {second}", "second")
    assert not names("Bearer", "token")


def test_the_unknown_app_key_is_as_long_as_the_own_one_and_another() -> None:
    for own in ("k", "app-key-0123456789", "k" * 100):
        assert len(unknown_app_key(own)) == len(own)
        assert unknown_app_key(own) != own
    assert len(unknown_app_key(None)) == 32
