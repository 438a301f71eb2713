"""What one probe found: everything that history, metrics and notices know of it. Holds no record of the target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from lineman.monitor.verdict import Cause, Verdict

PHASES = ("resolve", "connect", "tls", "send", "wait", "receive")


@dataclass(frozen=True, slots=True)
class Breach:
    """A promise that the answer broke. The summary holds no record of the target."""

    clause: str
    fingerprint: str
    summary: str


@dataclass(frozen=True, slots=True)
class TokenStep:
    """Getting a token: a step of its own, with a verdict and times of its own (seconds)."""

    verdict: Verdict
    seconds: float
    message: str
    requests: int
    phases: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CertificateSeen:
    """The certificate that the target shows; ``not_after`` in milliseconds since the epoch."""

    not_after: int
    verified: bool
    reason: str
    subject: str

    def days_left(self, now: int) -> float:
        return (self.not_after - now) / 86_400_000


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try within a slot."""

    verdict: Verdict
    cause: Cause
    message: str
    seconds: float
    status: int | None = None
    phases: Mapping[str, float] = field(default_factory=dict)
    breaches: tuple[Breach, ...] = ()
    root: str | None = None
    """Name of a root cause that canaries of the same target share."""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """One probe of a canary. The last attempt decides; the others stay to be seen."""

    canary: str
    target: str
    started: int
    """Milliseconds since the epoch."""
    verdict: Verdict
    cause: Cause
    message: str
    attempts: tuple[Attempt, ...]
    token: TokenStep | None = None
    certificate: CertificateSeen | None = None
    token_issued: int | None = None
    """When the token in use was issued (milliseconds since the epoch); None for a ready one, or where there is none."""
    token_ends: int | None = None
    """When it expires, where its service said so."""

    @property
    def last(self) -> Attempt:
        """The attempt that decided."""
        return self.attempts[-1] if self.attempts else Attempt(self.verdict, self.cause, self.message, 0.0)

    @property
    def seconds(self) -> float:
        """The time of the query in the deciding attempt; the token's time and lineman's own do not count."""
        return self.last.seconds

    @property
    def after_retry(self) -> bool:
        """True where a first try failed and the second did not."""
        return len(self.attempts) > 1 and self.verdict in (Verdict.OK, Verdict.DEGRADED)

    @property
    def breaches(self) -> tuple[Breach, ...]:
        return self.last.breaches

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON, derived ones included."""
        return {**asdict(self), "seconds": self.seconds, "after_retry": self.after_retry, "status": self.last.status}
