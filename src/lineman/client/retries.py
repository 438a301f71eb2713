"""When to ask again, and after how long."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from lineman.exchange import Exchange, FailureKind, Response

ATTEMPTS = 3
"""For outages and failures of the transport."""
RATE_LIMIT_ATTEMPTS = 6
"""For answers 429 ..."""
RATE_LIMIT_SECONDS = 120.0
"""... and the longest that one ask waits for their end, altogether."""
LONGEST_WAIT = 60.0
_FIRST_WAIT = 0.25
_WORTH_RETRYING = {FailureKind.RESOLVE, FailureKind.CONNECT, FailureKind.TLS, FailureKind.TIMEOUT, FailureKind.CUT}
_OUTAGES = {502, 503, 504}


def is_outage(exchange: Exchange) -> bool:
    """Whether an attempt met no service at all: a transport failure, or a gateway's answer 502, 503 or 504."""
    if exchange.failure is not None:
        return exchange.failure.kind in _WORTH_RETRYING
    return exchange.status in _OUTAGES


def backoff(number: int, attempt: int) -> float:
    """Seconds before the next attempt: doubling, with up to half as much again that the ask's number decides."""
    jitter = zlib.crc32(f"{number}:{attempt}".encode()) % 1000 / 2000
    return float(min(LONGEST_WAIT, _FIRST_WAIT * 2 ** (attempt - 1) * (1 + jitter)))


def retry_after(response: Response | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks to wait, at most 60; None where it is absent or nonsense."""
    text = (response.header("Retry-After") or "").strip() if response else ""
    if text.isascii() and text.isdecimal():
        return min(LONGEST_WAIT, float(text[:9]))
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(LONGEST_WAIT, max(0.0, (moment - now).total_seconds()))
