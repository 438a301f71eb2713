"""Where history is, and what several locations that share it need."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from lineman.monitor.config.models import Canary, MonitorSettings

_USER = re.compile(r"(://[^:/@]*:).*@")
_QUERY = re.compile(r"([?&](?:ssl)?password=)[^&]*")


def is_url(address: str) -> bool:
    """True where an address names a database and no file."""
    return "://" in address


def redacted(address: str) -> str:
    """The address as people may see it: without its password."""
    return _QUERY.sub(r"\1***", _USER.sub(r"\1***@", str.__str__(address))) if is_url(address) else address


def holds_password(address: str) -> bool:
    """True where a URL holds a secret."""
    return is_url(address) and bool(_USER.search(address) or _QUERY.search(address))


class SecretAddress(str):
    """An address as a text that shows itself without its password wherever it is printed."""

    __slots__ = ()

    def __str__(self) -> str:
        return redacted(self)

    def __repr__(self) -> str:
        return repr(redacted(self))

    def __format__(self, specification: str) -> str:
        return format(redacted(self), specification)


def with_history(settings: MonitorSettings, folder: Path, environment: Mapping[str, str]) -> MonitorSettings:
    """The settings with the address of history found, as a text that shows no password.

    Raises:
        ValueError: it points at nothing, or a password stands in the open. One sentence that begins with the setting.
    """
    named = [name for name in ("history", "history_env", "history_file") if name in settings.model_fields_set]
    if len(named) > 1:
        raise ValueError(f"give one of history, history_env, history_file, not {' and '.join(named)}")
    address = settings.history
    if settings.history_env is not None:
        address = environment.get(settings.history_env, "").strip()
        if not address:
            raise ValueError(f"history_env: the environment variable {settings.history_env} is not set")
    elif settings.history_file is not None:
        try:
            address = settings.history_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8"
            raise ValueError(f"history_file: {settings.history_file} cannot be read: {reason}") from None
        if not address:
            raise ValueError(f"history_file: {settings.history_file} is empty")
    elif holds_password(address):
        raise ValueError(
            f"history: {redacted(address)} holds a password: put the URL into a file and name it as history_file, "
            "or into the environment and name the variable as history_env"
        )
    if not is_url(address) and not Path(address).is_absolute():
        address = str(folder / address)
    return settings.model_copy(update={"history": SecretAddress(address) if is_url(address) else address})


def monitor_problems(settings: MonitorSettings) -> Iterator[str]:
    """Yield what is wrong with the settings of several locations, one sentence each."""
    if not settings.joint:
        for name in ("quorum", "min_locations"):
            if name in settings.model_fields_set:
                yield f"{name}: means nothing without joint = true"
        return
    if not settings.history.startswith("postgres"):
        yield (
            f"joint: needs a PostgreSQL that all locations reach, and history is {redacted(settings.history)}: "
            "give history_file, history_env or history a postgresql:// URL"
        )
    if "location" not in settings.model_fields_set:
        yield 'joint: give every monitor a location of its own: location = "NAME"'


def canary_problems(canary: Canary, settings: MonitorSettings) -> Iterator[str]:
    """Yield what is wrong with a canary's own quorum, one sentence each."""
    if settings.joint:
        return
    for name in ("quorum", "min_locations"):
        if getattr(canary, name) is not None:
            yield f"{name}: means nothing without joint = true in [monitor]"
