"""From an ask's credential to the headers that go out, and to what may be shown of them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from lineman.client import jwt
from lineman.client.errors import CredentialMissing
from lineman.secret import Secret

_HARMLESS = frozenset(("unknown", "unsigned"))
"""Placeholders whose values hold nothing of a good token."""
_ADDED = "QkJCQkJC"
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF-")
"""Letters of tokens that are equal in any case: hexadecimal numbers and UUIDs."""
_PLACEHOLDER = re.compile(r"\{([a-z]{1,16}(?::[a-z]{1,16})?)\}")


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens that a template may name; None where there is none."""

    own: Secret | None = None
    second: Secret | None = None
    short: Secret | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """``value`` goes over the wire. ``shown`` stands for it in reports, and expands to it between double quotes in a
    shell that has ``LINEMAN_TOKEN`` set. ``secrets`` are the tokens and variations of tokens in it."""

    value: Secret
    shown: str
    secrets: tuple[Secret, ...]


def render(template: str, tokens: Tokens) -> Header:
    """Put tokens into a template of an Authorization header (placeholders: see :class:`lineman.exchange.Ask`).

    Raises:
        CredentialMissing: it names a token that there is not.
        ValueError: it has an unknown placeholder.
    """
    secrets: list[Secret] = []
    values: list[str] = []
    shown: list[str] = []
    position = 0
    for match in _PLACEHOLDER.finditer(template):
        literal = template[position : match.start()]
        value, expression = _expand(match[1], tokens)
        if match[1] not in _HARMLESS:
            secrets.append(Secret(value))
        values += [literal, value]
        shown += [literal, expression]
        position = match.end()
    rest = template[position:]
    return Header(Secret("".join([*values, rest]).strip()), "".join([*shown, rest]).strip(), tuple(secrets))


def names(template: str, placeholder: str) -> bool:
    """Whether a template needs the target's own token (``token``), or the ``short`` or ``second`` one."""
    found = {match[1] for match in _PLACEHOLDER.finditer(template)}
    if placeholder == "token":
        return bool(found - {"short", "second"})
    return placeholder in found


def unknown_app_key(own: str | None) -> str:
    """A key that belongs to nobody, as long as the target's own."""
    digest = hashlib.sha256(f"lineman: nobody's key beside {own}".encode()).hexdigest()
    return (digest * (len(own or "") // 64 + 1))[: len(own or "") or 32]


def _expand(placeholder: str, tokens: Tokens) -> tuple[str, str]:
    """The value that a placeholder stands for, and the shell expression for it."""
    if placeholder == "short":
        return _present(tokens.short, "{short}: fresh_token must be called first").reveal(), "$LINEMAN_SHORT_TOKEN"
    if placeholder == "second":
        return _present(tokens.second, "{second}: set LINEMAN_SECOND_TOKEN").reveal(), "$LINEMAN_SECOND_TOKEN"
    token = _present(tokens.own, f"{{{placeholder}}}: set LINEMAN_TOKEN").reveal()
    if placeholder.startswith("altered:"):
        return _altered(token, placeholder.removeprefix("altered:"))
    return _variation(placeholder, token)


def _variation(placeholder: str, token: str) -> tuple[str, str]:
    match placeholder:
        case "token":
            return token, "$LINEMAN_TOKEN"
        case "truncated":
            # A whole quarter: a last letter may hold no bit that counts in base64url.
            kept = max(1, len(token) - max(4, len(token) // 4))
            return token[:kept], f'$(printf %.{kept}s "$LINEMAN_TOKEN")'
        case "extended":
            # Two groups of four letters: six bytes more, whatever the token's length.
            return f"{token}{_ADDED}", f"${{LINEMAN_TOKEN}}{_ADDED}"
        case "swapcase":
            if _HEXADECIMAL.issuperset(token):  # the same number in any letter case, so another one takes its place
                return _variation("unknown", token)
            return token.swapcase(), "$(printf %s \"$LINEMAN_TOKEN\" | tr 'A-Za-z' 'a-zA-Z')"
        case "unsigned":
            value = jwt.unsigned(token)
            return value, value
        case "resigned":
            value = jwt.resigned(token)
            return value, f"{value.rpartition('.')[0]}.${{LINEMAN_TOKEN##*.}}"
        case "unknown":
            value = _never_issued(token)
            return value, value
    raise ValueError(f"unknown placeholder {{{placeholder}}} in an Authorization template")


def _altered(token: str, where: str) -> tuple[str, str]:
    """Change one letter well inside the token, so that it decodes to something else, whatever its encoding.

    In base64url the last letter may hold bits that count for nothing, and in hexadecimal letter case does.
    """
    quarters = {"first": 1, "middle": 2, "last": 3}
    if where not in quarters:
        raise ValueError(f"unknown placeholder {{altered:{where}}}: first, middle or last")
    wanted = len(token) * quarters[where] // 4
    letters = [place for place, letter in enumerate(token[:-1]) if letter.isalnum()] or [0]
    place = min(letters, key=lambda place: abs(place - wanted))
    letter = _next_letter(token[place])
    value = token[:place] + letter + token[place + 1 :]
    return value, f"$(printf %s \"$LINEMAN_TOKEN\" | sed 's/./{letter}/{place + 1}')"


def _next_letter(letter: str) -> str:
    """Another character of the same alphabet (digits; hexadecimal letters; the others), never the same in another
    case."""
    for alphabet in ("0123456789", "abcdef", "ABCDEF", "ghijklmnopqrstuvwxyz", "GHIJKLMNOPQRSTUVWXYZ"):
        if letter in alphabet:
            return alphabet[(alphabet.index(letter) + 3) % len(alphabet)]
    return "Q"


def _never_issued(token: str) -> str:
    """Every letter and digit replaced by another of its class, so that length and form stay."""
    digest = hashlib.sha512(f"lineman: never issued beside {token}".encode()).digest()
    return "".join(_other(letter, digest[place % 64]) for place, letter in enumerate(token))


def _other(letter: str, number: int) -> str:
    for alphabet in ("0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"):
        if letter in alphabet:
            return alphabet[number % len(alphabet)]
    return letter


def _present(token: Secret | None, what: str) -> Secret:
    if token is None:
        raise CredentialMissing(f"the target has no token for {what}")
    return token
