"""Templates of Authorization headers."""

from __future__ import annotations

import base64
import json
import random
import subprocess
from typing import Any

import pytest

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
        ("Bearer {altered:first}", "Bearer Abc-AEF_012.xyz9"),
        ("Bearer {altered:middle}", "Bearer Abc-DEF_312.xyz9"),
        ("Bearer {altered:last}", "Bearer Abc-DEF_012.gyz9"),
        ("Bearer {truncated}", "Bearer Abc-DEF_012."),
        ("Bearer {extended}", f"Bearer {TOKEN}QkJCQkJC"),
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


def decoded(token: str) -> bytes:
    """What the most lenient reader of base64url makes of a token."""
    whole = token[:-1] if len(token) % 4 == 1 else token
    return base64.urlsafe_b64decode(whole + "=" * (-len(whole) % 4))


@pytest.mark.parametrize("length", [8, 16, 32, 43, 44, 45, 46, 64])
@pytest.mark.parametrize(
    "template", ["{altered:first}", "{altered:middle}", "{altered:last}", "{truncated}", "{extended}"]
)
def test_a_variation_decodes_to_something_else(template: str, length: int) -> None:
    for seed in range(50):
        content = random.Random(seed).randbytes(64)  # noqa: S311 -- a test is repeatable
        token = base64.urlsafe_b64encode(content).decode()[:length]
        value = render(template, Tokens(Secret(token))).value.reveal()
        assert decoded(value) != decoded(token)


@pytest.mark.parametrize("template", ["{altered:first}", "{altered:middle}", "{altered:last}", "{swapcase}"])
@pytest.mark.parametrize("token", ["0f3A9c77d1e2b4A6", "550e8400-e29b-41d4-a716-446655440000"])
def test_a_variation_of_a_hexadecimal_token_is_another_number(template: str, token: str) -> None:
    value = render(template, Tokens(Secret(token))).value.reveal()
    assert value.lower() != token.lower()


def jwt(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"signature-of-32-bytes") -> str:
    parts = (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def members(part: str) -> dict[str, Any]:
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def test_a_self_made_token_says_the_same_without_a_signature() -> None:
    token = jwt({"alg": "HS256"}, {"tenant": 7, "exp": 5})
    header, claims, signature = render("{unsigned}", Tokens(Secret(token))).value.reveal().split(".")
    assert (members(header)["alg"], members(claims)["tenant"], signature) == ("none", 7, "")
    assert members(claims)["exp"] > 5


def test_a_self_made_token_has_another_content_under_the_signature_of_a_good_one() -> None:
    token = jwt({"alg": "HS256"}, {"tenant": 7, "exp": 5})
    header, claims, signature = render("{resigned}", Tokens(Secret(token))).value.reveal().split(".")
    assert (header, signature) == (token.split(".")[0], token.split(".")[2])
    assert members(claims)["tenant"] == 7
    assert members(claims) != {"tenant": 7, "exp": 5}


@pytest.mark.parametrize("token", [TOKEN, "a.b.c", "no points", "..", "eyJ9.!!.x"])
@pytest.mark.parametrize("template", ["{unsigned}", "{resigned}"])
def test_any_token_has_a_lookalike(template: str, token: str) -> None:
    parts = render(template, Tokens(Secret(token))).value.reveal().split(".")
    assert len(parts) == 3
    assert "alg" in members(parts[0])


@pytest.mark.parametrize("template", ["{tokens}", "{altered:second}", "Bearer {none}"])
def test_an_unknown_placeholder_is_an_error(template: str) -> None:
    with pytest.raises(ValueError, match="unknown placeholder"):
        render(template, TOKENS)


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
