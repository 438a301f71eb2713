"""The rows of the table of requests say what was asked, what came back, and what it is evidence of."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any
from urllib.parse import unquote

from lineman.report import run as record
from lineman.report.coverage import coverage_maps
from lineman.report.request_table import COLUMNS, link_to_rows, request_rows

from . import builders


def cells(row: list[Any]) -> dict[str, Any]:
    return dict(zip((*COLUMNS, "words"), row, strict=True))


def only_row(**changes: Any) -> dict[str, Any]:
    return cells(request_rows(builders.make_run(exchanges=[builders.exchange(1, **changes)]))[0])


def test_a_row_has_what_was_asked_and_answered() -> None:
    body = json.dumps({"limit": 101, "accessCode": "99", "mediatypeId": 5})
    row = only_row(request_body=body, credential="given", clauses=["limit.clamp"])
    assert (row["limit"], row["offset"], row["filters"]) == ("101", None, 'accessCode "99", mediatypeId 5')
    assert (row["token"], row["status"], row["records"], row["total"]) == ("given", 200, 10, 230)
    words = {"limit=101", "offset=absent", "filters=accessCode+mediatypeId", "status=200", "for=limit.clamp"}
    assert words <= set(row["words"])


def test_nothing_is_said_of_what_was_not_seen() -> None:
    cut = only_row(cut=True, response_body='{"data": {"total": 3, "calledRouteL')
    assert (cut["records"], cut["total"]) == ("cut", "cut")
    broken = only_row(request_body='{"limit": 10')
    assert (broken["limit"], broken["filters"]) == (None, "body is no JSON object")
    assert not any(word.startswith("limit=") for word in broken["words"])
    silent = only_row(status=None, failure="connection closed", response_body="")
    assert silent["status"] == "connection closed"
    assert "status=no_answer" in silent["words"]
    token = only_row(operation="token")
    assert (token["token"], token["limit"]) == ("asks for one", None)


def test_the_verdict_is_that_of_the_evidence() -> None:
    run = builders.failing_run()
    rows = {row["number"]: row for row in map(cells, request_rows(run))}
    shown = {number for violation in run.violations for number in violation.exchanges}
    assert {number for number, row in rows.items() if str(row["verdict"]).startswith("broken: ")} == shown
    waived = builders.waived_run()
    number = waived.violations[0].exchanges[0]
    assert cells(request_rows(waived)[number - 1])["verdict"] == "waived: offset.pages"


def test_a_tile_counts_the_rows_behind_its_link() -> None:
    bodies: list[dict[str, Any]] = [
        {"limit": 1},
        {"limit": "10 x"},
        {"offset": None},
        {"accessCode": "9", "description": "a"},
        {},
    ]
    exchanges = [builders.exchange(at, request_body=json.dumps(body)) for at, body in enumerate(bodies, 1)]
    values = Counter(json.dumps(body["limit"]) if "limit" in body else "absent" for body in bodies)
    tested = record.Tested(limits=dict(values), filters={"none": 4, "accessCode+description": 1}, statuses={"200": 5})
    run = builders.make_run(exchanges=exchanges, tested=tested)
    rows = [cells(row) for row in request_rows(run)]
    for one in coverage_maps(run):
        for tile in one.tiles:
            word: str = unquote(tile.link.removeprefix("#rq="))
            assert tile.number == sum(word in row["words"] for row in rows), word
            assert bool(tile.link) == bool(tile.number)


def test_a_link_has_no_blanks() -> None:
    assert link_to_rows('limit="1 0"') == "#rq=limit%3D%221_0%22"
