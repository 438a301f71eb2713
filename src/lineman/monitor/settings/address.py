"""Where history lies: a file name, or the URL of a database, whose password is never shown."""

from __future__ import annotations

import re

_USER = re.compile(r"(://[^:/@]*:).*@")
_QUERY = re.compile(r"([?&](?:ssl)?password=)[^&]*")


def is_url(address: str) -> bool:
    """True where an address names a database and no file."""
    return "://" in address


def shown(address: str) -> str:
    """The address as people may see it: without its password."""
    return _QUERY.sub(r"\1***", _USER.sub(r"\1***@", str.__str__(address))) if is_url(address) else address


def holds_password(address: str) -> bool:
    """True where a URL holds a secret."""
    return is_url(address) and bool(_USER.search(address) or _QUERY.search(address))


class SecretAddress(str):
    """An address as a text that shows itself without its password wherever it is printed."""

    __slots__ = ()

    def __str__(self) -> str:
        return shown(self)

    def __repr__(self) -> str:
        return repr(shown(self))

    def __format__(self, specification: str) -> str:
        return format(shown(self), specification)
