"""How long a target took, by phase, with no figure that its sample cannot carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lineman.report.run import Run

PHASES = ("resolve", "connect", "tls", "send", "wait", "receive", "total")
NEEDED = {50: 1, 90: 10, 95: 20, 99: 100}
"""How many measurements a percentile needs, so that at least one lies beyond it."""


@dataclass(frozen=True, slots=True)
class PhaseFigures:
    """Seconds that one phase took over ``size`` exchanges; None where the sample is too small for a percentile."""

    phase: str
    size: int
    percentiles: dict[int, float | None]
    most: float


def samples(run: Run) -> dict[str, list[float]]:
    """Sorted seconds by phase, of the answered queries of a run (token requests and failures left out)."""
    found: dict[str, list[float]] = {phase: [] for phase in PHASES}
    for exchange in run.exchanges:
        if exchange.operation == "query" and exchange.status is not None:
            for phase, seconds in exchange.phases.items():
                if phase in found:
                    found[phase].append(seconds)
    return {phase: sorted(seconds) for phase, seconds in found.items() if seconds}


def percentile(ordered: Sequence[float], percent: int) -> float | None:
    """The nearest-rank percentile of sorted values; None where there are too few of them."""
    if len(ordered) < NEEDED[percent]:
        return None
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(rank, 1) - 1]


def figures(run: Run) -> list[PhaseFigures]:
    """Sample size, percentiles and maximum of every phase that was measured."""
    return [
        PhaseFigures(
            phase=phase,
            size=len(seconds),
            percentiles={percent: percentile(seconds, percent) for percent in NEEDED},
            most=seconds[-1],
        )
        for phase, seconds in samples(run).items()
    ]


def spoken(seconds: float | None) -> str:
    """Seconds for people: ``0.4 ms``, ``34 ms``, ``1.25 s``; a dash for None."""
    if seconds is None:
        return "–"
    if seconds >= 1:
        return f"{seconds:,.2f} s"
    milliseconds = seconds * 1000
    return f"{milliseconds:.0f} ms" if milliseconds >= 10 else f"{milliseconds:.1f} ms"
