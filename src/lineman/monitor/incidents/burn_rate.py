"""How fast the error budget is spent, in windows of one-minute buckets, and when that is an alert.

An alert fires where both windows burn above the rule's rate and enough failed slots stand behind it; it is over
where the short window burns below. Where too little of the long window is measured it is frozen: it keeps its
state, because silence is no recovery.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from lineman.monitor.clock import MINUTE
from lineman.monitor.config.models import Canary
from lineman.monitor.config.thresholds import SizedRule, budget_share, exact


@dataclass(frozen=True, slots=True)
class Burn:
    """The state of one rule. ``burning`` is None where it is frozen."""

    rule: SizedRule
    burning: bool | None
    long_rate: float
    short_rate: float


class BurnWatch:
    """Failed and measured milliseconds of one canary, by the minute, for as long as its longest window."""

    def __init__(self, canary: Canary, rules: tuple[SizedRule, ...]) -> None:
        assert canary.slo is not None  # noqa: S101 - no SLO, no watch
        self._rules = rules
        self._interval = canary.interval
        self._budget = budget_share(canary.slo.objective)
        self._coverage = canary.slo.min_coverage
        self._size = max((rule.rule.long for rule in rules), default=MINUTE) // MINUTE + 2
        self._failed = array("q", [0]) * self._size
        self._measured = array("q", [0]) * self._size
        self._newest = 0

    @property
    def reach(self) -> int:
        """Milliseconds of the past that it can hold."""
        return self._size * MINUTE

    def add(self, slot: int, *, failed: bool) -> None:
        """Count a measured slot."""
        minute = slot // MINUTE
        if minute <= self._newest - self._size:
            return
        self._forget(minute)
        self._measured[minute % self._size] += self._interval
        if failed:
            self._failed[minute % self._size] += self._interval

    def state(self, now: int) -> list[Burn]:
        """Every rule at an instant."""
        self._forget(now // MINUTE)
        return [self._judge_rule(rule, now) for rule in self._rules]

    def _forget(self, minute: int) -> None:
        """Clear the buckets between the newest one so far and a newer one."""
        for gone in range(max(self._newest + 1, minute - self._size + 1), minute + 1):
            self._failed[gone % self._size] = self._measured[gone % self._size] = 0
        self._newest = max(self._newest, minute)

    def _judge_rule(self, sized: SizedRule, now: int) -> Burn:
        long_failed, long_measured = self._sums(now, sized.rule.long)
        short_failed, short_measured = self._sums(now, sized.rule.short)
        long_rate, short_rate = self._rate(long_failed, long_measured), self._rate(short_failed, short_measured)
        if long_measured < self._coverage * sized.rule.long or not short_measured:
            return Burn(sized, None, long_rate, short_rate)
        limit = float(exact(sized.rule.rate))
        enough = long_failed >= sized.long_failed * self._interval and short_failed >= self._interval
        return Burn(sized, long_rate > limit and short_rate > limit and enough, long_rate, short_rate)

    def _rate(self, failed: int, measured: int) -> float:
        return float(failed / (measured * self._budget)) if measured else 0.0

    def _sums(self, now: int, window: int) -> tuple[int, int]:
        last = now // MINUTE
        count = min(window // MINUTE, self._size)
        begin = (last - count + 1) % self._size
        end = begin + count
        pieces = [(begin, min(end, self._size)), (0, max(0, end - self._size))]
        failed = sum(sum(self._failed[first:after]) for first, after in pieces)
        measured = sum(sum(self._measured[first:after]) for first, after in pieces)
        return failed, measured
