"""Thresholds judged together: what one sample could trip, what could never be reached, what contradicts itself.

Each problem is one sentence with its sum, so that an operator can check it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from lineman.contract.operation import document
from lineman.monitor.clock import DAY, HOUR, MINUTE, SECOND
from lineman.monitor.config.models import LONGEST_INTERVAL, BurnRule, Canary
from lineman.times import format_ms

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
        return f"{self.rule.severity}-{format_ms(self.rule.long)}"


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


def problems(canary: Canary) -> Iterator[str]:
    """Yield what is wrong with a canary's thresholds, one sentence each, beginning with the setting's name."""
    yield from _times(canary)
    yield from _expectations(canary)
    yield from _incidents(canary)
    yield from _slo(canary)


def _times(canary: Canary) -> Iterator[str]:
    if not SECOND <= canary.interval <= LONGEST_INTERVAL:
        yield f"interval: {format_ms(canary.interval)} is outside 1s to 24h"
    if not 0 < canary.timeout <= canary.interval:
        yield (
            f"timeout: {format_ms(canary.timeout)} must be above 0 and at most the interval of "
            f"{format_ms(canary.interval)}, "
            "or a slow answer would take the next slot"
        )
    degraded, failed = canary.latency.degraded, canary.latency.failed
    if degraded is not None and failed is not None and degraded >= failed:
        yield (
            f"latency.degraded: {format_ms(degraded)} is not below latency.failed, {format_ms(failed)}: "
            "nothing is degraded"
        )
    for name, limit in (("degraded", degraded), ("failed", failed)):
        if limit is not None and limit >= canary.timeout:
            yield (
                f"latency.{name}: {format_ms(limit)} is never reached: the timeout of "
                f"{format_ms(canary.timeout)} comes first"
            )
    if canary.certificate.degraded < canary.certificate.failed:
        yield (
            f"certificate.degraded: {canary.certificate.degraded} days must not be below certificate.failed, "
            f"{canary.certificate.failed} days: days left run downwards"
        )


def _expectations(canary: Canary) -> Iterator[str]:
    low, high = canary.expect.total_at_least, canary.expect.total_at_most
    if low is not None and high is not None and low > high:
        yield f"expect.total_at_least: {low} is above expect.total_at_most, {high}: no answer can hold both"
    records = len(canary.expect.records)
    if high is not None and records > high:
        yield f"expect.records: {records} records are expected but expect.total_at_most allows {high}"
    most = document().paging.size_maximum
    limit = canary.query.get(document().paging.size, most)
    page = min(limit, most) if isinstance(limit, int) and limit >= 0 else most
    if records > page:
        yield f"expect.records: {records} records are expected but the query's page holds at most {page}"


def _incidents(canary: Canary) -> Iterator[str]:
    rule = canary.incident
    if rule.opens_after == 1 and not canary.retry:
        yield (
            "incident.opens_after: 1 failed slot without a retry is 1 sample: one lost packet would open an incident; "
            "set opens_after = 2 or more, or retry = true"
        )
    if rule.reminder is not None and rule.reminder < canary.interval:
        yield (
            f"incident.reminder: {format_ms(rule.reminder)} is shorter than the interval of "
            f"{format_ms(canary.interval)}"
        )
    if rule.settle is not None and rule.settle < canary.interval * rule.ends_after:
        yield (
            f"incident.settle: {format_ms(rule.settle)} is shorter than ends_after × interval = {rule.ends_after} × "
            f"{format_ms(canary.interval)} = {format_ms(rule.ends_after * canary.interval)}: nothing could ever flap"
        )


def _slo(canary: Canary) -> Iterator[str]:
    slo = canary.slo
    if slo is None:
        return
    budget = budget_share(slo.objective) * slo.period
    if budget < canary.interval:
        yield (
            f"slo.objective: {slo.objective:g} % of {format_ms(slo.period)} leaves {float(budget) / 1_000:g}s "
            "of error "
            f"budget, less than one slot of {format_ms(canary.interval)}: one failed probe would spend "
            "more than all of it"
        )
    for index, rule in enumerate(slo.burn or ()):
        yield from (f"slo.burn[{index}]: {problem}" for problem in _burn(canary, rule))


def _burn(canary: Canary, rule: BurnRule) -> Iterator[str]:
    slo = canary.slo
    assert slo is not None  # noqa: S101 - the caller looked
    if rule.short >= rule.long or rule.long > slo.period:
        yield (
            f"needs short < long <= period, has {format_ms(rule.short)}, {format_ms(rule.long)}, "
            f"{format_ms(slo.period)}"
        )
        return
    budget = budget_share(slo.objective)
    if not reachable(rule, slo.objective):
        least = 100 * (1 - 1 / exact(rule.rate))
        yield (
            f"a burn rate of {rule.rate:g} can never be reached: a total outage burns at 1 / (1 - {slo.objective:g} %) "
            f"= {float(1 / budget):.4g}; it needs an objective above {float(least):.4g} %"
        )
        return
    needed = failed_needed(rule.long, canary.interval, exact(rule.rate), budget)
    if needed == 1:
        slots = max(1, rule.long // canary.interval)
        yield (
            f"one failed probe trips it: {format_ms(rule.long)} hold {slots} slots of "
            f"{format_ms(canary.interval)}, and "
            f"1 / {slots} = {1 / slots:.3%} is above {rule.rate:g} × {float(budget):.3%} = "
            f"{float(exact(rule.rate) * budget):.3%}; "
            "lengthen the window, raise the rate, probe more often or lower the objective"
        )
