"""The certificate looked at aside from the query, also where it cannot be verified."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from lineman.client.certificate import read_certificate
from lineman.monitor.result import CertificateSeen
from lineman.monitor.settings.models import Canary
from lineman.monitor.verdict import Cause, Verdict
from lineman.target import Target


async def look(target: Target, limit: float) -> CertificateSeen | None:
    """Read the certificate of the target's base URL; None without TLS, or where none can be read."""
    parts = urlsplit(target.base_url)
    if parts.scheme != "https" or parts.hostname is None:
        return None
    try:
        facts = await read_certificate(parts.hostname, parts.port or 443, verify=target.verify, limit=limit)
    except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError):
        return None
    return CertificateSeen(round(facts.not_after.timestamp() * 1_000), facts.verified, facts.reason, facts.subject)


def certificate_verdict(seen: CertificateSeen | None, canary: Canary, now: int) -> tuple[Verdict, Cause, str]:
    """What the certificate alone makes of the canary."""
    if seen is None:
        return Verdict.OK, Cause.NONE, ""
    days = seen.days_left(now)
    for verdict, limit in (
        (Verdict.FAILED, canary.certificate.failed),
        (Verdict.DEGRADED, canary.certificate.degraded),
    ):
        if days < limit:
            state = f"ends in {days:.1f} days" if days >= 0 else f"ended {-days:.1f} days ago"
            return verdict, Cause.CERTIFICATE, f"the certificate {state}, {verdict} below {limit} days"
    return Verdict.OK, Cause.NONE, ""
