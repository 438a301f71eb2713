"""How a target is reached: which proxy stands between, whose certificates are trusted, and which one lineman shows."""

from __future__ import annotations

import ssl
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from lineman.configuration import ConfigurationError, Sources, is_loopback
from lineman.secret import Secret

_CA_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
"""What OpenSSL and requests read, in this order."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy; ``url`` is without user and password."""

    url: str
    user: str | None = None
    password: Secret | None = None


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """What lineman shows to a server that wants to know who asks."""

    certificate: Path
    key: Path | None = None
    """None where the certificate's file holds the key as well."""

    def load_into(self, context: ssl.SSLContext) -> None:
        """Have a context show it.

        Raises:
            ConfigurationError: the files are no certificate with its key, or the key has a password.
        """
        try:
            context.load_cert_chain(self.certificate, self.key, password=_no_password)
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
            files = " and ".join(str(path) for path in (self.certificate, self.key) if path)
            raise ConfigurationError(
                f"client_cert: {files}: {str(reason).replace('_', ' ').lower()}: expected a certificate in PEM and its "
                f"key, without a password"
            ) from None


def _no_password() -> str:
    raise ValueError("the key has a password")


def proxies(sources: Sources, urls: tuple[str, str], *, trust: bool) -> tuple[Proxy | None, Proxy | None]:
    """The proxies for the base URL and the token URL: the target's own, or the environment's where it is trusted.

    Raises:
        ConfigurationError: an address is none, or stands with a password in a file that is committed.
    """
    given = sources.text("proxy")
    if given is not None:
        origin = sources.origin("proxy")
        if origin.endswith(": proxy") and "@" in given:
            raise ConfigurationError(
                f"{origin}: a proxy's password may not stand in a configuration file: use proxy_file with a path, or "
                f"the environment variable LINEMAN_PROXY"
            )
        own = _proxy(given, origin)
        sources.taken["proxy"] = f"{origin.removesuffix(': proxy')} ({own.url})"
        return own, own
    if not trust:
        return None, None
    base, token = (_from_environment(sources, url) for url in urls)
    return base, token


def _from_environment(sources: Sources, url: str) -> Proxy | None:
    parts = urlsplit(url)
    environment = sources.environment
    if is_loopback(url) or _bypassed(
        f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname), environment
    ):
        return None
    for name in (f"{parts.scheme}_proxy", "all_proxy"):
        for variable in (name, name.upper()):
            if value := environment.get(variable, "").strip():
                found = _proxy(value if "://" in value else f"http://{value}", variable)
                sources.taken["proxy"] = f"{variable} ({found.url})"
                return found
    return None


def _bypassed(host: str, environment: Mapping[str, str]) -> bool:
    """Whether NO_PROXY names a host, by the rules of Python's own library."""
    names = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    return bool(urllib.request.proxy_bypass_environment(host, {"no": names}))  # type: ignore[attr-defined]


def _proxy(text: str, origin: str) -> Proxy:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ConfigurationError(f"{origin}: not the address of a proxy: {error}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigurationError(
            f"{origin}: expected the address of an HTTP proxy, such as http://proxy.example.com:3128"
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Proxy(
        url=f"{parts.scheme}://{host}" + (f":{port}" if port else ""),
        user=unquote(parts.username) if parts.username else None,
        password=Secret(unquote(parts.password)) if parts.password else None,
    )


def authorities(sources: Sources, *, trust: bool) -> Literal[True] | Path:
    """Whose certificates are trusted: ``ca`` (or ``verify``) of the target, or what the environment says, or the usual.

    Raises:
        ConfigurationError: there is no such file or folder.
    """
    table = sources.table
    own = table.certificates()
    given = sources.text("ca")
    if given is not None:
        if own is not True:
            raise ConfigurationError(f"{table.place}: verify and ca say the same: keep ca")
        return _existing(sources, "ca", given)
    if own is not True or not trust:
        return own
    for variable in _CA_VARIABLES:
        if value := sources.environment.get(variable, "").strip():
            path = Path(value)
            if not path.exists():
                raise ConfigurationError(f"{variable}: there is no CA bundle at {path}")
            sources.taken["ca"] = variable
            return path
    return True


def client_certificate(sources: Sources) -> ClientCertificate | None:
    """The certificate to show, if any.

    Raises:
        ConfigurationError: a file is missing, or is no certificate with its key.
    """
    certificate, key = sources.text("client_cert"), sources.text("client_key")
    if certificate is None:
        if key is not None:
            raise ConfigurationError(f"{sources.origin('client_key')} is set but client_cert is not: set it")
        return None
    found = ClientCertificate(
        _existing(sources, "client_cert", certificate), None if key is None else _existing(sources, "client_key", key)
    )
    found.load_into(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    return found


def _existing(sources: Sources, key: str, value: str) -> Path:
    origin = sources.origin(key)
    path = sources.table.path(value) if origin.startswith(sources.table.place) else Path(value).expanduser()
    if not path.exists():
        raise ConfigurationError(f"{origin}: there is no file at {path}")
    return path
