"""A probe's result as OpenMetrics text, for a textfile collector.

Written by hand because a one-shot probe must start fast; a test reads it with prometheus-client's own parser.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from lineman.monitor.result import PHASES, ProbeResult
from lineman.monitor.verdict import Verdict


def openmetrics(result: ProbeResult, finished: int) -> str:
    """All families, with the end mark. ``finished``: milliseconds since the epoch."""
    return "\n".join([*_families(result, finished), "# EOF", ""])


def write_atomically(path: Path, content: str) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part.

    Raises:
        OSError: the folder cannot be written.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(content)
            os.fchmod(file.fileno(), 0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _families(result: ProbeResult, finished: int) -> Iterator[str]:
    canary = f'canary="{_escaped(result.canary)}"'
    success = int(result.verdict in (Verdict.OK, Verdict.DEGRADED))
    yield from _gauge("probe_success", "1 where the canary is ok or degraded.", "", [(canary, success)])
    yield from _gauge("probe_duration_seconds", "Time of the query.", "seconds", [(canary, f"{result.seconds:.6f}")])
    phases = [
        (f'{canary},phase="{name}"', f"{result.last.phases[name]:.6f}") for name in PHASES if name in result.last.phases
    ]
    yield from _gauge("probe_phase_duration_seconds", "Time of each phase of the query.", "seconds", phases)
    yield "# HELP probe_verdict What the probe says."
    yield "# TYPE probe_verdict stateset"
    for verdict in Verdict:
        if verdict is not Verdict.NOT_RUN:
            yield f'probe_verdict{{{canary},probe_verdict="{verdict}"}} {int(verdict is result.verdict)}'
    yield from _gauge("probe_attempts", "Tries in the slot.", "", [(canary, len(result.attempts))])
    if result.token is not None:
        yield from _gauge(
            "probe_token_duration_seconds", "Time of the token.", "seconds", [(canary, f"{result.token.seconds:.6f}")]
        )
    if result.certificate is not None:
        yield from _gauge(
            "probe_certificate_not_after_timestamp_seconds",
            "When the target's certificate ends.",
            "seconds",
            [(canary, result.certificate.not_after // 1_000)],
        )
    clauses = [(f'{canary},clause="{_escaped(clause)}"', 1) for clause in sorted({b.clause for b in result.breaches})]
    yield from _gauge("probe_contract_violated", "Clauses that the answer broke.", "", clauses)
    yield from _gauge(
        "probe_finished_timestamp_seconds", "When the probe ended.", "seconds", [(canary, f"{finished / 1_000:.3f}")]
    )


def _gauge(name: str, explanation: str, unit: str, samples: Sequence[tuple[str, object]]) -> Iterator[str]:
    if not samples:
        return
    yield f"# HELP {name} {explanation}"
    yield f"# TYPE {name} gauge"
    if unit:
        yield f"# UNIT {name} {unit}"
    for labels, value in samples:
        yield f"{name}{{{labels}}} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
