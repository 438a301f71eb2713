"""A good token that is refused at one try and taken at the next: once may be a restart, twice is a habit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from lineman.contract.answer import Form, read_answer
from lineman.contract.finding import Finding
from lineman.exchange import Exchange

_A_HABIT = 2


@dataclass
class Moody:
    """Counts good tokens that were refused in between."""

    seen: list[Exchange] = field(default_factory=list)

    def examine(self, exchanges: Sequence[Exchange]) -> list[Finding]:
        """What these exchanges add to the evidence; empty as long as it is thin."""
        fresh = [e for e in exchanges if e.refused_before and read_answer(e).form is Form.SUCCESS]
        self.seen += fresh
        if len(self.seen) < _A_HABIT:
            return []
        told = fresh if len(self.seen) - len(fresh) >= _A_HABIT else self.seen
        return [replace(_finding(self.seen[0]), exchanges=(self.seen[0], e)) for e in told]


def _finding(first: Exchange) -> Finding:
    return Finding(
        "answer.status",
        "A good token is refused with 401 or 403 now and then, and taken when the request is sent again.",
        200,
        "401 or 403, then 200 with the same token",
        (first,),
        parameter="status",
        constraint="200 for a valid request",
        observed="refused now and then",
        check="good_tokens_are_taken",
    )
