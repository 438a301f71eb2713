"""``junit.xml``: one case per clause, and XML that any parser reads."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from lineman.report.junit import junit
from lineman.report.run import Run

from . import builders


def cases(run: Run) -> dict[str, Element]:
    root = ElementTree.fromstring(junit(run))  # noqa: S314 - our own
    return {case.get("name", ""): case for case in root.iter("testcase")}


def properties(case: Element) -> list[tuple[str | None, str | None]]:
    return [(one.get("name"), one.get("value")) for one in case.iter("property")]


def test_every_clause_is_a_case_with_its_properties() -> None:
    run = builders.failing_run()
    found = cases(run)
    assert list(found) == [clause.id for clause in run.clauses]
    broken = properties(found["offset.pages"])
    assert ("level", "promised") in broken
    assert ("area", "offset") in broken
    assert ("fingerprint", "offset.pages.4c1d9a") in broken


def test_violated_fails_and_not_verified_is_skipped_with_the_reason() -> None:
    run = builders.failing_run()
    found = cases(run)
    failure = found["offset.pages"].find("failure")
    assert failure is not None
    assert failure.get("message") == run.violations[0].summary
    assert run.violations[0].curl in (found["offset.pages"].findtext("system-out") or "")
    skipped = found["auth.expired-token"].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "no app key and secret: only a ready token is configured"
    assert [name for name, case in found.items() if case.find("failure") is not None] == [
        "filter.any-text",
        "offset.pages",
        "record.unique",
    ]


def test_a_waived_clause_is_skipped_with_the_waiver() -> None:
    skipped = cases(builders.waived_run())["offset.pages"].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "waived until 2026-07-01: vendor ticket 4711"


def test_the_counts_of_the_suite_are_those_of_its_cases() -> None:
    root = ElementTree.fromstring(junit(builders.failing_run()))  # noqa: S314 - our own
    suite = next(root.iter("testsuite"))
    assert suite.get("tests") == str(len(list(root.iter("testcase"))))
    assert suite.get("failures") == "3"
    assert suite.get("skipped") == "1"


def test_no_verdict_is_an_error() -> None:
    error = cases(builders.no_verdict_run())["verdict"].find("error")
    assert error is not None
    assert "refused" in (error.get("message") or "")


def test_what_xml_cannot_carry_is_spelled_out() -> None:
    failure = cases(builders.hostile_run())["filter.any-text"].find("failure")
    assert failure is not None
    assert "\\u0000" in (failure.get("message") or "")
    assert "\x00" not in (failure.text or "")
