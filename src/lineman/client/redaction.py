"""Replacing secrets by value, whatever a target wraps them in."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from typing import Any, TypeAlias
from urllib.parse import quote

from lineman.client.disguise import Disguised
from lineman.exchange import NoSecrets
from lineman.secret import Secret

Headers: TypeAlias = tuple[tuple[str, str], ...]
HEADER = "header"
"""The kind of what the settings of a target hold as further headers."""
_BETWEEN = re.compile(r"[ ;,=]")
_SHORT = 8
"""Below this length a value is replaced only where it stands alone: it may be part of an innocent text."""
_WEAK = 16
"""Below this length (64 bits in hexadecimal) a value is redacted everywhere, but what contains it by chance is no leak:
eight digits stand in many a telephone number."""


class Redactor:
    """Knows every secret that it was given, and takes them out of texts and bodies.

    A secret is found plain, percent-encoded, escaped as JSON or HTML, in hexadecimal, and in base64 of both alphabets
    wherever it stands in the encoded text; forwards and backwards; and, by :mod:`lineman.client.disguise`, in another
    case, in UTF-16, mixed from several escapes, or split by characters that nobody sees.
    """

    def __init__(self) -> None:
        self._known: set[Secret] = set()
        self._forms: list[tuple[bytes, str]] = []
        self._words: list[tuple[re.Pattern[bytes], str]] = []
        self._disguised = Disguised()
        self._weak: dict[re.Pattern[bytes], str] = {}
        self._found_any = False

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        """A pickle is a file, so there are no secrets in it."""
        return NoSecrets, ()

    @property
    def found_any(self) -> bool:
        """Was any secret ever taken out of anything?"""
        return self._found_any

    @property
    def weak(self) -> frozenset[str]:
        """Kinds of secret that are too short to be distinguished from other words by themselves."""
        return frozenset(self._weak.values())

    def weak_secrets(self, content: bytes) -> tuple[str, ...]:
        """Kinds of weak secrets that stand in ``content`` as words of their own."""
        return tuple(sorted({kind for word, kind in self._weak.items() if word.search(content)}))

    def learn(self, secret: Secret | None, kind: str) -> None:
        """Take ``secret`` out of everything from now on; ``kind`` (``token``, ``app_secret``) is what readers see."""
        if not secret or secret in self._known:
            return
        self._known.add(secret)
        value = secret.reveal()
        word = re.compile(rb"(?<![0-9A-Za-z])" + re.escape(value.encode()) + rb"(?![0-9A-Za-z])")
        if len(value) < _WEAK:
            self._weak[word] = kind
        if len(value) < _SHORT:
            self._words.append((word, kind))
            return
        self._replace(value, kind)

    def _replace(self, value: str, kind: str) -> None:
        self._forms += [(form, kind) for form in _forms(value)]
        self._disguised.learn(value.encode(), _marker(kind), kind)
        # The longest goes first: a token without its last character is a form of its own and part of the token.
        self._forms.sort(key=lambda pair: len(pair[0]), reverse=True)

    def learn_header(self, value: str) -> None:
        """Take a header's value, which the target's settings hold, and every long word of it, out of everything.

        It may be a gateway's key, or a language. So a short one stays where others say it, and no answer that has one
        in it leaks anything: many a service says what it was asked with.
        """
        for text in {value, *_BETWEEN.split(value)}:
            if len(text) >= (_SHORT if text == value else _WEAK) and Secret(text) not in self._known:
                self._known.add(Secret(text))
                self._replace(text, HEADER)

    def body(self, content: bytes, *, truncated: bool = False) -> tuple[bytes, tuple[str, ...]]:
        """Return ``content`` without secrets, and the kinds that were in it. Of a truncated one, the end too."""
        kinds = []
        for form, kind in self._forms:
            if form in content:
                content = content.replace(form, _marker(kind))
                kinds.append(kind)
        for word, kind in self._words:
            content, count = word.subn(_marker(kind), content)
            kinds += [kind] * bool(count)
        content, disguised = self._disguised.replace(content)
        kinds += disguised
        if truncated:
            content = self._without_torn_secret(content)
        self._found_any = self._found_any or bool(kinds)
        return content, tuple(sorted(set(kinds)))

    def text(self, text: str) -> str:
        """The text without secrets; it may hold bytes that were no UTF-8, or halves of characters from JSON."""
        try:
            return self.body(text.encode("utf-8", "surrogateescape"))[0].decode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return self.body(text.encode("utf-8", "surrogatepass"))[0].decode("utf-8", "replace")

    def headers(self, headers: Headers) -> tuple[Headers, tuple[str, ...]]:
        """Return header fields without secrets, in names as in values, and the kinds that were in them."""
        together = "\n".join(f"{name}\n{value}" for name, value in headers)
        _, kinds = self.body(together.encode("utf-8", "surrogateescape"))
        if not kinds:  # as nearly always, and one search is much cheaper than one for each
            return headers, kinds
        return tuple((self.text(name), self.text(value)) for name, value in headers), kinds

    def _without_torn_secret(self, content: bytes) -> bytes:
        for form, kind in self._forms:
            for length in range(min(len(form) - 1, len(content)), _SHORT - 1, -1):
                if content.endswith(form[:length]):
                    return content[:-length] + _marker(kind)
        return content


def _marker(kind: str) -> bytes:
    return f"[redacted:{kind}]".encode()


def _forms(value: str) -> set[bytes]:
    raw = value.encode()
    every = "".join(f"%{byte:02X}" for byte in raw)
    points = "".join(f"\\u{ord(letter):04x}" for letter in value if ord(letter) < 0x10000)
    escaped = json.dumps(value)[1:-1]
    texts = {value, quote(value, safe=""), _lower_escapes(quote(value, safe="")), quote(value), every, every.lower()}
    texts |= {escaped, escaped.replace("/", "\\/"), html.escape(value), raw.hex(), raw.hex().upper(), points}
    found = {text.encode() for text in texts} | set(_base64_forms(raw))
    return found | {form[::-1] for form in found} | set(_base64_forms(raw[::-1]))


def _lower_escapes(text: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), text)


def _base64_forms(raw: bytes) -> Iterator[bytes]:
    """The characters that ``raw`` alone decides, for each of the three places where it may begin in a group."""
    for ahead in range(3):
        encoded = base64.b64encode(bytes(ahead) + raw)
        decided = encoded[-(-ahead * 8 // 6) : (ahead + len(raw)) * 8 // 6]
        yield decided
        yield decided.translate(bytes.maketrans(b"+/", b"-_"))
