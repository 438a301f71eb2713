"""What a probe says, and why."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
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
        return self in (Verdict.OK, Verdict.DEGRADED, Verdict.FAILED)


_EXIT_CODES = {
    Verdict.OK: 0,
    Verdict.DEGRADED: 1,
    Verdict.FAILED: 2,
    Verdict.UNKNOWN: 3,
    Verdict.NOT_RUN: 3,
}

SEVERITY = (Verdict.OK, Verdict.DEGRADED, Verdict.UNKNOWN, Verdict.FAILED)
"""From best to worst. UNKNOWN ranks below FAILED: a failure seen outweighs something not measured."""


def worst(*verdicts: Verdict) -> Verdict:
    """The gravest of the verdicts; OK where there is none."""
    return max(verdicts, key=SEVERITY.index, default=Verdict.OK)


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
