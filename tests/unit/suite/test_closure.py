"""The second reading of a run contradicts whatever does not follow from its exchanges."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.report import builders
from tests.unit.exchanges import answered

from lineman.exchange import Credential, Exchange, Request
from lineman.report import run as record
from lineman.report.run import ClauseResult, ExchangeRecord, Level, Run, State, Verdict, Violation
from lineman.suite.closure import close, contradictions
from lineman.suite.record import exchange_record

NOW = datetime.now(UTC)


def page(count: int, total: int) -> dict[str, Any]:
    """A success with so many records."""
    rows = [{"id": str(number), "accessCode": "9"} for number in range(count)]
    return {"returnCode": "0", "data": {"total": total, "calledRouteList": rows}}


def exchange(number: int, request: Request, status: int, body: Any = None) -> Exchange:
    """An exchange as the client would have recorded it."""
    return answered(request, status, json.dumps(body).encode() if body is not None else b"<html>", number)


def clause(id_: str, state: State, *numbers: int) -> ClauseResult:
    """A clause of a run, with the exchanges named for it."""
    return ClauseResult(
        id=id_,
        level=Level.PROMISED,
        area=id_.partition(".")[0],
        title=id_,
        where="",
        state=state,
        requests=len(numbers),
        exchanges=list(numbers),
    )


def run_of(exchanges: list[Exchange], *clauses: ClauseResult, **changes: Any) -> Run:
    """A passing run that is made of just these exchanges."""
    records: list[ExchangeRecord] = [exchange_record(one, evidence=False) for one in exchanges]
    settings: dict[str, Any] = {
        "verdict": Verdict.PASS,
        "exit_code": 0,
        "requests": len(exchanges),
        "clauses": list(clauses),
        "violations": [],
        "exchanges": records,
        "tested": record.Tested(statuses={"any": len(exchanges)}),
        "drift": [],
    }
    return builders.make_run(**(settings | changes))


QUERY = Request.of({"limit": 2}, "limit.page-size")
ZERO = Request.of({"limit": 0}, "limit.zero")
NO_TOKEN = Request.of({}, "auth.required", credential=Credential.NONE)
MALFORMED = Request(("request.malformed-json",), body=b"[")


def test_a_run_that_follows_from_its_exchanges_stays_as_it_is() -> None:
    """A success, a refusal and refused credentials, each held by its own."""
    seen = [
        exchange(1, QUERY, 200, page(2, 5)),
        exchange(2, NO_TOKEN, 401),
        exchange(3, MALFORMED, 400),
        exchange(4, ZERO, 200, page(0, 5)),
    ]
    held = [("limit.page-size", 1), ("auth.required", 2), ("request.malformed-json", 3), ("limit.zero", 4)]
    run = run_of(seen, *(clause(id_, State.HELD, number) for id_, number in held))
    assert close(run, seen) is run


@pytest.mark.parametrize(
    ("id_", "request_", "status", "body"),
    [
        ("limit.zero", ZERO, 502, None),
        ("limit.zero", ZERO, 400, {"returnCode": "1"}),
        ("limit.page-size", QUERY, 504, None),
        ("limit.page-size", QUERY, 200, page(1, 5)),
        ("limit.page-size", QUERY, 200, page(3, 5)),
        ("limit.clamp", Request.of({"limit": 101}, "limit.clamp"), 422, None),
        ("limit.clamp", Request.of({"limit": 101}, "limit.clamp"), 200, page(10, 236)),
        ("limit.default", Request.of({}, "limit.default"), 200, page(10, 236)),
        ("auth.required", NO_TOKEN, 200, page(1, 1)),
        ("auth.required", NO_TOKEN, 503, None),
        ("request.malformed-json", MALFORMED, 200, page(1, 1)),
        ("limit.page-cap", Request.of({}, "limit.page-cap"), 200, page(101, 236)),
    ],
)
def test_a_clause_that_is_held_without_evidence_or_against_it_is_contradicted(
    id_: str, request_: Request, status: int, body: Any
) -> None:
    """Exit code 3, and the sentence says whose fault it is and where."""
    seen = [exchange(1, request_, status, body)]
    closed = close(run_of(seen, clause(id_, State.HELD, 1)), seen)
    assert (closed.verdict, closed.exit_code) == (Verdict.NO_VERDICT, 3)
    assert "a fault of lineman" in closed.explanation
    assert id_ in closed.explanation


@pytest.mark.parametrize(
    "changes",
    [
        {"requests": 7},
        {"exit_code": 1},
        {"verdict": Verdict.FAIL, "exit_code": 1},
        {"tested": record.Tested(statuses={"200": 9})},
    ],
)
def test_numbers_and_verdicts_are_computed_once_more(changes: dict[str, Any]) -> None:
    """Requests, statuses, exit code, and a failure without a violation."""
    seen = [exchange(1, QUERY, 200, page(2, 5))]
    run = run_of(seen, clause("limit.page-size", State.HELD, 1), **changes)
    assert len(list(contradictions(run, seen))) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"exchanges": [9]},
        {"exchanges": []},
        {"occurrences": 3, "of": 2},
        {"cause": "limit.zero-0000000000"},
        {"expected": [{"id": "77"}]},
        {"expected": [{"id": "0"}, {"id": "1"}, {"id": "2"}]},
    ],
)
def test_a_violations_evidence_and_expectation_have_to_stand_in_the_exchanges(changes: dict[str, Any]) -> None:
    """Exchanges that exist, possible counts, a cause, records that some answer showed, as many as asked for."""
    seen = [exchange(1, QUERY, 200, page(3, 5))]
    violation = Violation.model_validate(
        {
            "clause": "limit.page-size",
            "fingerprint": "limit.page-size-0123456789",
            "summary": "",
            "expected": [],
            "actual": [],
            "exchanges": [1],
            "curl": "",
            "replay": "",
            **changes,
        }
    )
    run = run_of(
        seen, clause("limit.page-size", State.VIOLATED, 1), violations=[violation], verdict=Verdict.FAIL, exit_code=1
    )
    assert len(list(contradictions(run, seen))) == 1


def test_a_violated_clause_needs_its_violation() -> None:
    """And one without is a fault of lineman."""
    seen = [exchange(1, QUERY, 200, page(2, 5))]
    assert list(contradictions(run_of(seen, clause("limit.zero", State.VIOLATED)), seen))


def test_an_answer_without_a_list_has_no_number_of_records() -> None:
    """A list of one record that is written as the record itself breaks the schema; it is no empty page."""
    single = {"returnCode": "0", "data": {"total": 5, "calledRouteList": {"id": "1", "accessCode": "9"}}}
    seen = [exchange(1, QUERY, 200, page(2, 5)), exchange(2, QUERY, 200, single)]
    run = run_of(seen, clause("limit.page-size", State.HELD, 1))
    assert not list(contradictions(run, seen))
