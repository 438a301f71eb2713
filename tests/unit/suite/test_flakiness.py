"""What one answer does not prove, and several do: broken off, refused in between, reordered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from lineman.exchange import (
    Exchange,
    FailureKind,
    Operation,
    Phases,
    Request,
    Response,
    SentRequest,
    TransportFailure,
)
from lineman.suite.flakiness import FlakyAuth, TruncatedBodies
from lineman.suite.list_reader import reordered

BODY = b'{"returnCode": "0", "data": {"total": 0, "calledRouteList": []}}'
CUT = TransportFailure(FailureKind.CUT, "cut while the body came", 200)


def exchange(**members: Any) -> Exchange:
    if "failure" not in members:
        members["response"] = Response(200, (("content-type", "application/json"),), BODY, len(BODY))
    sent = SentRequest("POST", "http://127.0.0.1/", (), b"{}")
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Exchange(1, Request.of({}), Operation.QUERY, sent, now, Phases(), **members)


def replies(*answers: Exchange) -> Any:
    left = iter(answers)

    def send(requests: Sequence[Request]) -> list[Exchange]:
        return [next(left) for _ in requests]

    return send


def test_an_answer_that_breaks_off_again_while_a_small_one_arrives_is_cut_by_the_service() -> None:
    cut = exchange(failure=CUT, attempt=3)
    examiner = TruncatedBodies(replies(cut, exchange()))
    (finding,) = examiner.examine([cut])
    assert finding.clause == "answer.json"
    assert [again.clause for again in examiner.examine([cut, exchange()])] == ["answer.json"]


@pytest.mark.parametrize(
    ("broken", "again", "small"),
    [
        (exchange(failure=CUT, attempt=1), None, None),
        (exchange(failure=TransportFailure(FailureKind.CUT, "reset"), attempt=3), None, None),
        (exchange(failure=CUT, attempt=3), exchange(), exchange()),
        (exchange(failure=CUT, attempt=3), exchange(failure=CUT, attempt=3), exchange(failure=CUT, attempt=3)),
    ],
    ids=["one try", "before the answer", "whole the next time", "small ones too"],
)
def test_a_network_that_cuts_is_not_the_service(broken: Exchange, again: Exchange, small: Exchange) -> None:
    assert TruncatedBodies(replies(again, small)).examine([broken]) == []


def test_a_good_token_refused_twice_in_between_is_told_and_once_is_not() -> None:
    flaky_auth = FlakyAuth()
    assert flaky_auth.examine([exchange(token_age_when_refused=3.0), exchange()]) == []
    told = flaky_auth.examine([exchange(token_age_when_refused=3.0)])
    assert [finding.clause for finding in told] == ["answer.status"] * 2
    assert len(flaky_auth.examine([exchange(token_age_when_refused=3.0), exchange()])) == 1


def records(*numbers: int) -> list[dict[str, Any]]:
    return [{"id": str(number)} for number in numbers]


@pytest.mark.parametrize(
    ("after", "found"),
    [
        (records(*range(30)), False),
        (records(*range(5, 40)), False),
        (records(29, *range(29)), False),
        (records(*reversed(range(30))), True),
        (records(*range(0, 30, 2), *range(1, 30, 2)), True),
    ],
    ids=["the same", "some gone, some new", "one moved", "turned around", "interleaved"],
)
def test_a_shuffled_list_is_told_from_a_changed_one(after: list[dict[str, Any]], found: bool) -> None:
    assert reordered(records(*range(30)), after) is found


def test_a_young_token_refused_is_no_evidence_but_a_reason_to_look_again() -> None:
    """When only young tokens were refused, then nothing is told, and older ones are looked at."""
    flaky_auth = FlakyAuth()
    assert (
        flaky_auth.examine(
            [exchange(token_age_when_refused=0.5), exchange(token_age_when_refused=1.9), *[exchange()] * 30]
        )
        == []
    )
    batches = iter([[exchange()], [exchange(token_age_when_refused=4.0)], [exchange(token_age_when_refused=4.1)]])
    slept: list[float] = []
    flaky_auth.recheck(lambda *_: flaky_auth.examine(next(batches)), slept.append)
    assert slept == [2.0]
    assert list(batches) == []
    assert len(flaky_auth.seen) == 2


def test_without_a_refusal_nothing_is_asked_again() -> None:
    flaky_auth = FlakyAuth()
    flaky_auth.examine([exchange()])
    slept: list[float] = []
    flaky_auth.recheck(lambda *_: pytest.fail("nothing is to be asked"), slept.append)
    assert slept == []
