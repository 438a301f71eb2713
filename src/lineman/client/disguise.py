"""Finding a secret that a target wrote in another case, in mixed escapes, in UTF-16, or split by invisible characters.

The content is read as one Latin-1 character a byte, so that places in it are places in the bytes. Escapes of ASCII
characters are undone, what nobody sees is dropped, and letters are compared without case. Time is linear in the
content: every expression here has only bounded repetitions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "sol": "/", "plus": "+", "equals": "="}
_INVISIBLE = (
    r"\xc2\xad"  # the soft hyphen, then zero-width characters, word joiners and the byte order mark, all in UTF-8
    r"|\xe2\x80[\x8b-\x8f]"
    r"|\xe2\x81[\xa0-\xa4]"
    r"|\xef\xbb\xbf"
    r"|&(?:shy|ZeroWidthSpace|NoBreak|zwj|zwnj);"
    r"|&#0{0,5}(?:173|820[3-7]|8288|65279);"
    r"|&#[xX]0{0,4}(?:[aA][dD]|200[b-fB-F]|2060|[fF][eE][fF]{2});"
    r"|\\u(?:00[aA][dD]|200[b-fB-F]|2060|[fF][eE][fF]{2})"
)
_PIECE = re.compile(  # Every branch begins with a letter, so that Python skips what none of them begins with.
    _INVISIBLE + r"|%(?P<percent>[0-7][0-9A-Fa-f])"
    r"|\\u00(?P<json>[0-7][0-9A-Fa-f])"
    r"|\\x(?P<string>[0-7][0-9A-Fa-f])"
    r"|&#0{0,5}(?P<decimal>[0-9]{1,3});"
    r"|&#[xX]0{0,4}(?P<hexadecimal>[0-7][0-9A-Fa-f]);"
    r"|&(?P<named>" + "|".join(_NAMED) + r");"
    r"|\\(?P<escaped>[/\\\"])"
)


class Disguised:
    """The secrets to look for, and what to put in their places."""

    def __init__(self) -> None:
        self._known: list[tuple[str, bytes, str]] = []

    def learn(self, secret: bytes, marker: bytes, kind: str) -> None:
        """Look for ``secret`` from now on, forwards and backwards."""
        plain = _read(secret.decode("latin-1"))
        self._known += [(text, marker, kind) for text in dict.fromkeys((plain, plain[::-1])) if text]

    def replace(self, content: bytes) -> tuple[bytes, list[str]]:
        """Return ``content`` without disguised secrets, and the kinds of those that were in it."""
        seen = _read(content.decode("latin-1"))
        found = [(text, marker, kind) for text, marker, kind in self._known if text in seen]
        if not found:  # as nearly always: places are looked for only where there is something to replace
            return content, []
        for text, marker, _ in found:
            content = _without(content, text, marker)
        return content, [kind for _, _, kind in found]


def _read(text: str) -> str:
    # Null characters go at once: a body that decompresses to millions of them would have each looked at by itself.
    return _PIECE.sub(_character, text.replace("\0", "")).lower()


def _character(match: re.Match[str]) -> str:
    """The character that an escape stands for; nothing for an invisible one."""
    kind, value = match.lastgroup, match[match.lastgroup or 0]
    if kind is None:
        return ""
    if kind == "named":
        return _NAMED[value]
    if kind == "escaped":
        return value
    number = int(value, 10 if kind == "decimal" else 16)
    if number == 0:
        return ""
    return chr(number) if number < 128 else match[0]


def _without(content: bytes, text: str, marker: bytes) -> bytes:
    """Replace every occurrence of ``text`` in what ``content`` reads as."""
    letters, begins, ends = _places(content.decode("latin-1"))
    parts, copied, at = [], 0, letters.find(text)
    while at >= 0:
        parts += [content[copied : begins[at]], marker]
        copied = ends[at + len(text) - 1]
        at = letters.find(text, at + len(text))
    return b"".join([*parts, content[copied:]])


def _places(text: str) -> tuple[str, list[int], list[int]]:
    """What ``text`` reads as, and where each character of that begins and ends in it."""
    letters, begins, ends = [], [], []
    kept = [place for place, letter in enumerate(text) if letter != "\0"]
    for letter, begin, end in _pieces(text.replace("\0", "")):
        for one in letter.lower()[:1]:
            letters.append(one)
            begins.append(kept[begin])
            ends.append(kept[end - 1] + 1)
    return "".join(letters), begins, ends


def _pieces(text: str) -> Iterator[tuple[str, int, int]]:
    at = 0
    for match in _PIECE.finditer(text):
        yield from ((text[place], place, place + 1) for place in range(at, match.start()))
        character = _character(match)
        if len(character) > 1:  # an escape of no ASCII character stays what it is
            yield from (
                (letter, match.start() + place, match.start() + place + 1) for place, letter in enumerate(character)
            )
        else:
            yield character, match.start(), match.end()
        at = match.end()
    yield from ((text[place], place, place + 1) for place in range(at, len(text)))
