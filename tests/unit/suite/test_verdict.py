"""How a run ends: pass rests on what was seen, and everything else has its own exit code and sentence."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.unit.exchanges import page, record
from tests.unit.suite.lists import MemoryList, Reply, serving

from lineman.contract.clauses import catalogue
from lineman.exchange import AppKey, Credential, Request
from lineman.report.run import Run, State, Verdict
from lineman.suite.preflight import open_service
from lineman.suite.run_state import RunOptions
from lineman.suite.service import Service
from lineman.suite.session import CaseOutcome, Session
from lineman.suite.verdict import conclude
from lineman.target import Waiver

RECORDS = [record(number) for number in range(120)]
LIST = MemoryList(RECORDS)
NOW = datetime(2026, 5, 4, tzinfo=UTC)
ALL_CLAUSES = tuple(catalogue())


def unclamped(request: Request) -> Reply:
    """Larger pages than the documentation allows."""
    limit = (request.query or {}).get("limit", 100)
    return (200, page(RECORDS[:limit], len(RECORDS))) if limit > 100 else LIST(request)


def asked(answer: Any = LIST, *, bad: bool = True, invalid: bool = True, **changes: Any) -> Service:
    """A service that was asked a little: an honest opening, bad credentials, an invalid request, a large page."""
    options = changes.pop("options", RunOptions())
    service = serving(answer, options, **changes)
    open_service(service)
    if bad:
        service.ask(Request.of({}, "auth.required", credential=Credential.NONE))
    if invalid:
        service.ask(Request(("request.malformed-json",), body=b"{"))
    service.query("limit.clamp", {"limit": 101})
    return service


def done(**changes: Any) -> Session:
    """A session in which the one test of every clause ran to its end."""
    finished: dict[str, Any] = {
        "planned": [("everything", ALL_CLAUSES)],
        "finished": {"everything"},
        "outcomes": [CaseOutcome("everything", ALL_CLAUSES, "passed", 1.5)],
    }
    return Session(**(finished | changes))


def ended(service: Service, session: Session | None = None, pins: dict[str, str] | None = None) -> Run:
    """The run's record."""
    return conclude(service, session or done(), NOW, NOW + timedelta(seconds=9), pins or {})


def state(run: Run, clause: str) -> State:
    """The state of a clause."""
    return next(one.state for one in run.clauses if one.id == clause)


def test_a_pass_says_what_it_rests_on_and_what_it_does_not() -> None:
    run = ended(asked())
    assert (run.verdict, run.exit_code) == (Verdict.PASS, 0)
    held = sum(clause.state is State.HELD for clause in run.clauses)
    assert run.explanation.startswith(f"{held} promises held, ")
    assert "auth.tenant-isolation" in run.explanation
    assert state(run, "limit.clamp") is State.HELD
    assert [clause.id for clause in run.clauses] == list(ALL_CLAUSES)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"bad": False}, "No request with bad credentials was seen to be refused."),
        ({"invalid": False}, "No invalid request was seen to be refused."),
    ],
)
def test_no_pass_without_a_refusal_seen(changes: dict[str, bool], words: str) -> None:
    run = ended(asked(**changes))
    assert (run.verdict, run.exit_code, run.explanation) == (Verdict.NO_VERDICT, 3, words)


@pytest.mark.parametrize(
    ("session", "code", "words"),
    [
        (done(interrupted=True), 2, "interrupted"),
        (done(internal_error="ValueError"), 3, "lineman itself failed: ValueError"),
        (done(stopped="the budget is spent"), 3, "ended before the promises were checked: the budget is spent"),
    ],
)
def test_a_run_that_did_not_end_by_itself_has_no_verdict(session: Session, code: int, words: str) -> None:
    run = ended(asked(), session)
    assert (run.verdict, run.exit_code) == (Verdict.NO_VERDICT, code)
    assert words in run.explanation


def test_what_was_broken_before_the_end_is_still_broken() -> None:
    run = ended(asked(unclamped), done(stopped="the budget is spent"))
    assert (run.verdict, run.exit_code) == (Verdict.FAIL, 1)
    assert run.explanation.endswith("The run ended early: the budget is spent.")


def test_a_test_that_was_not_reached_verifies_nothing() -> None:
    run = ended(asked(), done(finished=set(), stopped="the target went away"))
    clause = next(one for one in run.clauses if one.id == "limit.clamp")
    assert (clause.state, clause.reason) == (State.NOT_VERIFIED, "the target went away")


def test_a_broken_promise_fails_the_run_and_the_clause() -> None:
    run = ended(asked(unclamped))
    assert (run.verdict, run.exit_code) == (Verdict.FAIL, 1)
    assert state(run, "limit.clamp") is State.VIOLATED
    assert "limit.clamp" in run.explanation
    assert all(violation.cause for violation in run.violations)


def waived(until: date) -> tuple[Waiver, ...]:
    """Waivers of what a page without bounds breaks."""
    return tuple(Waiver(clause, "known", until) for clause in ("limit.clamp", "limit.page-cap"))


def test_a_waiver_holds_until_its_day_and_no_longer() -> None:
    run = ended(asked(unclamped, waivers=waived(NOW.date())))
    assert state(run, "limit.clamp") is State.WAIVED
    assert run.verdict is Verdict.PASS
    assert {waiver.state for waiver in run.waivers} == {"used"}
    run = ended(asked(unclamped, waivers=waived(NOW.date() - timedelta(days=1))))
    assert state(run, "limit.clamp") is State.VIOLATED
    assert {waiver.state for waiver in run.waivers} == {"expired"}


def test_another_answer_than_the_pinned_one_fails_or_only_warns() -> None:
    pins = {"filter.no-match": "another answer"}
    run = ended(asked(), pins=pins)
    assert (run.verdict, run.exit_code) == (Verdict.FAIL, 1)
    assert run.explanation == "1 pinned answer changed: filter.no-match."
    run = ended(asked(options=RunOptions(drift="warn")), pins=pins)
    assert run.verdict is Verdict.PASS
    assert [one.clause for one in run.drift] == ["filter.no-match"]


def test_what_is_required_and_was_not_verified_takes_the_verdict() -> None:
    run = ended(asked(require=("auth.tenant-isolation",)))
    assert (run.verdict, run.exit_code) == (Verdict.NO_VERDICT, 3)
    assert "auth.tenant-isolation" in run.explanation


def test_a_list_with_fewer_records_than_required_takes_the_verdict() -> None:
    run = ended(asked(min_records=121))
    assert run.explanation == "The list has 120 records, and min_records says that it has to have 121."


def test_what_was_not_selected_is_not_verified() -> None:
    run = ended(asked(options=RunOptions(only=("limit.*",))))
    assert state(run, "auth.required") is State.NOT_VERIFIED
    assert state(run, "limit.clamp") is State.HELD


def test_a_success_with_another_app_key_alone_is_no_evidence_of_the_limit() -> None:
    service = asked()
    service.ask(Request.of({"limit": 5}, "limit.page-size", app_key=AppKey.UNKNOWN))
    numbers = service.state.evidence("limit.page-size").numbers
    assert service.state.exchanges[-1].number not in numbers


def test_a_run_is_named_after_its_instant_and_its_target() -> None:
    assert ended(asked(name="a/b")).id == "20260504T000000Z-a_b"
