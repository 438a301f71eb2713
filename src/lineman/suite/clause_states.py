"""The state in which each clause ends, and why: from what answers showed, never from the mere lack of a finding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from lineman.contract.clauses import Clause, select
from lineman.contract.finding import Finding
from lineman.report.run import ClauseResult, Level, State
from lineman.suite.page_sizes import size_contradictions
from lineman.suite.record import SHOWN
from lineman.suite.service import Service
from lineman.suite.session import Session
from lineman.target import Waiver


@dataclass(frozen=True)
class ClauseStates:
    """What decides of every clause, gathered when a run is over."""

    service: Service
    session: Session
    findings: Sequence[Finding]
    waivers: Mapping[str, Waiver]
    observations: Mapping[str, str]
    pins: Mapping[str, str]

    def result(self, clause: Clause) -> ClauseResult:
        """The record of one clause."""
        state = self.service.state
        evidence = state.evidence(clause.id)
        shown = state.showing(clause, evidence) or sorted(evidence.numbers)
        own = [finding for finding in self.findings if finding.clause == clause.id]
        end, reason = self._end(clause, own)
        masked_by = "" if own else self._masked_by(clause)
        if masked_by and end in (State.HELD, State.NOT_VERIFIED, State.OBSERVED):
            end, reason = State.NOT_VERIFIED, f"masked by {masked_by}: what its answers were held against is disproved"
        return ClauseResult(
            id=clause.id,
            level=Level(clause.level),
            area=clause.area,
            title=clause.title,
            where=clause.where,
            state=end,
            reason=reason,
            masked_by=masked_by,
            requests=len(evidence.numbers),
            seconds=round(sum(one.seconds for one in self.session.outcomes if clause.id in one.clauses), 3),
            exchanges=shown[:SHOWN],
            answer=self.observations.get(clause.id),
            pinned=self.pins.get(clause.id),
        )

    def _end(self, clause: Clause, own: Sequence[Finding]) -> tuple[State, str]:
        if own:
            if all(finding.clause in self.waivers or finding.fingerprint in self.waivers for finding in own):
                reasons = "; ".join(w.reason for w in self.waivers.values() if w.match == clause.id)
                return State.WAIVED, reasons or "waived"
            return State.VIOLATED, own[0].summary
        if clause.id not in self._selected:
            return State.NOT_VERIFIED, "not selected"
        session = self.session
        unfinished = any(clause.id in clauses and name not in session.finished for name, clauses in session.planned)
        if unfinished or not session.planned:
            early = "interrupted" if session.interrupted else "the run did not get there"
            return State.NOT_VERIFIED, session.stopped or early
        lacking = self.service.state.why_not_verified(clause)
        if lacking is not None:
            return State.NOT_VERIFIED, lacking
        return (State.OBSERVED if clause.id in self.observations else State.HELD), ""

    def _masked_by(self, clause: Clause) -> str:
        """The violated clause that hides this one: the one that the answers that contradict it show most, or the order
        that a place in the list was counted in. Empty where nothing hides it.
        """
        if not clause.promised or clause.id not in self._selected:
            return ""
        contradicting = self.service.state.evidence(clause.id).broken | self._other_sizes.get(clause.id, set())
        if contradicting and self.findings:
            return max(self.findings, key=lambda f: len(contradicting & {e.number for e in f.exchanges})).clause
        if not clause.id.startswith(("order.", "offset.")):
            return ""
        # Places in the list are counted by its order and its total: where one of them is disproved, no page shows them.
        uncounted = (f for f in self.findings if f.check == "stable_order" or f.clause == "total.counts-matches")
        return next((f.clause for f in uncounted), "")

    @cached_property
    def _selected(self) -> frozenset[str]:
        return select(self.service.options.only)

    @cached_property
    def _other_sizes(self) -> dict[str, set[int]]:
        state = self.service.state
        return {} if state.data_changes else size_contradictions(state.final)
