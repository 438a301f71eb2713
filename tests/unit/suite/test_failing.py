"""A request that never gets an answer beside a neutral query that always does; and what is only an outage."""

from collections.abc import Callable, Sequence
from itertools import count

import pytest
from tests.unit.exchanges import answered, cut_off, page

from lineman.contract.finding import Finding
from lineman.contract.model import Model
from lineman.exchange import Exchange, FailureKind, Request
from lineman.suite.failing import FailingRequests
from lineman.suite.run_state import RunState

EMPTY = page([], 0)


class Target:
    """Answers with an empty page, or with 502, or not at all where ``fails`` says so."""

    def __init__(self, fails: Callable[[Request], int | FailureKind | None]) -> None:
        self.fails, self.numbers = fails, count(1)
        self.state = RunState()
        self.failing = FailingRequests(self.send, self.state, Model())
        self.sent: list[Request] = []

    def send(self, requests: Sequence[Request]) -> list[Exchange]:
        """Answer, and record as the suite does."""
        exchanges = [self._exchange(request) for request in requests]
        self.state.final += exchanges
        return exchanges

    def _exchange(self, request: Request) -> Exchange:
        self.sent.append(request)
        why, number = self.fails(request), next(self.numbers)
        if isinstance(why, FailureKind):
            return cut_off(request, why, number)
        return answered(request, why or 200, EMPTY if why is None else b"<html>", number)

    def judge(self, request: Request) -> list[Finding]:
        """Ask something harmless and then this, and examine what came."""
        self.send([Request.of({"accessCode": "1"}, "filter.access-code"), Request.of({"limit": 1}, "limit.page-size")])
        return self.failing.examine(self.send([request]))


def _has(name: str, status: int | FailureKind = 502) -> Callable[[Request], int | FailureKind | None]:
    return lambda request: status if name in (request.query or {}) else None


@pytest.mark.parametrize("status", [429, 502, 503, 504, FailureKind.CUT, FailureKind.TIMEOUT])
def test_a_query_that_never_gets_an_answer_breaks_the_clause_of_its_parameter(status: int | FailureKind) -> None:
    """Whatever way it fails; the evidence is the smallest query that fails and the neutral one."""
    target = Target(_has("description", status))
    query = {"description": "line", "accessCode": "40", "limit": 5, "offset": 0}
    (finding,) = target.judge(Request.of(query, "total.counts-matches"))
    assert finding.clause == "filter.description"
    failed, neutral = finding.exchanges
    assert failed.request.query == {"description": "line"}
    assert neutral.status == 200


@pytest.mark.parametrize(
    ("query", "fails", "clause"),
    [
        ({"limit": 0}, lambda r: 502 if (r.query or {}).get("limit") == 0 else None, "limit.zero"),
        ({"limit": 101}, lambda r: 502 if (r.query or {}).get("limit", 0) > 100 else None, "limit.clamp"),
        ({"limit": 100}, lambda r: 502 if (r.query or {}).get("limit") == 100 else None, "limit.maximum"),
        ({"offset": 100}, lambda r: 502 if (r.query or {}).get("offset") == 100 else None, "offset.maximum"),
        ({"description": "客服"}, _has("description"), "filter.any-text"),
        ({"offset": 0}, lambda r: None if "limit" in (r.query or {}) else 502, "limit.default"),
    ],
)
def test_each_kind_of_query_is_attributed(
    query: dict[str, object], fails: Callable[[Request], int | None], clause: str
) -> None:
    """By the parameters that it cannot do without and still fail, or whose absence makes it fail."""
    target = Target(fails)
    if clause == "limit.default":
        target.send([Request.of({"limit": 2}, "limit.page-size")])
    assert [finding.clause for finding in target.judge(Request.of(query, "total.counts-matches"))] == [clause]


def test_an_invalid_request_that_never_gets_an_answer_breaks_what_it_was_asked_for() -> None:
    """A malformed body ends at the gateway each time."""
    target = Target(lambda request: 502 if request.query is None else None)
    malformed = Request(("request.malformed-json",), body=b"[", note="cut short", retry=False)
    assert [finding.clause for finding in target.judge(malformed)] == ["request.malformed-json"]


def test_where_both_fail_there_is_an_outage() -> None:
    """The neutral query, too, ends at the gateway: nothing is said of the clause."""
    target = Target(lambda request: None)
    target.send([Request.of({"accessCode": "1"}, "filter.access-code")])
    target.fails = lambda request: 503
    assert target.failing.examine(target.send([Request.of({"limit": 0}, "limit.zero")])) == []


def test_a_request_that_is_answered_in_the_end_breaks_nothing() -> None:
    """The gateway failed once or twice."""
    failing = iter([502, 502])
    target = Target(lambda request: next(failing, None) if (request.query or {}).get("limit") == 0 else None)
    assert target.judge(Request.of({"limit": 0}, "limit.zero")) == []
    assert len(target.failing.passed) == 1


def test_a_kind_that_is_proven_is_counted_and_not_examined_again() -> None:
    """And it is asked without further attempts from then on."""
    target = Target(_has("description"))
    target.judge(Request.of({"description": "line"}, "filter.description"))
    sent = len(target.sent)
    more = Request.of({"description": "客服", "limit": 5}, "filter.any-text")
    (again,) = target.failing.examine(target.send([more]))
    assert (again.clause, len(target.sent)) == ("filter.description", sent + 1)
    assert not target.failing.bounded(more).retry


def test_what_is_asked_for_an_open_question_alone_breaks_nothing() -> None:
    """The documentation says nothing about it, so no promise is broken."""
    target = Target(lambda request: 502 if (request.query or {}).get("limit") == -1 else None)
    assert target.judge(Request.of({"limit": -1}, "limit.negative")) == []
