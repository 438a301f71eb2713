"""Pairs of burn-rate windows, and the arithmetic that says which of them probes of one interval can carry.

The pairs are those of the SRE workbook, chapter 5, for a period of 30 days; for another period the rates scale
so that each alert stands for the same share of the budget. A probe is a sample that stands for its whole
interval: at one a minute and 99.9 %, a single failed probe satisfies the fast page. So every default rule also
needs a number of failed slots, and a rule that an operator wrote and that one slot can trip is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from lineman.monitor.clock import DAY, HOUR, MINUTE
from lineman.monitor.settings.duration import words
from lineman.monitor.settings.models import BurnRule, Canary

MINIMUM_FAILED = 3
"""Failed slots that a default rule needs at least in its long window."""

_TABLE = (
    # long, short, share of the budget, severity
    (HOUR, 5 * MINUTE, Fraction(2, 100), "page"),
    (6 * HOUR, 30 * MINUTE, Fraction(5, 100), "page"),
    (3 * DAY, 6 * HOUR, Fraction(10, 100), "ticket"),
)


@dataclass(frozen=True, slots=True)
class SizedRule:
    """A rule, and how many failed slots each window needs at least."""

    rule: BurnRule
    long_failed: int
    short_failed: int

    @property
    def name(self) -> str:
        """Stable name of the rule within its canary."""
        return f"{self.rule.severity}-{words(self.rule.long)}"


def exact(number: float) -> Fraction:
    """The fraction that a person meant by a decimal number."""
    return Fraction(str(number))


def budget_share(objective: float) -> Fraction:
    """Share of time that may be down: 0.001 for 99.9 (percent)."""
    return 1 - exact(objective) / 100


def failed_needed(window: int, interval: int, rate: Fraction, budget: Fraction) -> int:
    """How many failed slots in a row of the window exceed ``rate`` times the budget (strictly above)."""
    slots = max(1, window // interval)
    return int(rate * budget * slots) + 1


def sized(rule: BurnRule, canary: Canary, minimum: int = 1) -> SizedRule:
    """The rule with the failed slots it needs, at least ``minimum`` in the long window."""
    assert canary.slo is not None  # noqa: S101 - callers look first
    budget, rate = budget_share(canary.slo.objective), exact(rule.rate)
    return SizedRule(
        rule,
        long_failed=max(minimum, failed_needed(rule.long, canary.interval, rate, budget)),
        short_failed=failed_needed(rule.short, canary.interval, rate, budget),
    )


def reachable(rule: BurnRule, objective: float) -> bool:
    """True where a total outage burns faster than the rule's rate."""
    return exact(rule.rate) * budget_share(objective) < 1


def default_rules(canary: Canary) -> tuple[SizedRule, ...]:
    """The usual pairs for the canary's period, short windows widened to hold a slot, unreachable ones left out."""
    assert canary.slo is not None  # noqa: S101 - callers look first
    rules = []
    for long, short, share, severity in _TABLE:
        rate = float(share * canary.slo.period / long)
        if rate <= 1 and severity == "page":
            continue
        rule = BurnRule.model_construct(
            long=long, short=max(short, 2 * canary.interval), rate=max(rate, 1.0), severity=severity
        )
        needed = sized(rule, canary, MINIMUM_FAILED)
        if reachable(rule, canary.slo.objective) and needed.long_failed * canary.interval <= long:
            rules.append(needed)
    return tuple(rules)


def rules_of(canary: Canary) -> tuple[SizedRule, ...]:
    """The burn-rate rules that hold for a canary; none without an SLO."""
    if canary.slo is None:
        return ()
    if canary.slo.burn is None:
        return default_rules(canary)
    return tuple(sized(rule, canary) for rule in canary.slo.burn)
