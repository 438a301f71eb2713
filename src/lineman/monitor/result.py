"""What one probe found: everything that history, metrics and notices know of it. Holds no record of the target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class ProbeVerdict(StrEnum):
    """The five ends of a slot."""

    OK = "ok"
    DEGRADED = "degraded"
    """It works, but slower than the limit, or its certificate ends soon."""
    FAILED = "failed"
    UNKNOWN = "unknown"
    """We could not measure: the reason lies with us, not with the target."""
    NOT_RUN = "not-run"
    """No probe ran in the slot; only in history."""

    @property
    def exit_code(self) -> int:
        """The exit code that monitoring plugins give (0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN)."""
        return _EXIT_CODES[self]

    @property
    def word(self) -> str:
        """The word that monitoring plugins begin their line with."""
        return ("OK", "WARNING", "CRITICAL", "UNKNOWN")[self.exit_code]

    @property
    def measured(self) -> bool:
        """True where the verdict says something about the target."""
        return self in (ProbeVerdict.OK, ProbeVerdict.DEGRADED, ProbeVerdict.FAILED)


_EXIT_CODES = {
    ProbeVerdict.OK: 0,
    ProbeVerdict.DEGRADED: 1,
    ProbeVerdict.FAILED: 2,
    ProbeVerdict.UNKNOWN: 3,
    ProbeVerdict.NOT_RUN: 3,
}

SEVERITY = (ProbeVerdict.OK, ProbeVerdict.DEGRADED, ProbeVerdict.UNKNOWN, ProbeVerdict.FAILED)
"""From best to worst. UNKNOWN ranks below FAILED: a failure seen outweighs something not measured."""


def worst(*verdicts: ProbeVerdict) -> ProbeVerdict:
    """The gravest of the verdicts; OK where there is none."""
    return max(verdicts, key=SEVERITY.index, default=ProbeVerdict.OK)


class Cause(StrEnum):
    """Where the reason of a verdict lies."""

    NONE = "none"
    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    CUT = "cut"
    PROTOCOL = "protocol"
    TOKEN = "token"  # noqa: S105 - the name of a cause, not a secret
    STATUS = "status"
    CONTRACT = "contract"
    CANARY = "canary"
    """A record or a total that the canary expects is not there."""
    LATENCY = "latency"
    CERTIFICATE = "certificate"
    CONFIGURATION = "configuration"
    NETWORK = "network"
    """Our own network or name resolution."""
    INTERNAL = "internal"
    """An error of ours."""


PHASES = ("resolve", "connect", "tls", "send", "wait", "receive")


@dataclass(frozen=True, slots=True)
class ProbeViolation:
    """A promise that the answer broke. The summary holds no record of the target."""

    clause: str
    fingerprint: str
    summary: str


@dataclass(frozen=True, slots=True)
class TokenStep:
    """Getting a token: a step of its own, with a verdict and times of its own (seconds)."""

    verdict: ProbeVerdict
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

    verdict: ProbeVerdict
    cause: Cause
    message: str
    seconds: float
    status: int | None = None
    phases: Mapping[str, float] = field(default_factory=dict)
    breaches: tuple[ProbeViolation, ...] = ()
    root: str | None = None
    """Name of a root cause that canaries of the same target share."""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """One probe of a canary. The last attempt decides; the others stay to be seen."""

    canary: str
    target: str
    started: int
    """Milliseconds since the epoch."""
    verdict: ProbeVerdict
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
        return len(self.attempts) > 1 and self.verdict in (ProbeVerdict.OK, ProbeVerdict.DEGRADED)

    @property
    def breaches(self) -> tuple[ProbeViolation, ...]:
        return self.last.breaches

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON, derived ones included."""
        return {**asdict(self), "seconds": self.seconds, "after_retry": self.after_retry, "status": self.last.status}
