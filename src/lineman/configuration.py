"""Where settings come from: tables of ``lineman.toml``, and the environment, which wins.

A variable that contradicts the table of a target is refused: nobody can say which of the two was meant, and a variable
left over from another target must not turn the verdict on that one into a verdict on this one.

The environment is read as the mapping that the caller passes, by hand and not through a settings framework: its
``…_FILE`` forms need that, and the probe, which starts every minute, saves the framework's import.
"""

from __future__ import annotations

import difflib
import ipaddress
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lineman.expectations import expectation
from lineman.secret import Secret

CONFIGURATION_FILE = "lineman.toml"
_IN_CLEAR = {"app_secret", "token", "second_app_secret", "second_token"}


class ConfigurationError(ValueError):
    """A setting is wrong; the message says which one, where, and what to do."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class WaiverSection(_Strict):
    clause: str | None = None
    fingerprint: str | None = None
    reason: str = Field(min_length=1)
    until: date


class Section(_Strict):
    """A ``[targets.NAME]`` table."""

    base_url: str | None = None
    token_url: str | None = None
    app_key: str | None = None
    app_key_file: str | None = None
    app_secret_file: str | None = None
    token_file: str | None = None
    second_app_key: str | None = None
    second_app_key_file: str | None = None
    second_app_secret_file: str | None = None
    second_token_file: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    verify: Literal[True] | str = True
    proxy: str | None = None
    proxy_file: str | None = None
    ca: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    trust_environment: bool = True
    rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    concurrency: Annotated[int, Field(ge=1, le=1000)] | None = None
    max_requests: Annotated[int, Field(ge=1)] | None = None
    timeout: Annotated[float, Field(gt=0, le=3600)] | None = None
    max_body_bytes: Annotated[int, Field(ge=1024)] | None = None
    token_leeway: Annotated[float, Field(ge=0, le=300)] | None = None
    latency_limit: Annotated[float, Field(gt=0, le=3600)] | None = None
    require: list[str] = Field(default_factory=list)
    min_records: Annotated[int, Field(ge=0)] | None = None
    waivers: list[WaiverSection] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Table:
    file: Path
    name: str
    section: Section

    @property
    def place(self) -> str:
        return f"{self.file}: [targets.{self.name}]"

    @classmethod
    def read(cls, name: str, config: Path | None) -> Table:
        file = config or Path(CONFIGURATION_FILE)
        targets = _tables(file)
        if name not in targets:
            known = ", ".join(sorted(targets)) or "none"
            raise ConfigurationError(f"{file}: no target {name!r}{_nearest(name, targets)}; defined: {known}")
        place = f"{file}: [targets.{name}]"
        raw = targets[name]
        if not isinstance(raw, dict):
            raise ConfigurationError(f"{place}: expected a table, got {raw!r}")
        for key in sorted(_IN_CLEAR & raw.keys()):
            raise ConfigurationError(
                f"{place}: {key} is a secret and may not stand in a configuration file: "
                f"use {key}_file with a path, or the environment variable LINEMAN_{key.upper()}"
            )
        try:
            return cls(file, name, Section.model_validate(raw))
        except ValidationError as error:
            raise ConfigurationError(_explain(error, place)) from None

    def path(self, value: str) -> Path:
        return self.file.parent / Path(value).expanduser()

    def certificates(self) -> Literal[True] | Path:
        if self.section.verify is True:
            return True
        path = self.path(self.section.verify)
        if not self.section.verify or not path.exists():
            raise ConfigurationError(f"{self.place}: verify = {self.section.verify!r}: there is no CA bundle at {path}")
        return path


ADDRESSES = ("base_url", "token_url")
_CREDENTIALS = ("APP_KEY", "APP_SECRET", "TOKEN")
_SETTINGS = ("BASE_URL", "TOKEN_URL", "PROXY", "CA", "CLIENT_CERT", "CLIENT_KEY")
VARIABLES = tuple(
    f"LINEMAN_{key}{form}"
    for key in (*_SETTINGS, *_CREDENTIALS, *(f"SECOND_{one}" for one in _CREDENTIALS))
    for form in ("", "_FILE")
)
"""The variables of the environment that say something about a target."""


def variable_hints(environment: Mapping[str, str]) -> str:
    """What is odd about the variables that are there: one that is blank, and one that lineman does not know."""
    blank = [name for name in VARIABLES if name in environment and not environment[name].strip()]
    words = [f"{name} is set but blank" for name in blank]
    words.extend(
        f"{name} is no variable of lineman's{nearest}"
        for name in environment
        if name.startswith("LINEMAN_") and name not in VARIABLES and (nearest := _nearest(name, VARIABLES))
    )
    return "".join(f"; {word}" for word in words)


@dataclass(slots=True)
class Sources:
    """The environment before the file, for every setting that both may hold, and from where each one was taken."""

    environment: Mapping[str, str]
    table: Table
    taken: dict[str, str] = field(default_factory=dict)
    """Setting to where its value stands."""

    def origin(self, key: str) -> str:
        """Where the value of a setting stands, or would."""
        return self.taken.get(key) or f"{self.table.place}: {key}"

    def text(self, key: str) -> str | None:
        """The value of a setting, None where nobody gives one.

        Raises:
            ConfigurationError: the file that is named cannot be read, or variable and table contradict each other.
        """
        variable, given = self._read_variable(key)
        if given is None:
            place, value = self._configured(key)
            if value is not None:
                self.taken[key] = place
            return value
        self._refuse_contradiction(key, variable, given)
        self.taken[key] = variable
        return given

    def _read_variable(self, key: str) -> tuple[str, str | None]:
        """The variable that holds a setting, and its value. A blank variable is none: pipelines set what they lack."""
        variable = f"LINEMAN_{key.upper()}"
        if value := self.environment.get(variable, "").strip():
            return variable, value
        if path := self.environment.get(f"{variable}_FILE", "").strip():
            return f"{variable}_FILE", _content(Path(path).expanduser(), f"{variable}_FILE")
        return variable, None

    def _configured(self, key: str) -> tuple[str, str | None]:
        if path := getattr(self.table.section, f"{key}_file", None):
            place = f"{self.table.place}: {key}_file"
            return place, _content(self.table.path(path), place)
        return f"{self.table.place}: {key}", getattr(self.table.section, key, None)

    def _refuse_contradiction(self, key: str, variable: str, given: str) -> None:
        try:
            place, configured = self._configured(key)
        except ConfigurationError:
            return  # a file that is not on this machine says nothing that the variable could contradict
        address = key in ADDRESSES
        if configured is None and key == "token_url":
            configured = self.table.section.base_url  # tokens come from there, unless another address is named
        if configured is None or configured.rstrip("/") == given.rstrip("/"):
            return
        # An address with a password in it is refused later on, and is repeated nowhere.
        difference = f"{given} against {configured}" if address and "@" not in given else "their values differ"
        raise ConfigurationError(
            f"{variable} contradicts {place} ({difference}): unset the variable, or "
            + ("give the address with --base-url in place of the target's name" if address else "remove that line")
        )

    def secret(self, key: str) -> Secret | None:
        value = self.text(key)
        if value is None:
            return None
        if not value.isascii() or not value.isprintable() or " " in value:
            raise ConfigurationError(
                f"{self.origin(key)}: the secret has blanks, control or non-ASCII characters, so it cannot be sent: "
                f"expected one line of visible ASCII characters"
            )
        return Secret(value)


def target_names(file: Path) -> list[str]:
    """The targets of a configuration file, in its order.

    Raises:
        ConfigurationError: it cannot be read, or is not valid TOML.
    """
    return list(_tables(file))


def _tables(file: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigurationError(
            f"{file.absolute()}: there is no such file: write a [targets.NAME] table into it, or give --base-url URL"
        ) from None
    except OSError as error:
        raise ConfigurationError(f"{file.absolute()}: cannot be read: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: not valid TOML: {error}") from None
    for key in content:
        if key != "targets" and difflib.get_close_matches(key, ["targets"]):
            raise ConfigurationError(f"{file}: unknown table [{key}]: did you mean [targets.NAME]?")
    targets = content.get("targets", {})
    if not isinstance(targets, dict):
        raise ConfigurationError(f"{file}: targets: expected tables [targets.NAME], got {targets!r}")
    return targets


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_default_target(name: str | None, config: Path | None) -> bool:
    """Whether a target is the one that is meant where none is named: it has no name, or the file has no other."""
    if name is None:
        return True
    try:
        return list(_tables(config or Path(CONFIGURATION_FILE))) == [name]
    except ConfigurationError:
        return False


def _content(path: Path, origin: str) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig").strip()
    except OSError as error:
        raise ConfigurationError(f"{origin}: {path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{origin}: {path} is not UTF-8 text") from None
    if not text:
        raise ConfigurationError(f"{origin}: {path} is empty: expected the value on one line")
    return text


def _explain(error: ValidationError, place: str) -> str:
    first = error.errors(include_url=False)[0]
    path = first["loc"]
    key = ".".join(str(part + 1) if isinstance(part, int) else str(part) for part in path)
    if first["type"] == "extra_forbidden":
        model = WaiverSection if path[0] == "waivers" else Section
        known = list(model.model_fields)
        return f"{place}: unknown setting {key}{_nearest(str(path[-1]), known)}; known: {', '.join(known)}"
    if path[0] == "verify":
        return f"{place}: verify = {first['input']!r}: expected true, or the path of a CA bundle to trust"
    if first["type"] == "missing":
        return f"{place}: {key} is missing: add it"
    return f"{place}: {key} = {first['input']!r}: {expectation(first)}"


def _nearest(name: str, names: Iterable[str]) -> str:
    matches = difflib.get_close_matches(name, list(names), n=1)
    return f": did you mean {matches[0]!r}?" if matches else ""
