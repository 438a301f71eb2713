"""What the client went through, for a report's page on the run's own health."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Statistics:
    """Counters of one client. ``requests`` counts all that went over the wire: retries and token requests too."""

    budget: int | None = None
    requests: int = 0
    retries: int = 0
    rate_limited: int = 0
    """Answers with status 429."""
    hidden_limits: int = 0
    """Answers of a rate limit that does not say 429."""
    hidden_limit: str = ""
    """What such a limit answers, in words; empty where none was met."""
    locked_out: float = 0.0
    """Seconds for which all was refused after requests with bad credentials."""
    outages: int = 0
    """Answers with status 502, 503 or 504."""
    transport_failures: int = 0
    paced_seconds: float = 0.0
    """Time that requests waited for the rate or a rate limit's end, summed."""
    backoff_seconds: float = 0.0
    kept_bytes: int = 0
    """Bytes of the bodies of all answers, as far as they are kept."""
    read_bytes: int = 0
    """Bytes of the bodies of all answers, decompressed."""
    token_requests: int = 0
    token_renewals: int = 0
