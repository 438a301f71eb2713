"""A good token that is refused at one try and taken at the next: once may be a restart, twice is a habit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from lineman.contract.answer import AnswerKind, answer_kind
from lineman.contract.finding import Finding
from lineman.contract.operation import document
from lineman.exchange import Exchange, FailureKind, Request
from lineman.message import Message

_MIN_REFUSALS = 2
_SPREAD = 2.0
"""Seconds in which servers that do not know a new token yet may refuse it, and be right."""
_ENOUGH = 4
"""How many refusals as many queries as are sent then should meet, at the rate of the ones before."""
_MOST, _BATCH = 100, 20
"""The most queries sent then, and how many at a time."""


@dataclass
class FlakyAuth:
    """Counts good tokens that were refused in between."""

    is_limited: Callable[[Exchange], bool] = lambda exchange: False
    """Whether a rate limit, which does not say so, was what refused an answered request at first."""
    seen: list[Exchange] = field(default_factory=list)
    asked: int = 0
    """Answers examined so far."""
    young: int = 0
    """Refusals that may have come from servers that did not know the token yet."""
    _certain: bool = False

    def examine(self, exchanges: Sequence[Exchange]) -> list[Finding]:
        """What these exchanges add to the evidence; empty as long as it is thin."""
        again = [e for e in exchanges if e.token_age_when_refused is not None and answer_kind(e) is AnswerKind.SUCCESS]
        fresh = [e for e in again if (e.token_age_when_refused or 0.0) > _SPREAD]
        self.asked += len(exchanges)
        self.young += len(again) - len(fresh)
        self.seen += fresh
        if len(self.seen) < _MIN_REFUSALS:
            return []
        self._certain = self._certain or not self.is_limited(self.seen[-1])
        if not self._certain:
            self.seen.clear()
            return []
        told = fresh if len(self.seen) - len(fresh) >= _MIN_REFUSALS else self.seen
        return [replace(_refused_now_and_then(self.seen[0]), exchanges=(self.seen[0], e)) for e in told]

    def recheck(self, ask: Callable[..., object], sleep: Callable[[float], None]) -> None:
        """Where a young token was refused in between, ask on when it is old enough to be known everywhere.

        ``ask`` sends asks and has their answers examined; ``sleep`` takes seconds.
        """
        if not self.young or len(self.seen) >= _MIN_REFUSALS:
            return
        sleep(_SPREAD)
        query = Request.of(document().paging.page(1), "answer.status", note="is a good token always taken?")
        left = min(_MOST, _ENOUGH * self.asked // self.young)
        while left > 0 and len(self.seen) < _MIN_REFUSALS:
            ask(*[query] * min(left, _BATCH))
            left -= _BATCH


def _refused_now_and_then(first: Exchange) -> Finding:
    return Finding(
        "answer.status",
        Message.of("A good token is refused with 401 or 403 now and then, and taken when the request is sent again."),
        200,
        "401 or 403, then 200 with the same token",
        (first,),
        parameter="status",
        constraint="200 for a valid request",
        observed="refused now and then",
        check="good_tokens_are_taken",
    )


_EXAMINED = 3
"""How many kinds of answers are asked for again, in a run."""


@dataclass
class TruncatedBodies:
    """Examines answers that broke off. ``send`` asks again, and records what comes."""

    send: Callable[[Sequence[Request]], list[Exchange]]
    arrives_elsewhere: Callable[[Exchange], bool] = lambda exchange: False
    """Whether an answer as large as the one that broke off arrived whole to another query: then it is not its size."""
    proven: Finding | None = None
    _examined: int = 0

    def examine(self, exchanges: Sequence[Exchange]) -> list[Finding]:
        """What answers that broke off prove; empty where the network may have done it."""
        return [finding for exchange in exchanges if is_cut_off(exchange) for finding in self._judge(exchange)]

    def _judge(self, exchange: Exchange) -> list[Finding]:
        if self.proven is not None:
            return [replace(self.proven, exchanges=(*self.proven.exchanges[:1], exchange), occurrences=1)]
        if self._examined >= _EXAMINED or self.arrives_elsewhere(exchange):
            return []
        self._examined += 1
        (again,) = self.send([exchange.request])
        (small,) = self.send(
            [Request.of(document().paging.page(1), "answer.json", note="does a small answer arrive whole?")]
        )
        if not is_cut_off(again) or answer_kind(small) is not AnswerKind.SUCCESS:
            return []
        self.proven = _cut_every_time(exchange, again)
        return [self.proven]


def is_cut_off(exchange: Exchange) -> bool:
    """True for an answer 200 whose body was cut at every try, or is not what its Content-Encoding says."""
    failure = exchange.failure
    if failure is None or failure.status != 200:
        return False
    return failure.kind is FailureKind.PROTOCOL or (failure.kind is FailureKind.CUT and exchange.attempt > 1)


def _cut_every_time(exchange: Exchange, again: Exchange) -> Finding:
    message = again.failure.message if again.failure else ""
    coded = again.failure is not None and again.failure.kind is FailureKind.PROTOCOL
    return Finding(
        "answer.json",
        Message.of("The body of an answer 200 is not what its Content-Encoding says, at every try.")
        if coded
        else Message.of("An answer 200 breaks off before it is whole, at every try, while a small one arrives."),
        "a whole answer",
        message,
        (exchange, again),
        parameter="body",
        constraint="whole",
        observed="wrongly encoded" if coded else "cut",
        check="answers_arrive_whole",
    )
