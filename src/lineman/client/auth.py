"""From an ask's credential to the headers that go out, and to what may be shown of them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from lineman.client.errors import CredentialMissing
from lineman.secret import Secret

_PLACEHOLDER = re.compile(r"\{([a-z]+(?::[a-z]+)?)\}")


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
        if match[1] != "unknown":
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
    match placeholder:
        case "token":
            return token, "$LINEMAN_TOKEN"
        case "truncated":
            return token[:-1], "${LINEMAN_TOKEN%?}"
        case "extended":
            return f"{token}x", "${LINEMAN_TOKEN}x"
        case "swapcase":
            if token.swapcase() == token:
                raise CredentialMissing("the target's token has no letters, so {swapcase} would not change it")
            return token.swapcase(), "$(printf %s \"$LINEMAN_TOKEN\" | tr 'A-Za-z' 'a-zA-Z')"
        case "unknown":
            value = _never_issued(token)
            return value, value
    raise ValueError(f"unknown placeholder {{{placeholder}}} in an Authorization template")


def _altered(token: str, where: str) -> tuple[str, str]:
    places = {"first": 0, "middle": len(token) // 2, "last": len(token) - 1}
    if where not in places:
        raise ValueError(f"unknown placeholder {{altered:{where}}}: first, middle or last")
    place = places[where]
    # In base64 the last letter's low bits may count for nothing, so the letter put in differs in the high ones.
    letter = "A" if token[place] in "QRSTUVWXYZabcdef" else "Q"
    value = token[:place] + letter + token[place + 1 :]
    return value, f"$(printf %s \"$LINEMAN_TOKEN\" | sed 's/./{letter}/{place + 1}')"


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
