"""A headline names the conditions under which a violation shows, and none twice."""

from __future__ import annotations

from typing import Any

import pytest

from lineman.report.conditions import conditions
from lineman.report.languages import language
from lineman.report.run_page import run_page
from lineman.report.ticket import ticket_title, tickets

from . import builders


@pytest.mark.parametrize(
    ("sentence", "query", "expected"),
    [
        ("total is 100; 200 records match.", {}, ""),
        ("total is 1; 2 records match.", {"mediatypeId": 53, "offset": 50}, "mediatypeId 53, offset 50"),
        ("total is 1; 2 records match.", {"limit": 10, "offset": 0}, "limit 10"),
        ("Page (offset 50, limit 2) returned records 101-102.", {"limit": 2, "offset": 50}, ""),
        ("Page (offset 50, limit 20) returned nothing.", {"limit": 2, "offset": 50}, "limit 2"),
        ("It fails.", {"description": "a b"}, 'description "a b"'),
        ("It fails.", [1], ""),
        ("It fails.", None, ""),
    ],
)
def test_what_the_smallest_request_has_and_the_sentence_lacks(sentence: str, query: Any, expected: str) -> None:
    assert conditions(builders.violation("limit.zero", summary=sentence, query=query)) == expected


def test_what_happens_now_and_then_depends_on_no_request() -> None:
    moody = builders.violation("answer.status", observed="refused now and then", query={"accessCode": "2"})
    assert conditions(moody) == ""


def test_a_hostile_request_stays_short() -> None:
    query = {"x" * 5_000: "y" * 5_000} | {f"member{number}": number for number in range(50)}
    assert len(conditions(builders.violation("limit.zero", query=query))) < 500


def test_page_and_ticket_name_them() -> None:
    broken = builders.violation("total.counts-matches", summary="total is 1; 2 records match.", query={"limit": 7})
    run = builders.failing_run(violations=[broken])
    assert run_page(run).count("asked with <code>limit 7</code>") == 3
    (group,) = tickets(run)
    title = "queryAccessCodeList: total is 1; 2 records match (asked with limit 7)"
    assert ticket_title(group, language("en")) == title
    assert ticket_title(group, language("zh")).endswith("（请求参数：limit 7）")
