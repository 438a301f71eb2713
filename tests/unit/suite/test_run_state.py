"""What a run has seen of a clause: kept, broken, or nothing, and why."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from tests.unit.exchanges import answered, listed

from lineman.contract.clauses import catalogue
from lineman.contract.finding import Finding
from lineman.contract.outcome import MODEL, Outcome, Result
from lineman.exchange import Exchange, Request
from lineman.suite.run_state import RunState

CLAUSE = "limit.page-size"


def seen(*results: tuple[int, str, Result], exchanges: Iterable[Exchange] = ()) -> RunState:
    """A state in which judges have said this of exchanges, by number."""
    state = RunState(final=list(exchanges))
    for number, judge, result in results:
        exchange = listed({}, 1, 1, CLAUSE, number=number)
        state.final.append(exchange)
        state.judged(exchange, judge, [Outcome(CLAUSE, judge, result, exchange)])
    return state


def test_an_exchange_keeps_a_clause_only_where_nobody_says_it_is_broken() -> None:
    state = seen((1, "checks", Result.KEPT), (1, MODEL, Result.BROKEN), (2, MODEL, Result.KEPT))
    evidence = state.evidence(CLAUSE)
    assert evidence.kept == {2}
    assert evidence.broken == {1}


def test_a_judge_that_has_nothing_to_say_is_no_evidence() -> None:
    assert seen((1, MODEL, Result.NOTHING_TO_SAY)).evidence(CLAUSE).kept == frozenset()


def test_the_last_word_of_a_judge_counts() -> None:
    state = seen((1, MODEL, Result.BROKEN))
    assert state.evidence(CLAUSE).broken == {1}
    exchange = state.final[0]
    state.judged(exchange, MODEL, [Outcome(CLAUSE, MODEL, Result.KEPT, exchange)])
    assert state.evidence(CLAUSE).kept == {1}
    state.excuse(exchange, MODEL)
    assert state.evidence(CLAUSE).numbers == frozenset()


def test_an_answer_used_again_is_evidence_for_the_clause_it_was_used_for() -> None:
    state = seen((1, MODEL, Result.KEPT), (2, MODEL, Result.BROKEN))
    for exchange in state.final:
        state.also_for(exchange, "offset.default")
    assert state.evidence("offset.default").kept == {1}


def test_what_is_said_of_retracted_exchanges_alone_goes() -> None:
    one, other = listed({}, 1, 1, number=1), listed({}, 1, 1, number=2)
    state = RunState()
    state.add_findings([Finding(CLAUSE, "", 1, 2, (one,)), Finding(CLAUSE, "", 1, 2, (one, other))])
    state.retract([one])
    assert [finding.exchanges for finding in state.findings] == [(one, other)]


REFUSED = answered(Request.of({}, CLAUSE), 503, b"", 9)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (RunState(), "no request bears on it"),
        (RunState(final=[REFUSED]), "no answer that it got shows it"),
        (seen((1, MODEL, Result.KEPT)), None),
        (
            seen((1, MODEL, Result.KEPT), (2, MODEL, Result.BROKEN)),
            "1 of 2 answers contradict it, and it could not be proven",
        ),
        (RunState(reasons={CLAUSE: "too few records"}), "too few records"),
        (RunState(left_out={CLAUSE: "not part of a smoke run"}), "not part of a smoke run"),
        (RunState(left_out={CLAUSE: "not part of a smoke run"}, tested={CLAUSE}), "no request bears on it"),
    ],
)
def test_why_a_promise_is_not_verified(state: RunState, reason: str | None) -> None:
    assert state.why_not_verified(catalogue()[CLAUSE]) == reason


def test_a_question_is_answered_by_an_observation_alone() -> None:
    state, clause = RunState(), catalogue()["filter.case"]
    assert state.why_not_verified(clause) == "no answer was seen that shows it"
    state.observe("filter.case", "accessCode: minds letter case")
    assert state.why_not_verified(clause) is None


def test_the_first_reason_stays() -> None:
    state = RunState()
    state.not_verified(CLAUSE, "first")
    state.not_verified(CLAUSE, "second")
    assert state.reasons == {CLAUSE: "first"}
