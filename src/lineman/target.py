"""Settings of a target: from ``lineman.toml`` and the environment, which wins.

Every error is one sentence that names file, section, setting, value, what is expected and the nearest valid name.
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

from lineman.secret import Secret

CONFIGURATION_FILE = "lineman.toml"
_WAYS = "--target NAME (a [targets.NAME] table in lineman.toml), --base-url URL (or LINEMAN_BASE_URL), or --sandbox"
_IN_CLEAR = {"app_secret", "token", "second_app_secret", "second_token"}
_OWN_HEADERS = {"authorization", "x-app-key", "host", "content-length", "transfer-encoding", "connection"}


class ConfigurationError(ValueError):
    """A setting is wrong; the message says which one, where, and what to do."""


class NoTargetError(ConfigurationError):
    """Nobody said which deployment to judge."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What one tenant shows: a ready token, or key and secret to get one. Where both are given the token is used."""

    app_key: str | None = None
    app_secret: Secret | None = None
    token: Secret | None = None

    @property
    def can_issue(self) -> bool:
        """Whether the token operation can be asked for a token."""
        return self.app_key is not None and self.app_secret is not None

    @property
    def usable(self) -> bool:
        return self.token is not None or self.can_issue


@dataclass(frozen=True, slots=True)
class Waiver:
    """A known violation that the team accepts up to and including a date."""

    match: str
    """A clause id or a violation's fingerprint."""
    reason: str
    until: date


@dataclass(frozen=True, slots=True)
class Target:
    """A deployment to judge. ``rate`` is in requests a second and ``timeout`` in seconds; None means no limit."""

    name: str
    base_url: str
    token_url: str
    credentials: Credentials = field(default_factory=Credentials)
    second: Credentials | None = None
    headers: tuple[tuple[str, str], ...] = ()
    verify: Literal[True] | Path = True
    rate: float | None = 10.0
    concurrency: int = 4
    max_requests: int | None = 600
    timeout: float = 30.0
    """For one attempt, from resolving the name to the last byte."""
    max_body_bytes: int = 4 * 1024 * 1024
    max_json_depth: int = 64
    waivers: tuple[Waiver, ...] = ()

    @classmethod
    def of(cls, base_url: str, credentials: Credentials | None = None, **settings: Any) -> Target:
        """A target with the polite defaults for its address: on loopback no rate, 16 in flight and no budget."""
        defaults: dict[str, Any] = {"name": urlsplit(base_url).netloc, "token_url": base_url}
        if is_loopback(base_url):
            defaults |= {"rate": None, "concurrency": 16, "max_requests": None}
        given = {key: value for key, value in settings.items() if value is not None}
        return cls(base_url=base_url, credentials=credentials or Credentials(), **(defaults | given))

    @property
    def loopback(self) -> bool:
        return is_loopback(self.base_url)

    def require_credentials(self) -> None:
        """Raise ConfigurationError where neither a token nor key and secret are configured."""
        if not self.credentials.usable:
            raise ConfigurationError(
                f"target {self.name} has no credentials: set LINEMAN_APP_KEY and LINEMAN_APP_SECRET (or "
                f"LINEMAN_APP_SECRET_FILE), or LINEMAN_TOKEN (or LINEMAN_TOKEN_FILE)"
            )


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def load_target(name: str | None, base_url: str | None, config: Path | None, environment: Mapping[str, str]) -> Target:
    """Put a target's settings together.

    ``base_url`` wins over ``LINEMAN_BASE_URL``, and the environment over the table ``[targets.NAME]`` of ``config``
    (where that is None: of ``lineman.toml`` in the working directory).

    Raises:
        NoTargetError: neither a name nor an address was given.
        ConfigurationError: a setting is missing, malformed or unknown.
    """
    if name is not None and base_url is not None:
        raise ConfigurationError(f"both --target {name} and --base-url {base_url} are given: give one of them")
    if name is None and not base_url and not environment.get("LINEMAN_BASE_URL"):
        raise NoTargetError(f"no target given: say which deployment to test with {_WAYS}")
    table = _Table.read(name, config) if name is not None else _Table(Path(CONFIGURATION_FILE), "", _Section())
    sources = _Sources(environment, table)
    address = base_url or sources.text("base_url")
    if not address:
        raise ConfigurationError(f"{table.place} has no base_url: add one, or set LINEMAN_BASE_URL")
    address = _url(address, "--base-url" if base_url else sources.origin("base_url"))
    token_address = sources.text("token_url")
    section = table.section
    return Target.of(
        address,
        sources.credentials(""),
        name=name,
        token_url=_url(token_address, sources.origin("token_url")) if token_address else None,
        second=_none_if_unusable(sources.credentials("second_")),
        headers=tuple(_headers(section.headers, table.place)),
        verify=table.certificates(),
        waivers=tuple(_waivers(section.waivers, table.place)),
        **section.model_dump(include=set(_LIMITS)),
    )


_LIMITS = ("rate", "concurrency", "max_requests", "timeout", "max_body_bytes", "max_json_depth")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _WaiverSection(_Strict):
    clause: str | None = None
    fingerprint: str | None = None
    reason: str = Field(min_length=1)
    until: date


class _Section(_Strict):
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
    rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    concurrency: Annotated[int, Field(ge=1, le=1000)] | None = None
    max_requests: Annotated[int, Field(ge=1)] | None = None
    timeout: Annotated[float, Field(gt=0, le=3600)] | None = None
    max_body_bytes: Annotated[int, Field(ge=1024)] | None = None
    max_json_depth: Annotated[int, Field(ge=8, le=10_000)] | None = None
    waivers: list[_WaiverSection] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Table:
    file: Path
    name: str
    section: _Section

    @property
    def place(self) -> str:
        return f"{self.file}: [targets.{self.name}]"

    @classmethod
    def read(cls, name: str, config: Path | None) -> _Table:
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
            return cls(file, name, _Section.model_validate(raw))
        except ValidationError as error:
            raise ConfigurationError(_explain(error, place)) from None

    def path(self, value: str) -> Path:
        return self.file.parent / Path(value).expanduser()

    def certificates(self) -> Literal[True] | Path:
        if self.section.verify is True:
            return True
        path = self.path(self.section.verify)
        if not path.exists():
            raise ConfigurationError(f"{self.place}: verify = {self.section.verify!r}: there is no CA bundle at {path}")
        return path


@dataclass(frozen=True, slots=True)
class _Sources:
    """The environment before the file, for every setting that both may hold."""

    environment: Mapping[str, str]
    table: _Table

    def origin(self, key: str) -> str:
        variable = f"LINEMAN_{key.upper()}"
        for candidate in (variable, f"{variable}_FILE"):
            if self.environment.get(candidate):
                return candidate
        return f"{self.table.place}: {key}"

    def text(self, key: str) -> str | None:
        variable = f"LINEMAN_{key.upper()}"
        if value := self.environment.get(variable):
            return value.strip()
        if path := self.environment.get(f"{variable}_FILE"):
            return _content(Path(path).expanduser(), f"{variable}_FILE")
        if path := getattr(self.table.section, f"{key}_file", None):
            return _content(self.table.path(path), f"{self.table.place}: {key}_file")
        return getattr(self.table.section, key, None)

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

    def credentials(self, prefix: str) -> Credentials:
        key, secret = self.secret(f"{prefix}app_key"), self.secret(f"{prefix}app_secret")
        token = self.secret(f"{prefix}token")
        variable = f"LINEMAN_{prefix.upper()}"
        if key and not secret and not token:
            raise ConfigurationError(
                f"{self.origin(f'{prefix}app_key')} is set but its secret is not: set {variable}APP_SECRET or "
                f"{variable}APP_SECRET_FILE, or a ready token with {variable}TOKEN"
            )
        if secret and not key:
            raise ConfigurationError(
                f"{self.origin(f'{prefix}app_secret')} is set but {variable}APP_KEY is not: set it"
            )
        return Credentials(key.reveal() if key else None, secret, token)


def _none_if_unusable(credentials: Credentials) -> Credentials | None:
    return credentials if credentials.usable else None


def _tables(file: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
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


def _content(path: Path, origin: str) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigurationError(f"{origin}: {path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{origin}: {path} is not UTF-8 text") from None
    if not text:
        raise ConfigurationError(f"{origin}: {path} is empty: expected the value on one line")
    return text


def _url(text: str, origin: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ConfigurationError(f"{origin}: {text!r} is not a URL: {error}") from None
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError(f"{origin}: credentials in a URL are refused: use LINEMAN_APP_KEY and its secret")
    if parts.scheme not in {"http", "https"}:
        raise ConfigurationError(f"{origin}: {text!r} does not begin with https:// or http://")
    if not parts.hostname or port == 0 or not text.isprintable() or " " in text:
        raise ConfigurationError(f"{origin}: {text!r} has no valid host: expected such as https://staging.example.com")
    if parts.query or parts.fragment or text.rstrip("/").endswith(("?", "#")):
        raise ConfigurationError(f"{origin}: {text!r}: a base URL has neither query nor fragment: end it with the path")
    return text.rstrip("/")


def _headers(headers: Mapping[str, str], place: str) -> Iterable[tuple[str, str]]:
    for name, value in headers.items():
        if name.lower() in _OWN_HEADERS:
            raise ConfigurationError(f"{place}: headers.{name}: lineman sets this header itself: remove it")
        if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
            raise ConfigurationError(f"{place}: headers.{name}: not a header name: use letters, digits and hyphens")
        if not value.isascii() or not value.isprintable() or value != value.strip():
            raise ConfigurationError(f"{place}: headers.{name}: expected visible ASCII text, got {value!r}")
        yield name, value


def _waivers(sections: list[_WaiverSection], place: str) -> Iterable[Waiver]:
    for number, section in enumerate(sections, start=1):
        match = section.clause or section.fingerprint
        if not match or (section.clause and section.fingerprint):
            raise ConfigurationError(f"{place}: waiver {number}: give either a clause or a fingerprint")
        yield Waiver(match, section.reason, section.until)


def _explain(error: ValidationError, place: str) -> str:
    first = error.errors(include_url=False)[0]
    path = [part for part in first["loc"] if not str(part).startswith(("literal", "constrained", "str", "function"))]
    key = ".".join(str(part + 1) if isinstance(part, int) else str(part) for part in path)
    if first["type"] == "extra_forbidden":
        model = _WaiverSection if path[0] == "waivers" else _Section
        known = list(model.model_fields)
        return f"{place}: unknown setting {key}{_nearest(str(path[-1]), known)}; known: {', '.join(known)}"
    if path[0] == "verify":
        return f"{place}: verify = {first['input']!r}: expected true, or the path of a CA bundle to trust"
    if first["type"] == "missing":
        return f"{place}: {key} is missing: add it"
    return f"{place}: {key} = {first['input']!r}: {first['msg'][0].lower()}{first['msg'][1:]}"


def _nearest(name: str, names: Iterable[str]) -> str:
    matches = difflib.get_close_matches(name, list(names), n=1)
    return f": did you mean {matches[0]!r}?" if matches else ""
