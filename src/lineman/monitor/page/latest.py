"""The latest result of a canary as the page shows it, from the running monitor or from a row of history."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import RowMapping

from lineman.monitor.page.wording import public
from lineman.monitor.result import CertificateSeen, ProbeResult
from lineman.monitor.verdict import Cause, Verdict


@dataclass(frozen=True, slots=True)
class Latest:
    """What a probe found, fit to be shown. ``started`` in milliseconds, times in seconds."""

    started: int
    verdict: Verdict
    cause: Cause
    message: str
    seconds: float
    after_retry: bool
    target: str
    certificate: CertificateSeen | None = None
    clauses: Mapping[str, str] = field(default_factory=dict)
    """Broken clauses by the fingerprint of the violation."""


def of_result(result: ProbeResult) -> Latest:
    """From the running monitor."""
    return _latest(result.as_dict())


def of_row(row: RowMapping | Mapping[str, Any]) -> Latest:
    """From history."""
    return _latest({**dict(row), **json.loads(row["details"])})


def _latest(values: Mapping[str, Any]) -> Latest:
    seen = values.get("certificate")
    attempts = values.get("attempts") or ()
    breaches = attempts[-1]["breaches"] if attempts else ()
    return Latest(
        started=values["started"],
        verdict=Verdict(values["verdict"]),
        cause=Cause(values["cause"]),
        message=public(values["message"]),
        seconds=values["seconds"],
        after_retry=bool(values["after_retry"]),
        target=values.get("target") or "",
        certificate=CertificateSeen(**seen) if seen else None,
        clauses={breach["fingerprint"]: breach["clause"] for breach in breaches},
    )
