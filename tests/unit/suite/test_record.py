"""Exchanges as records, and the commands that send a request again."""

import json
import shlex
import subprocess
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.exchanges import answered, cut_off, listed
from tests.unit.suite.lists import MemoryList, serving

from lineman.contract.finding import Finding, RecordDiff
from lineman.exchange import Exchange, Request, SentRequest
from lineman.suite import record
from lineman.suite.causes import trace
from lineman.suite.preflight import open_service
from lineman.suite.record import BODY_CAP, EVIDENCE_CAP, curl, exchange_record, violation_record

BASE = "http://target"


def sent(body: bytes | None, *headers: tuple[str, str], method: str = "POST") -> Exchange:
    """An exchange whose request went over the wire so."""
    return replace(answered(Request.of({}), 200, b"{}"), sent=SentRequest(method, f"{BASE}/query", headers, body))


def words_of(command: str) -> list[str]:
    """What a shell makes of the command, curl itself replaced by a program that prints its arguments."""
    script = 'curl() { for word in "$@"; do printf "%s\\0" "$word"; done; cat >/dev/null; }\n' + command
    done = subprocess.run(["sh", "-c", script], input=b"", capture_output=True, check=True)
    return done.stdout.decode().split("\0")[:-1]


@pytest.mark.parametrize("size", [BODY_CAP - 1, BODY_CAP, BODY_CAP + 1, EVIDENCE_CAP + 1])
def test_bodies_are_cut_and_the_record_says_so(size: int) -> None:
    exchange = answered(Request.of({}), 200, b"x" * size)
    for evidence, cap in ((False, BODY_CAP), (True, EVIDENCE_CAP)):
        written = exchange_record(exchange, evidence=evidence)
        assert len(written.response_body or "") == min(size, cap)
        assert written.cut == (size > cap)
        assert written.response_size == size


def test_bytes_that_are_no_text_are_spelled_out() -> None:
    written = exchange_record(answered(Request.of({}), 200, b"a\xffb"), evidence=True)
    assert written.response_body == "a\\xffb"


def test_an_exchange_without_answer_says_how_it_failed() -> None:
    written = exchange_record(cut_off(Request.of({})), evidence=False)
    assert written.failure == "cut: gone"
    assert (written.status, written.response_body, written.response_headers) == (None, None, [])


@pytest.mark.parametrize(
    "body",
    [
        {"accessCode": "it's"},
        {"accessCode": '$HOME `id` \\ " !'},
        {"accessCode": "客服\n热线"},
    ],
)
def test_a_shell_sends_the_very_body(body: dict[str, Any]) -> None:
    data = json.dumps(body, ensure_ascii=False).encode()
    words = words_of(curl(sent(data, ("Content-Type", "application/json")), BASE))
    assert words[words.index("--data-binary") + 1].encode() == data
    assert f"{BASE}/query" in words
    assert "Content-Type: application/json" in words


@pytest.mark.parametrize("body", [b"\xff\x00%s\n", b"\x1b[2J", "a\u202eb".encode()])
def test_a_body_that_no_argument_can_hold_is_piped(body: bytes) -> None:
    command = curl(sent(body), BASE)
    printf, _, rest = command.partition(" | ")
    assert "--data-binary @-" in rest
    assert subprocess.run(["sh", "-c", printf], capture_output=True, check=True).stdout == body


def test_credentials_are_variables_of_the_shell_and_an_empty_header_stays_empty() -> None:
    command = curl(sent(None, ("Authorization", "Bearer $LINEMAN_TOKEN"), ("X-APP-Key", "")), BASE)
    assert '-H "Authorization: Bearer $LINEMAN_TOKEN"' in command
    assert "X-APP-Key;" in shlex.split(command)


def test_a_head_request_asks_for_no_body() -> None:
    assert "-I" in shlex.split(curl(sent(None, method="HEAD"), BASE))


def test_what_was_tested_is_counted_by_value() -> None:
    found = record.tested_record(
        [listed({"limit": 5}, 1, 1), listed({"limit": 5, "accessCode": "4"}, 1, 1), listed({}, 1, 1)]
    )
    assert found.limits == {"5": 2, "absent": 1}
    assert found.statuses == {"200": 3}


def test_a_violation_says_how_to_ask_again() -> None:
    service = serving(MemoryList([]))
    open_service(service)
    rows = RecordDiff(extra=({"id": "1"},))
    exchange = service.state.exchanges[0]
    finding = Finding("limit.clamp", "too many", 100, 101, (exchange,), "limit", "clamped", "more", rows)
    violation = violation_record(finding, service, {}, trace([finding], None, set()))
    assert violation.fingerprint == finding.fingerprint
    assert violation.records is not None
    assert violation.records.extra == [{"id": "1"}]
    assert shlex.split(violation.replay)[:4] == ["lineman", "test", "--base-url", "http://target"]
    assert "limit.clamp" in violation.replay
