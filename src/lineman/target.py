"""Settings of a target: from ``lineman.toml`` and the environment, which wins.

Every error is one sentence that names file, section, setting, value, what is expected and the nearest valid name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from lineman.configuration import (
    CONFIGURATION_FILE,
    ConfigurationError,
    Section,
    Sources,
    Table,
    WaiverSection,
    is_loopback,
    variable_hints,
)
from lineman.connection import ClientCertificate, Proxy, authorities, client_certificate, proxies
from lineman.secret import Secret

__all__ = ["ConfigurationError", "Credentials", "NoTargetError", "Target", "Waiver", "is_loopback", "load_target"]


_WAYS = "--target NAME (a [targets.NAME] table in lineman.toml), --base-url URL (or LINEMAN_BASE_URL), or --sandbox"
_OWN_HEADERS = {"authorization", "x-app-key", "host", "content-length", "transfer-encoding", "connection"}


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
    is_fingerprint: bool = field(default=False, compare=False)


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
    client_certificate: ClientCertificate | None = None
    proxy: Proxy | None = None
    """Between lineman and the base URL."""
    token_proxy: Proxy | None = None
    """Between lineman and the token URL."""
    rate: float | None = 10.0
    concurrency: int = 4
    max_requests: int | None = 600
    timeout: float = 30.0
    """For one attempt, from resolving the name to the last byte."""
    max_body_bytes: int = 4 * 1024 * 1024
    latency_limit: float | None = None
    """Seconds within which 95 of 100 answers should come. Shown in the report; no promise, so no verdict."""
    require: tuple[str, ...] = ()
    """Globs of clauses; where one of those promises was not verified, a run has no verdict."""
    min_records: int = 0
    """How many records the list has to have; with fewer, a run has no verdict."""
    token_leeway: float = 0.0
    """Seconds for which the service may take a token after its end, for clocks that differ."""
    waivers: tuple[Waiver, ...] = ()
    sources: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    """Setting and where it stands, for people: which variable, which table, which option."""
    hints: str = field(default="", compare=False)
    """What was odd about the variables that were there."""

    @classmethod
    def of(cls, base_url: str, credentials: Credentials | None = None, **settings: Any) -> Target:
        """A target with the polite defaults for its address: on loopback no rate, 16 in flight and no budget.

        A setting that is None is taken for not given; to lift a limit use :func:`dataclasses.replace`.
        """
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
                f"LINEMAN_APP_SECRET_FILE), or LINEMAN_TOKEN (or LINEMAN_TOKEN_FILE){self.hints}"
            )


def _has_address(environment: Mapping[str, str]) -> bool:
    return any(environment.get(name, "").strip() for name in ("LINEMAN_BASE_URL", "LINEMAN_BASE_URL_FILE"))


def load_target(name: str | None, base_url: str | None, config: Path | None, environment: Mapping[str, str]) -> Target:
    """Put a target's settings together.

    ``base_url`` wins over ``LINEMAN_BASE_URL``. The environment fills in what the table ``[targets.NAME]`` of
    ``config`` (where that is None: of ``lineman.toml`` in the working directory) leaves open.

    Raises:
        NoTargetError: neither a name nor an address was given.
        ConfigurationError: a setting is missing, malformed or unknown, or a variable contradicts the table.
    """
    if name is not None and base_url is not None:
        raise ConfigurationError(f"both --target {name} and --base-url {base_url} are given: give one of them")
    if name is None and base_url is None and not _has_address(environment):
        raise NoTargetError(f"no target given: say which deployment to test with {_WAYS}{variable_hints(environment)}")
    table = Table.read(name, config) if name is not None else Table(Path(CONFIGURATION_FILE), "", Section())
    sources = Sources(environment, table)
    if base_url is not None:
        sources.taken["base_url"] = "--base-url"
    address = sources.text("base_url") if base_url is None else base_url
    if address is None:
        raise ConfigurationError(f"{table.place} has no base_url: add one, or set LINEMAN_BASE_URL")
    address = _url(address, sources.origin("base_url"))
    token_address = sources.text("token_url")
    section = table.section
    token_address = None if token_address is None else _url(token_address, sources.origin("token_url"))
    trust = section.trust_environment
    proxy, token_proxy = proxies(sources, (address, token_address or address), trust=trust)
    verify = authorities(sources, trust=trust)
    certificate = client_certificate(sources)
    own, second = _credentials(sources, ""), _credentials(sources, "second_")
    for key in sorted(section.model_fields_set - {key.removesuffix("_file") for key in sources.taken}):
        if not key.endswith("_file"):
            sources.taken.setdefault(key, f"{table.place}: {key}")
    return Target.of(
        address,
        own,
        name=name,
        token_url=token_address,
        second=_none_if_unusable(second),
        headers=tuple(_headers(section.headers, table.place)),
        verify=verify,
        client_certificate=certificate,
        proxy=proxy,
        token_proxy=token_proxy,
        require=tuple(section.require),
        waivers=tuple(_waivers(section.waivers, table.place)),
        sources=tuple(sources.taken.items()),
        hints=variable_hints(environment),
        **section.model_dump(include=set(_LIMITS)),
    )


_LIMITS = (
    "rate",
    "concurrency",
    "max_requests",
    "timeout",
    "max_body_bytes",
    "token_leeway",
    "latency_limit",
    "min_records",
)


def _credentials(sources: Sources, prefix: str) -> Credentials:
    key, secret = sources.secret(f"{prefix}app_key"), sources.secret(f"{prefix}app_secret")
    token = sources.secret(f"{prefix}token")
    variable = f"LINEMAN_{prefix.upper()}"
    if key and not secret and not token:
        raise ConfigurationError(
            f"{sources.origin(f'{prefix}app_key')} is set but its secret is not: set {variable}APP_SECRET or "
            f"{variable}APP_SECRET_FILE, or a ready token with {variable}TOKEN"
        )
    if secret and not key:
        raise ConfigurationError(f"{sources.origin(f'{prefix}app_secret')} is set but {variable}APP_KEY is not: set it")
    return Credentials(key.reveal() if key else None, secret, token)


def _none_if_unusable(credentials: Credentials) -> Credentials | None:
    return credentials if credentials.usable else None


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
            raise ConfigurationError(f"{place}: headers.{name}: expected visible ASCII text without blanks at its ends")
        yield name, value


def _waivers(sections: list[WaiverSection], place: str) -> Iterable[Waiver]:
    for number, section in enumerate(sections, start=1):
        match = section.clause or section.fingerprint
        if not match or (section.clause and section.fingerprint):
            raise ConfigurationError(f"{place}: waiver {number}: give either a clause or a fingerprint")
        yield Waiver(match, section.reason, section.until, is_fingerprint=section.fingerprint is not None)
