"""One kind of request that never gets an answer of the service, while a neutral query beside it always does.

A gateway's 502 or a cut connection says nothing by itself. Asked again in turn with a neutral query, it does: where the
neutral one is answered each time and the other never, the service fails over this kind of request, and the clause that
it was asked for is broken. Where both fail there is an outage, and where the request is answered in the end there was
one for a moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lineman.contract.answer import AnswerKind, answer_kind, read_answer
from lineman.contract.clauses import catalogue
from lineman.contract.finding import Finding
from lineman.contract.model import Model
from lineman.contract.operation import document
from lineman.contract.oracle.comparison import (
    acceptance,
    describe,
    filter_clause,
    has_page,
    is_special_text,
    limit_clause,
)
from lineman.contract.query import ParsedQuery, parse_request_body
from lineman.exchange import AppKey, Credential, Exchange, FailureKind, Operation, Query, Request
from lineman.suite.run_state import RunState

Send = Callable[[Sequence[Request]], list[Exchange]]
ROUNDS = 3
"""How often the request and the neutral query are asked in turn. After the client's own three attempts, a gateway that
fails every other time gets through unharmed in 499 of 500 cases.
"""
MOST_EXAMINED = 12
"""Kinds of failing requests that are examined in a run: a service with more of them is as good as down."""
_FAILURES = frozenset({FailureKind.CUT, FailureKind.TIMEOUT, FailureKind.PROTOCOL})
"""Failures that a request may provoke; a name that does not resolve, or no connection, is none of them."""
_ALONE = 2
"""Parameters up to which their values matter; where more of them fail only together, it is their being together."""
NEVER_FAILS = "request.unknown-property"
"""An open question of which the documentation says one thing: the service does not fail over it."""
CHECK = "answered_like_a_neutral_query"


def has_no_answer(exchange: Exchange) -> bool:
    """True where a request ended at a gateway, or without an answer in a way that it may have provoked."""
    if exchange.operation is not Operation.QUERY:
        return False
    failure = exchange.failure
    if failure is not None:
        return failure.kind in _FAILURES
    return answer_kind(exchange) is AnswerKind.OUTAGE


@dataclass(frozen=True, slots=True)
class _Proven:
    """A kind of request that always fails, and what was found.

    ``culprit`` are the parameters that make a query fail, ``absent`` those whose absence does; with neither, it is
    all requests that were asked for the same clause.
    """

    finding: Finding
    culprit: Mapping[str, Any] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()

    def covers(self, request: Request) -> bool:
        """True for a request that has everything that the proven one fails over."""
        if not self.culprit and not self.absent:
            return _purpose(request) == self.finding.clause
        query = request.query
        if query is None or self.absent & query.keys():
            return False
        together = len(self.culprit) > _ALONE
        return all(
            (together and name in query) or _fails_alike(name, value, query) for name, value in self.culprit.items()
        )


@dataclass
class FailingRequests:
    """Examines requests without an answer. ``send`` asks and records without judging."""

    send: Send
    state: RunState
    model: Model
    proven: list[_Proven] = field(default_factory=list)
    passed: list[Exchange] = field(default_factory=list)
    """Requests that failed at first and were answered when they were asked again."""
    _examined: int = 0

    def examine(self, exchanges: Sequence[Exchange]) -> list[Finding]:
        """What requests without an answer prove."""
        return [finding for exchange in exchanges if has_no_answer(exchange) for finding in self._judge(exchange)]

    def neutral(self, request: Request | None = None) -> Request | None:
        """A query that was answered with success in this run and is as unlike ``request`` as there is one."""
        answered = {
            e.request.body: e.request for e in self.state.final if is_plain(e.request) and read_answer(e).succeeded
        }
        own = set((request.query or {}).items()) if request is not None and _is_hashable(request.query) else set()
        others = [one for one in answered.values() if request is None or one.body != request.body]
        if not others:
            return None
        return replace(
            min(others, key=lambda one: _likeness(one, own)), note="a neutral query", clauses=("answer.status",)
        )

    def bounded(self, request: Request) -> Request:
        """The request, without further attempts where its kind is known to fail each time."""
        known = request.retry and any(one.covers(request) for one in self.proven)
        return replace(request, retry=False) if known else request

    def _judge(self, exchange: Exchange) -> list[Finding]:
        known = next((one for one in self.proven if one.covers(exchange.request)), None)
        if known is not None:
            return [replace(known.finding, exchanges=(*known.finding.exchanges[:2], exchange), occurrences=1)]
        clause = _purpose(exchange.request)
        neutral = self.neutral(exchange.request)
        if clause is None or neutral is None or self._examined >= MOST_EXAMINED:
            return []
        self._examined += 1
        beside = self._always_fails(exchange.request, neutral)
        if beside is None:
            return []
        found = self._explain(exchange, beside, clause)
        self.proven.append(found)
        return [found.finding]

    def _always_fails(self, request: Request, neutral: Request) -> Exchange | None:
        """The neutral query's last answer where it was always answered and the request never; None otherwise."""
        once = replace(request, retry=False)
        last: Exchange | None = None
        for _ in range(ROUNDS):
            (again,) = self.send([once])
            if not has_no_answer(again):
                self.passed.append(again)
                return None
            (last,) = self.send([neutral])
            if not read_answer(last).succeeded:
                return None
        return last

    def _fails(self, request: Request, query: Mapping[str, Any]) -> Exchange | None:
        built = Request.of(query)
        (exchange,) = self.send([replace(request, body=built.body, query=built.query, retry=False)])
        return exchange if has_no_answer(exchange) else None

    def _explain(self, exchange: Exchange, beside: Exchange, clause: str) -> _Proven:
        """Find the smallest query that still fails, and the clause that its parameters are about."""
        asked = parse_request_body(exchange.request)
        if asked is None or not asked.is_specified or not is_plain(exchange.request):
            return _Proven(_finding(clause, exchange, beside, asked))
        smallest = exchange
        for name in list(asked.query):
            now = parse_request_body(smallest.request) or asked
            less = {other: value for other, value in now.query.items() if other != name}
            smallest = self._fails(smallest.request, less) or smallest
        return self._attributed(smallest, beside)

    def _attributed(self, smallest: Exchange, beside: Exchange) -> _Proven:
        asked = parse_request_body(smallest.request)
        assert asked is not None  # noqa: S101 -- it was made from a query
        clause = _clause_of(asked, smallest.request, self.model)
        if not asked.filters:
            paging = document().paging
            for name, value, default in (
                (paging.size, paging.size_maximum, "limit.default"),
                (paging.start, paging.start_default, "offset.default"),
            ):
                if name not in asked.query and self._fails(smallest.request, {**asked.query, name: value}) is None:
                    return _Proven(_finding(default, smallest, beside, asked), absent=frozenset({name}))
        return _Proven(_finding(clause, smallest, beside, asked), dict(asked.query))


def is_plain(request: Request) -> bool:
    """True for a query of the first tenant, sent as documented."""
    return (
        request.query is not None
        and request.credential is Credential.VALID
        and request.app_key is AppKey.OWN
        and request.method == "POST"
        and request.path is None
        and request.content_type == "application/json"
    )


def _purpose(request: Request) -> str | None:
    """The promise that a request was asked for; None where it is only about questions that leave a failure open."""
    known = [id_ for id_ in request.clauses if id_ in catalogue()]
    return next((id_ for id_ in known if catalogue()[id_].promised or id_ == NEVER_FAILS), None)


_MANY = 3
"""Filters that only together make a query fail: then it is the documented example itself, where that was asked."""


def _clause_of(asked: ParsedQuery, request: Request, model: Model) -> str:
    if "request.example" in request.clauses and len(asked.filters) >= _MANY:
        return "request.example"
    if len(asked.filters) > 1 and not any(_is_special(value) for value in asked.filters.values()):
        return filter_clause(asked)
    prediction = model.predict(asked)
    if asked.start and prediction is not None and prediction.total is not None and asked.start >= prediction.total:
        return "offset.beyond-total"
    return acceptance(asked, request.clauses)[0]


def _is_special(value: object) -> bool:
    return isinstance(value, str) and is_special_text(value)


def _fails_alike(name: str, value: Any, query: Query) -> bool:
    """True where a query has a value that is of one kind with ``value`` for a service that fails over it.

    A filter that fails over a plain text fails over any; over an unusual one, it may do so under any name.
    """
    if _is_special(value):
        return any(_is_special(query.get(other)) for other in document().text_filters)
    if name not in query:
        return False
    other, paging = query[name], document().paging
    if name == paging.size and type(value) is type(other) is int:
        return limit_clause(value) == limit_clause(other)
    return isinstance(value, str) or bool(value == other) or name == paging.start


def _is_hashable(query: Mapping[str, Any] | None) -> bool:
    return query is not None and all(isinstance(value, str | int | float | bool | None) for value in query.values())


def _likeness(request: Request, own: set[tuple[str, Any]]) -> tuple[int, int, int]:
    """How much a query has in common with another: parameters of the same name first, then how many it has."""
    query = request.query or {}
    names = {name for name, _ in own}
    return (len(names & query.keys()) + (not names and not query), len(query), len(request.body or b""))


def _finding(clause: str, exchange: Exchange, beside: Exchange, asked: ParsedQuery | None) -> Finding:
    answer, failure = read_answer(exchange), exchange.failure
    observed = failure.kind.value if failure is not None else f"status {answer.status}"
    shown = {"cut": "the connection is cut", "timeout": "no answer comes in time"}.get(observed, observed)
    what = f"the query ({describe(asked)})" if asked is not None else f"a request ({exchange.request.note or clause})"
    if clause == NEVER_FAILS:
        return Finding(
            clause,
            f"A property that the page does not name makes the service fail: {answer.signature}.",
            "ignored or refused",
            answer.signature,
            (exchange, beside),
            parameter="unknown property",
            constraint="no failure",
            observed=answer.kind_of_signature,
            check=CHECK,
        )
    parameter = "+".join(sorted(asked.query)) if asked is not None and asked.is_specified else clause
    return Finding(
        clause,
        f"The service never answers {what}: {shown}, each time, while a neutral query beside it is always answered.",
        "an answer of the service",
        shown,
        (exchange, beside),
        parameter=parameter or "no parameter",
        constraint="answered like a neutral query",
        observed=observed,
        check=CHECK,
    )


def fills_a_page(exchange: Exchange, count: int) -> bool:
    """True for a whole success with at least so many records."""
    answer = read_answer(exchange)
    return has_page(answer) and len(answer.records) >= count
