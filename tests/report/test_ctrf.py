"""``ctrf.json``: valid, counted right, with the same ids everywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import jsonschema
import pytest

from lineman.report.ctrf import ctrf
from lineman.report.run import Run

from . import builders
from .ctrf_schema import CTRF_SCHEMA

RUNS = [builders.make_run, builders.failing_run, builders.no_verdict_run, builders.waived_run, builders.hostile_run]


@pytest.mark.parametrize("build", RUNS)
def test_the_document_is_valid_and_its_summary_counts_its_tests(build: Callable[[], Run]) -> None:
    document = ctrf(build())
    jsonschema.Draft7Validator(CTRF_SCHEMA, format_checker=jsonschema.FormatChecker()).validate(document)
    summary = document["results"]["summary"]
    statuses = Counter(test["status"] for test in document["results"]["tests"])
    assert {status: summary[status] for status in statuses} == dict(statuses)
    assert summary["tests"] == sum(statuses.values())


def test_violated_clauses_fail_and_carry_their_fingerprints() -> None:
    run = builders.failing_run()
    failed = {test["name"]: test for test in ctrf(run)["results"]["tests"] if test["status"] == "failed"}
    assert set(failed) == {violation.clause for violation in run.violations}
    for violation in run.violations:
        assert failed[violation.clause]["extra"]["violations"][0]["fingerprint"] == violation.fingerprint
        assert failed[violation.clause]["snippet"] == violation.curl


def test_ids_are_the_same_in_every_run() -> None:
    first = [test["id"] for test in ctrf(builders.make_run())["results"]["tests"]]
    second = [test["id"] for test in ctrf(builders.failing_run(id="another"))["results"]["tests"]]
    assert first == second
    assert len(set(first)) == len(first)


def test_no_verdict_is_never_green() -> None:
    summary = ctrf(builders.no_verdict_run())["results"]["summary"]
    assert summary["failed"] == 1
    assert summary["passed"] == 0
