"""How often a violation was seen, of how many answers that say something of its clause: counted, never assumed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lineman.contract.checks import CHECKS
from lineman.contract.finding import Finding
from lineman.contract.outcome import MODEL, Result
from lineman.suite import failing
from lineman.suite.run_state import RunState


def counted(finding: Finding, state: RunState) -> Finding:
    """The finding with its rate: the answers that show it, of those that exercise its clause or that check."""
    shown = set(_showing(finding, state))
    if not shown:  # a relation between several answers: each comparison that failed counts once
        of = len(state.evidence(finding.clause).numbers | {exchange.number for exchange in finding.exchanges})
        return replace(finding, of=max(of, finding.of, finding.occurrences))
    exercised = set(_exercising(finding, state)) | shown
    return replace(finding, occurrences=len(shown), of=len(exercised))


def _showing(finding: Finding, state: RunState) -> Iterator[int]:
    """Numbers of the answers that show it."""
    if finding.check == failing.CHECK:
        yield from (exchange.number for exchange in finding.exchanges if failing.has_no_answer(exchange))
        return
    if finding.check not in (MODEL, *CHECKS):
        return
    evidence = {exchange.number for exchange in finding.exchanges}
    for (number, _), outcomes in state.outcomes.items():
        for outcome in outcomes:
            same = any(found.fingerprint == finding.fingerprint for found in outcome.findings)
            led_to_it = finding.check == outcome.check == MODEL and number in evidence
            if outcome.result is Result.BROKEN and (same or led_to_it):
                yield number


def _exercising(finding: Finding, state: RunState) -> Iterator[int]:
    """Numbers of the answers that could have shown it."""
    if finding.check not in CHECKS:
        yield from state.evidence(finding.clause).numbers
        return
    for (number, _), outcomes in state.outcomes.items():
        if any(outcome.check == finding.check for outcome in outcomes):
            yield number
