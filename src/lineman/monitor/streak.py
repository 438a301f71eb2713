"""What a row of probes of one canary adds up to: how many of a kind in a row, and when the last good and bad ones were.

For metrics, whose readers count rows and need instants that outlive a single result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lineman.monitor.incidents import Kind, reading
from lineman.monitor.result import ProbeResult
from lineman.monitor.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Streak:
    """Instants in milliseconds since the epoch; None where there was none yet."""

    last_success: int | None = None
    """When the last probe that was ok or degraded began."""
    last_failure: int | None = None
    """When the last failed probe outside of maintenance began."""
    rows: Mapping[Kind, int] = field(default_factory=dict)
    """Probes of each kind in a row, up to the last one, counted as incidents count them."""

    def after(self, result: ProbeResult, *, planned: bool) -> Streak:
        """The streak after one more probe; ``planned``: it fell into a maintenance window."""
        good = result.verdict in (Verdict.OK, Verdict.DEGRADED)
        counts = result.verdict is Verdict.FAILED and not planned
        return Streak(
            result.started if good else self.last_success,
            result.started if counts else self.last_failure,
            {kind: _longer(self.rows.get(kind, 0), reading(kind, result.verdict)) for kind in Kind},
        )


def _longer(row: int, bad: bool | None) -> int:
    if bad is None:
        return row
    return row + 1 if bad else 0
