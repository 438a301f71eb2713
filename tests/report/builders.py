"""Runs for the tests of the report: passing, failing, silent, hostile, large."""

from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

from lineman.contract.clauses import catalogue
from lineman.report.run import (
    ClauseResult,
    DocumentInfo,
    Drift,
    ExchangeRecord,
    Health,
    Level,
    RecordDifference,
    Run,
    State,
    TargetInfo,
    Tested,
    Verdict,
    Violation,
    WaiverState,
)

START = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
BASE = "https://staging.example.test/apiaccess"
PATH = "/rest/cc-management/v1/accessCodeInfo/queryAccessCodeList"
HOSTILE = (
    "</script><script>document.title='owned'</script>"
    "<img src=x onerror=\"document.title='owned'\"> \u202eevil\u202c \x00 "
)
ANSWERS = {
    "auth.refusal-status": "401 for every kind of bad credentials",
    "filter.case": "minds case",
    "limit.negative": "refused with status 400",
    "offset.over-maximum": "honoured",
}


def record(number: int) -> dict[str, Any]:
    """One access code, as the documented operation lists it."""
    return {
        "id": f"11241679354656{number:05d}",
        "accessCode": f"9911{number:03d}",
        "mediatypeId": (2, 5, 53)[number % 3],
        "n400Number": None,
        "description": f"Hotline {number}",
        "numCallAttr": 3,
    }


def answer(numbers: list[int], total: int = 230) -> str:
    """The body of a successful answer with these records."""
    data = {"total": total, "calledRouteList": [record(number) for number in numbers]}
    return json.dumps({"returnCode": "0", "data": data, "description": "success"}, separators=(",", ":"))


def exchange(number: int, *, records: int = 10, **changes: Any) -> ExchangeRecord:
    """A query answered with some records; ``changes`` replace members."""
    random_ = random.Random(number)  # noqa: S311 - the same delays every time
    ids = list(catalogue())
    query = {"limit": records, "offset": number % 100}
    body = changes.pop("response_body", None) or answer([(number + at) % 230 for at in range(records)])
    wait = 0.004 + random_.expovariate(1 / 0.02)
    phases = {"resolve": 0.0006, "connect": 0.0011, "send": 0.0002, "wait": wait, "receive": 0.0009}
    members: dict[str, Any] = {
        "number": number,
        "clauses": [ids[number % len(ids)], ids[(number * 7) % len(ids)]],
        "operation": "query",
        "credential": "valid",
        "app_key": "own",
        "method": "POST",
        "url": BASE + PATH,
        "request_headers": [("Content-Type", "application/json"), ("Authorization", "Bearer [redacted]")],
        "request_body": json.dumps(query),
        "request_size": len(json.dumps(query)),
        "started": START + timedelta(milliseconds=90 * number),
        "status": 200,
        "response_headers": [
            ("Content-Type", "application/json; charset=utf-8"),
            ("Date", "Mon, 04 May 2026 09:30:00 GMT"),
        ],
        "response_body": body,
        "response_size": len(body.encode("utf-8", "replace")),
        "phases": phases | {"total": sum(phases.values())},
    }
    return ExchangeRecord(**members | changes)


def clause_results(states: dict[str, State] | None = None, reasons: dict[str, str] | None = None) -> list[ClauseResult]:
    """A result for every clause of the catalogue: held or observed unless ``states`` says otherwise."""
    states, reasons = states or {}, reasons or {}
    found = []
    for at, clause in enumerate(catalogue().values()):
        usual = State.HELD if clause.promised else State.OBSERVED
        state = states.get(clause.id, usual)
        asked = 0 if state is State.NOT_VERIFIED else 2 + at % 9
        found.append(
            ClauseResult(
                id=clause.id,
                level=Level(clause.level),
                area=clause.area,
                title=clause.title,
                where=clause.where,
                state=state,
                reason=reasons.get(clause.id, ""),
                requests=asked,
                exchanges=[1 + (at * 3 + step) % 40 for step in range(min(asked, 6))],
                answer=None if clause.promised else ANSWERS.get(clause.id, "as if absent"),
                pinned=ANSWERS.get(clause.id) if not clause.promised else None,
            )
        )
    return found


def make_run(**changes: Any) -> Run:
    """A passing run of the full profile with 40 exchanges; ``changes`` replace members."""
    exchanges = changes.pop("exchanges", None) or [exchange(number) for number in range(1, 41)]
    clauses = changes.pop("clauses", None) or clause_results(
        {"auth.tenant-isolation": State.NOT_VERIFIED},
        {"auth.tenant-isolation": "no second tenant: give [targets.staging.second] its credentials"},
    )
    members: dict[str, Any] = {
        "lineman": "0.1.0",
        "id": "20260504T093000Z-staging",
        "verdict": Verdict.PASS,
        "exit_code": 0,
        "explanation": "Every promise that could be checked was kept; one was not verified.",
        "target": TargetInfo(name="staging", base_url=BASE, token_url=BASE),
        "document": DocumentInfo(version="2023.9.27", sha256="3f1c" * 16),
        "profile": "full",
        "seed": 20260504,
        "started": START,
        "finished": START + timedelta(seconds=38.4),
        "requests": len(exchanges),
        "clauses": clauses,
        "violations": [],
        "observations": {clause.id: clause.answer for clause in clauses if clause.answer},
        "health": Health(retries=2, paced_seconds=21.5, token_requests=2, token_renewals=1, budget=600),
        "tested": Tested(
            limits={"0": 3, "1": 9, "5": 2, "10": 41, "100": 12, "101": 2, "2147483648": 1, "absent": 30},
            offsets={"0": 60, "10": 12, "50": 4, "absent": 22},
            filters={"none": 70, "accessCode": 21, "description": 9, "accessCode+mediatypeId": 4},
            statuses={"200": 31, "400": 5, "401": 4},
        ),
        "environment": {"python": "3.12.4", "system": "Linux 6.8", "hypothesis": "6.150", "httpx": "0.28.1"},
        "exchanges": exchanges,
    }
    return Run(**members | changes)


def violation(clause: str, **changes: Any) -> Violation:
    """A violation of one clause with runnable commands."""
    members: dict[str, Any] = {
        "clause": clause,
        "fingerprint": f"{clause}.4c1d9a",
        "summary": f"The promise {clause} is broken.",
        "expected": {"status": 200},
        "actual": {"status": 500},
        "exchanges": [3, 9],
        "query": {"limit": 1},
        "curl": curl({"limit": 1}),
        "replay": f"lineman test --target staging --only '{clause}' --seed 20260504",
        "occurrences": 2,
        "of": 7,
    }
    return Violation(**members | changes)


def curl(query: dict[str, Any]) -> str:
    """The command that reproduces a query."""
    body = json.dumps(query).replace("'", "'\\''")
    return (
        f"curl -sS -X POST '{BASE}{PATH}' \\\n  -H 'Content-Type: application/json' \\\n"
        f"  -H \"Authorization: Bearer $LINEMAN_TOKEN\" \\\n  --data-binary '{body}'"
    )


def paging_violation() -> Violation:
    """Page 2 lacks a record and repeats one of page 1."""
    query = {"limit": 5, "offset": 5}
    expected = [record(number) for number in range(5, 10)]
    actual = [record(4), *expected[:2], expected[3], expected[4]]
    return violation(
        "offset.pages",
        summary="Page 2 of size 5 repeats a record of page 1 and lacks one of its own.",
        expected={"total": 230, "calledRouteList": expected},
        actual={"total": 230, "calledRouteList": actual},
        exchanges=[12, 13, 21],
        query=query,
        curl=curl(query),
        parameter="offset",
        constraint="records n*(k-1) .. n*k-1",
        observed="gap and repetition",
        records=RecordDifference(missing=[expected[2]], extra=[record(4)], out_of_order=[record(4)["id"]]),
        occurrences=12,
        of=31,
    )


def three_violations() -> list[Violation]:
    """Two causes: paging is off by one (two promises), and a quote in a filter makes the service fail."""
    text = {"description": "O'Brien"}
    return [
        paging_violation(),
        violation(
            "filter.any-text",
            summary="A single quote in description is answered with status 500.",
            expected={"status": 200, "returnCode": "0"},
            actual={"status": 500, "returnCode": "50001"},
            query=text,
            curl=curl(text),
            exchanges=[17],
            observed="status 500",
            occurrences=4,
            of=19,
        ),
        violation(
            "record.unique",
            summary="The record 1124167935465600004 comes on two pages.",
            expected={"1124167935465600004": 1},
            actual={"1124167935465600004": 2},
            exchanges=[12, 13],
            query={"limit": 5, "offset": 5},
            observed="repetition",
            occurrences=12,
            of=31,
        ),
    ]


def failing_run(**changes: Any) -> Run:
    """Three violations of two causes, one promise not verified, one drift."""
    states = {one.clause: State.VIOLATED for one in three_violations()} | {"auth.expired-token": State.NOT_VERIFIED}
    reasons = {"auth.expired-token": "no app key and secret: only a ready token is configured"}
    members: dict[str, Any] = {
        "verdict": Verdict.FAIL,
        "exit_code": 1,
        "explanation": "3 promises are broken, with 2 causes; 1 promise was not verified.",
        "clauses": clause_results(states, reasons),
        "violations": three_violations(),
        "drift": [
            Drift(
                clause="filter.case",
                question="Does fuzzy matching mind case?",
                pinned="minds case",
                observed="ignores case",
            )
        ],
        "latency_limit": 0.05,
    }
    return make_run(**members | changes)


def no_verdict_run(**changes: Any) -> Run:
    """The target refused the credentials, so nothing was learned."""
    states = dict.fromkeys(catalogue(), State.NOT_VERIFIED)
    reasons = dict.fromkeys(catalogue(), "the credentials were refused (403)")
    refused = exchange(1, status=403, response_body="<html><body>Forbidden</body></html>")
    members: dict[str, Any] = {
        "verdict": Verdict.NO_VERDICT,
        "exit_code": 3,
        "explanation": "No verdict: the target refused the token operation's credentials with status 403.",
        "clauses": [one.model_copy(update={"answer": None}) for one in clause_results(states, reasons)],
        "observations": {},
        "exchanges": [refused],
        "health": Health(
            retries=1, token_requests=1, budget=600, cut_off=["limit.zero"], notes=["stopped after 1 request"]
        ),
        "tested": Tested(statuses={"403": 1}),
    }
    return make_run(**members | changes)


def waived_run(**changes: Any) -> Run:
    """One violation, accepted until July."""
    waived = paging_violation().model_copy(
        update={"waived": True, "waiver_reason": "vendor ticket 4711", "waiver_until": date(2026, 7, 1)}
    )
    members: dict[str, Any] = {
        "explanation": "Every promise was kept but one, which is waived until 2026-07-01.",
        "clauses": clause_results({"offset.pages": State.WAIVED}),
        "violations": [waived],
        "waivers": [
            WaiverState(match="offset.pages", reason="vendor ticket 4711", until=date(2026, 7, 1), state="used")
        ],
    }
    return make_run(**members | changes)


def hostile_run() -> Run:
    """Everything that comes from the target attacks the page."""
    long_word = "x" * 10_000
    broken = violation(
        "filter.any-text",
        fingerprint='x"><script>alert(1)</script>',
        summary=HOSTILE + long_word,
        expected={HOSTILE: long_word},
        actual={HOSTILE: [HOSTILE, "\ud800 lone", long_word, {"deep": HOSTILE}]},
        query={"description": HOSTILE},
        curl="curl '" + HOSTILE + "'",
        replay=HOSTILE,
        parameter=HOSTILE,
        constraint=HOSTILE,
        records=RecordDifference(
            missing=[{"id": HOSTILE, HOSTILE: long_word}], extra=[], out_of_order=[HOSTILE, long_word]
        ),
        exchanges=[1, 2],
    )
    states = {"filter.any-text": State.VIOLATED}
    clauses = [
        one.model_copy(update={"reason": HOSTILE + long_word, "answer": HOSTILE if one.answer else None})
        for one in clause_results(states)
    ]
    big = HOSTILE + "<b>" * 1_700_000
    exchanges = [
        exchange(1, response_body=HOSTILE, note=HOSTILE, response_headers=[(HOSTILE, HOSTILE)]),
        exchange(2, response_body=big, request_body=HOSTILE),
        exchange(3, status=None, response_body=long_word, failure="cut: " + HOSTILE),
    ]
    return make_run(
        verdict=Verdict.FAIL,
        exit_code=1,
        explanation="1 promise is broken. " + HOSTILE,
        clauses=clauses,
        violations=[broken],
        observations={"filter.case": HOSTILE},
        drift=[Drift(clause="filter.case", question=HOSTILE, pinned=HOSTILE, observed=HOSTILE + long_word)],
        exchanges=exchanges,
        tested=Tested(limits={HOSTILE: 2, long_word: 1}, statuses={"200": 3}),
        health=Health(notes=[HOSTILE + long_word]),
        environment={"python": HOSTILE},
    )


def large_run(number: int, records: int = 60, **changes: Any) -> Run:
    """A failing run with this many exchanges, most of them with long answers."""
    exchanges = [exchange(one, records=one % (records + 1)) for one in range(1, number + 1)]
    profile = "deep" if number > 1000 else "full"
    return failing_run(exchanges=exchanges, profile=profile, requests=number, **changes)
