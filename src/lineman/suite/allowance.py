"""How many requests a run may still spend on looking closer: no target, however broken, is asked without end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lineman.suite.run_state import Profile

MOST = 600
"""The most requests of a run that was given no other number: what a target elsewhere is asked at most, too."""
MOST_UNPROVEN = 430
"""The most of them as long as nothing is proven: a list that changes behind a busy gateway is honest, and gives reason
to look closer at every answer.
"""
PLANNED: dict[Profile, int] = {"smoke": 60, "full": 300, "deep": 300}
"""What the tests of a profile ask for about; as much is kept back for those that are still to come."""
CLOSE = 10
"""Requests kept back at the very end, because some of a batch may be sent twice."""


@dataclass
class Allowance:
    """Keeps the account. ``sent`` tells how many requests the run has sent, ``proven`` whether it proved anything."""

    most: int | None
    """The most requests of the run; None for a run whose length was set otherwise."""
    sent: Callable[[], int]
    proven: Callable[[], bool]
    planned: int = PLANNED["full"]
    asked: int = 0
    """Requests that tests have asked for so far."""

    def affords(self, count: int) -> bool:
        """True where so many requests may be spent on looking closer, and the tests to come have theirs as well."""
        if self.most is None:
            return True
        most = self.most if self.proven() else min(self.most, MOST_UNPROVEN)
        return self.sent() + count + max(CLOSE, self.planned - self.asked) <= most
