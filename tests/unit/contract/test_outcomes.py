"""Every check says kept, broken, or nothing: and nothing of what the service did not answer for itself."""

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.exchanges import answered, cut_off, listed

from lineman.contract.answer import read_answer
from lineman.contract.checks import CHECKS, findings_of, run_checks
from lineman.contract.finding import Finding, RecordDiff
from lineman.contract.outcome import Result
from lineman.exchange import Credential, Exchange, FailureKind, Request

PAGE = {"returnCode": "0", "data": {"total": 1, "calledRouteList": [{"id": "1", "accessCode": "9"}]}}
NONE = {"returnCode": "0", "data": {"total": 1, "calledRouteList": []}}
REFUSED = {"returnCode": "0400", "description": "no"}
MALFORMED = Request(("request.malformed-json",), body=b"[", note="cut short", retry=False)
BAD_TYPE = Request.of({"limit": "abc"}, "limit.type")
ZERO = Request.of({"limit": 0}, "limit.zero")
NO_TOKEN = Request.of({}, "auth.required", credential=Credential.NONE, note="no Authorization header")
OTHER_METHOD = Request.of({}, "request.method", method="GET")
OTHER_PATH = Request.of({}, "request.path", path="/nothing", note="another name beside it")
ASKED = (
    ("request.malformed-json", MALFORMED),
    ("limit.type", BAD_TYPE),
    ("limit.zero", ZERO),
    ("auth.required", NO_TOKEN),
    ("request.method", OTHER_METHOD),
    ("request.path", OTHER_PATH),
)


def exchange(request: Request, status: int, body: Any = None) -> Exchange:
    """An exchange as the client would have recorded it."""
    return answered(request, status, json.dumps(body).encode() if body is not None else b"")


def results(seen: Exchange, clause: str) -> set[Result]:
    """What the clause's checks say of an exchange."""
    return {outcome.result for outcome in run_checks(seen) if outcome.clause == clause}


@pytest.mark.parametrize(
    ("clause", "request_", "status", "body", "result"),
    [
        ("request.malformed-json", MALFORMED, 400, REFUSED, Result.KEPT),
        ("request.malformed-json", MALFORMED, 200, REFUSED, Result.KEPT),
        ("request.malformed-json", MALFORMED, 200, PAGE, Result.BROKEN),
        ("request.malformed-json", MALFORMED, 401, None, Result.BROKEN),
        ("limit.type", BAD_TYPE, 500, None, Result.KEPT),
        ("limit.type", BAD_TYPE, 200, PAGE, Result.BROKEN),
        ("limit.zero", ZERO, 200, NONE, Result.KEPT),
        ("limit.zero", ZERO, 200, PAGE, Result.BROKEN),
        ("auth.required", NO_TOKEN, 401, None, Result.KEPT),
        ("auth.required", NO_TOKEN, 403, None, Result.KEPT),
        ("auth.required", NO_TOKEN, 400, None, Result.BROKEN),
        ("request.method", OTHER_METHOD, 405, None, Result.KEPT),
        ("request.method", OTHER_METHOD, 200, PAGE, Result.BROKEN),
        ("request.path", OTHER_PATH, 404, None, Result.KEPT),
        ("request.path", OTHER_PATH, 200, PAGE, Result.BROKEN),
    ],
)
def test_an_answer_of_the_service_keeps_a_clause_or_breaks_it(
    clause: str, request_: Request, status: int, body: Any, result: Result
) -> None:
    """Kept by a documented refusal, a success, or 401 and 403, as the clause is about."""
    assert results(exchange(request_, status, body), clause) == {result}


@pytest.mark.parametrize(("clause", "request_"), ASKED)
@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_gateways_answer_says_nothing(clause: str, request_: Request, status: int) -> None:
    """Neither kept nor broken: whoever answered was not the service."""
    assert results(exchange(request_, status), clause) == set()


@pytest.mark.parametrize(("clause", "request_"), ASKED)
@pytest.mark.parametrize("kind", [FailureKind.CUT, FailureKind.CONNECT, FailureKind.RESOLVE, FailureKind.TLS])
def test_a_connection_that_fails_once_says_nothing(clause: str, request_: Request, kind: FailureKind) -> None:
    """The network may have done it."""
    assert results(cut_off(request_, kind), clause) == set()


def test_a_refusal_of_a_valid_query_keeps_no_clause_of_its_parameters() -> None:
    """``limit`` 0 that is refused did not show that no records come."""
    assert results(exchange(ZERO, 400, REFUSED), "limit.zero") == set()
    assert results(exchange(ZERO, 400, REFUSED), "limit.page-cap") == set()


def test_every_check_can_have_nothing_to_say() -> None:
    """No check speaks of every exchange: an ask that got no answer at all is evidence of nothing."""
    seen = cut_off(Request.of({}), FailureKind.CONNECT)
    assert run_checks(seen) == []
    assert CHECKS


class Taking:
    """Takes one word out of texts."""

    found_any = True

    def text(self, text: str) -> str:
        return text.replace("PLANTED-secret", "[redacted:token]")

    def weak_secrets(self, content: bytes) -> tuple[str, ...]:
        return ()


def test_the_evidence_of_a_finding_is_cut_and_never_through_a_secret() -> None:
    exchange = replace(listed({}, 1, 1), redaction=Taking())
    long = "x" * 3_990 + "PLANTED-secret" + "y" * 2_000_000
    finding = Finding(
        "total.present", long, {"description": long}, [long], (exchange,), rows=RecordDiff(({"d": long},))
    )
    for shown in (finding.summary, finding.expected["description"], finding.actual[0], finding.rows.missing[0]["d"]):
        assert len(shown) < 4_100
        assert "PLANTED" not in shown
        assert shown.endswith("… (cut; 2,004,004 characters)")


@pytest.mark.parametrize("header", ["application/x-{}", "text/html; charset={}"])
def test_a_type_that_is_another_in_every_answer_is_one_violation(header: str) -> None:
    exchange = listed({}, 1, 1)
    assert exchange.response is not None
    found = set()
    for number in range(20):
        response = replace(exchange.response, headers=(("Content-Type", header.format(f"r{number}")),))
        findings = findings_of(run_checks(replace(exchange, response=response)))
        found |= {finding.fingerprint for finding in findings if finding.parameter == "Content-Type"}
    assert len(found) == 1


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("0400", '200 returnCode "0400"'),
        ("0f8e11bc-6d5a", "200 with another returnCode"),
        (1700000000000, "200 with another returnCode"),
    ],
)
def test_a_fingerprint_names_no_code_of_a_moment(code: object, kind: str) -> None:
    body = json.dumps({"returnCode": code}).encode()
    assert read_answer(answered(Request.of({}), 200, body)).kind_of_signature == kind
