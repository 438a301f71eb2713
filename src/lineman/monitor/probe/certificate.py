"""Reading a server's certificate, also one that cannot be verified: a monitor warns before it expires, and after."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from lineman.client.dialling import addresses
from lineman.client.network import ssl_context
from lineman.monitor.config.models import Canary
from lineman.monitor.result import Cause, CertificateSeen, ProbeVerdict
from lineman.target import Target

_FAREWELL = 0.2
_NO_CERTIFICATE = "the server showed no certificate"


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a server's certificate says, and whether it would be accepted."""

    not_after: datetime
    """When it expires, in UTC."""
    subject: str
    issuer: str
    names: tuple[str, ...]
    """The names that it is valid for."""
    verified: bool
    reason: str = ""
    """Why it would not be accepted."""


async def read_certificate(
    host: str,
    port: int = 443,
    server_name: str | None = None,
    *,
    verify: Literal[True] | Path = True,
    limit: float = 10.0,
) -> CertificateFacts:
    """Connect, shake hands and read; ``limit`` is in seconds for each of at most two connections.

    Raises:
        OSError: no connection, or no TLS there (``ssl.SSLError`` is one).
        TimeoutError: it took longer.
    """
    name = server_name or host
    context = ssl_context(verify)
    try:
        shown, parsed = await _fetch_certificate(host, port, name, context, limit)
    except ssl.SSLCertVerificationError as error:
        reason = error.verify_message
    else:
        return _facts(shown, verified=True) if _can_parse() else _verified_facts(parsed)
    if not _can_parse():
        raise ssl.SSLError(f"the certificate is not accepted ({reason}); to read it: pip install 'lineman[monitor]'")
    unverified = ssl.create_default_context()
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE  # only to read a certificate: nothing is sent over this connection
    shown, _ = await _fetch_certificate(host, port, name, unverified, limit)
    return _facts(shown, verified=False, reason=reason)


def _can_parse() -> bool:
    """Whether a certificate that is not accepted can be read: the extra ``monitor`` has the library for it."""
    return find_spec("cryptography") is not None


def _verified_facts(parsed: Mapping[str, Any]) -> CertificateFacts:
    """What Python itself says of a certificate that it accepted."""
    return CertificateFacts(
        not_after=datetime.fromtimestamp(ssl.cert_time_to_seconds(parsed["notAfter"]), UTC),
        subject=_distinguished_name(parsed.get("subject", ())),
        issuer=_distinguished_name(parsed.get("issuer", ())),
        names=tuple(value for kind, value in parsed.get("subjectAltName", ()) if kind in {"DNS", "IP Address"}),
        verified=True,
    )


def _distinguished_name(parts: Sequence[Sequence[tuple[str, str]]]) -> str:
    return ",".join(f"{name}={value}" for part in reversed(parts) for name, value in part)


async def _fetch_certificate(
    host: str, port: int, server_name: str, context: ssl.SSLContext, limit: float
) -> tuple[bytes, Mapping[str, Any]]:
    """The certificate that a server shows, as it is and as Python reads one that it accepted."""
    async with asyncio.timeout(limit):
        # The loop's own resolver runs in a pool that the end of the process waits for.
        found = await addresses(host, port)
        _, writer = await asyncio.open_connection(found[0], port, ssl=context, server_hostname=server_name)
    try:
        connection = writer.get_extra_info("ssl_object")
        shown: bytes | None = connection.getpeercert(binary_form=True)
        parsed: Mapping[str, Any] = connection.getpeercert() or {}
    finally:
        await _close(writer)
    if shown is None:
        raise ssl.SSLError(_NO_CERTIFICATE)
    return shown, parsed


async def _close(writer: asyncio.StreamWriter) -> None:
    """Close politely, so that no server logs a reset, and wait for its farewell no longer than :data:`_FAREWELL`."""
    writer.close()
    try:
        async with asyncio.timeout(_FAREWELL):
            await writer.wait_closed()
    except (OSError, TimeoutError):
        writer.transport.abort()
        await asyncio.sleep(0)


def _facts(shown: bytes, *, verified: bool, reason: str = "") -> CertificateFacts:
    from cryptography import x509  # noqa: PLC0415  # costs a probe 30 ms, which only a certificate check should pay

    certificate = x509.load_der_x509_certificate(shown)
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = [*extension.get_values_for_type(x509.DNSName)]
        names += [str(address) for address in extension.get_values_for_type(x509.IPAddress)]
    except (x509.ExtensionNotFound, ValueError):
        names = []
    return CertificateFacts(
        not_after=certificate.not_valid_after_utc,
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        names=tuple(names),
        verified=verified,
        reason=reason,
    )


async def read(target: Target, limit: float) -> CertificateSeen | None:
    """Read the certificate of the target's base URL; None without TLS, or where none can be read."""
    parts = urlsplit(target.base_url)
    if parts.scheme != "https" or parts.hostname is None or target.proxy is not None:
        return None  # behind a proxy the server is not reached but through it
    try:
        facts = await read_certificate(parts.hostname, parts.port or 443, verify=target.verify, limit=limit)
    except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError):
        return None
    return CertificateSeen(round(facts.not_after.timestamp() * 1_000), facts.verified, facts.reason, facts.subject)


def certificate_verdict(seen: CertificateSeen | None, canary: Canary, now: int) -> tuple[ProbeVerdict, Cause, str]:
    """What the certificate alone makes of the canary."""
    if seen is None:
        return ProbeVerdict.OK, Cause.NONE, ""
    days = seen.days_left(now)
    for verdict, limit in (
        (ProbeVerdict.FAILED, canary.certificate.failed),
        (ProbeVerdict.DEGRADED, canary.certificate.degraded),
    ):
        if days < limit:
            state = f"ends in {days:.1f} days" if days >= 0 else f"ended {-days:.1f} days ago"
            return verdict, Cause.CERTIFICATE, f"the certificate {state}, {verdict} below {limit} days"
    return ProbeVerdict.OK, Cause.NONE, ""
