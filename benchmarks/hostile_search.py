"""Looks for secrets in what was written, in every disguise that a target can give them.

It shares no code with lineman's own redaction: what that does not know it must not be able to hide here.
"""

from __future__ import annotations

import base64
import contextlib
import html
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_to_bytes

_ENCODED = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")
_ESCAPED = re.compile(rb"\\u00([0-7][0-9a-fA-F])|\\x([0-7][0-9a-fA-F])")
_UNSEEN = re.compile(
    "[\x00\u00ad\u200b-\u200f\u2060-\u2064\ufeff\ufffd]"
    "|\\\\u(?:0000|00ad|200[b-f]|206[0-4]|feff)"
    "|\u27e8U\\+(?:0000|00AD|200[B-F]|206[0-4]|FEFF)\u27e9"
    "|&(?:shy|ZeroWidthSpace|NoBreak|zwj|zwnj);|\\\\x(?:00|ad)|\\\\[/\\\\]",
    re.IGNORECASE,
)


def found(written: bytes, secrets: Iterable[str]) -> int:
    """How many of the secrets stand in ``written``, plain or disguised."""
    readings = [text.lower() for text in _readings(written)]
    return sum(any(form in text for form in _forms(secret) for text in readings) for secret in secrets)


def _forms(secret: str) -> set[str]:
    """A secret forwards and backwards, plain and encoded; in lower case, because readings are."""
    found: set[str] = set()
    for text in (secret, secret[::-1]):
        raw = text.encode()
        found |= {text, raw.hex(), raw.hex()[::-1]}
        for ahead in range(3):
            for encode in (base64.b64encode, base64.urlsafe_b64encode):
                # Only characters that the secret alone decides: those at the edges depend on its neighbours.
                encoded = encode(bytes(ahead) + raw).decode().rstrip("=")
                found.add(encoded[-(-ahead * 8 // 6) : (ahead + len(raw)) * 8 // 6])
    return {form.lower() for form in found}


def _readings(written: bytes) -> Iterator[str]:
    """What a reader, a browser or a decoder makes of the bytes."""
    decoded = b"\n".join(_decoded(written))
    for raw in (written, decoded):
        text = raw.decode("utf-8", "replace")
        yield text
        for again in _unescaped(raw):
            yield again
            yield _UNSEEN.sub("", again)


def _unescaped(raw: bytes) -> Iterator[str]:
    """The text after one, two and three rounds of undoing escapes: one hides behind another."""
    for _ in range(3):
        raw = _ESCAPED.sub(lambda match: bytes([int(match[1] or match[2], 16)]), unquote_to_bytes(raw))
        raw = html.unescape(raw.decode("utf-8", "replace")).encode("utf-8", "replace")
        yield raw.decode("utf-8", "replace")


def _decoded(written: bytes) -> Iterator[bytes]:
    """What every long enough word of base64 or hexadecimal stands for, such as a body in a HAR file."""
    for word in set(_ENCODED.findall(written)):
        plain = word.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        with contextlib.suppress(ValueError):
            yield base64.b64decode(plain + b"=" * (-len(plain) % 4))
        with contextlib.suppress(ValueError):
            yield bytes.fromhex(plain.decode())
