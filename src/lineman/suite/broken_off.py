"""An answer 200 that breaks off before it is whole: the service's doing, or the network's?

Networks cut connections now and then, whatever was asked. Where the same answer breaks off again and again while small
ones arrive whole, it is the service that cuts it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from lineman.contract.answer import Form, read_answer
from lineman.contract.finding import Finding
from lineman.exchange import Ask, Exchange, FailureKind

_EXAMINED = 3
"""How many kinds of answers are asked for again, in a run."""


@dataclass
class BrokenOff:
    """Examines answers that broke off. ``send`` asks again, and records what comes."""

    send: Callable[[Sequence[Ask]], list[Exchange]]
    proven: Finding | None = None
    _examined: int = 0

    def examine(self, exchanges: Sequence[Exchange]) -> list[Finding]:
        """What answers that broke off prove; empty where the network may have done it."""
        return [finding for exchange in exchanges if breaks_off(exchange) for finding in self._judge(exchange)]

    def _judge(self, exchange: Exchange) -> list[Finding]:
        if self.proven is not None:
            return [replace(self.proven, exchanges=(*self.proven.exchanges[:1], exchange), occurrences=1)]
        if self._examined >= _EXAMINED:
            return []
        self._examined += 1
        (again,) = self.send([exchange.ask])
        (small,) = self.send([Ask.of({"limit": 1}, "answer.json", note="does a small answer arrive whole?")])
        if not breaks_off(again) or read_answer(small).form is not Form.SUCCESS:
            return []
        self.proven = _finding(exchange, again)
        return [self.proven]


def breaks_off(exchange: Exchange) -> bool:
    """True for an answer 200 that was cut at every try."""
    failure = exchange.failure
    cut = failure is not None and failure.kind is FailureKind.CUT and failure.status == 200
    return cut and exchange.attempt > 1


def _finding(exchange: Exchange, again: Exchange) -> Finding:
    message = again.failure.message if again.failure else ""
    return Finding(
        "answer.json",
        "An answer 200 breaks off before it is whole, at every try, while a small one arrives.",
        "a whole answer",
        message,
        (exchange, again),
        parameter="body",
        constraint="whole",
        observed="cut",
        check="answers_arrive_whole",
    )
