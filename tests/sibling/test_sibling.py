"""The operation is data: another list of the vendor is judged from its document, without a line of lineman for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.proof.harness import LeapingClock

from lineman.contract.operation import another_document, parse_document
from lineman.report.run import Level, Run, State, Verdict
from lineman.secret import Secret
from lineman.suite.run_state import RunOptions
from lineman.suite.runner import prepare, run_suite
from lineman.target import Credentials, Target

from .routes import Routes, routes

DOCUMENT = parse_document((Path(__file__).parent / "query-called-route.yaml").read_bytes())
TENANTS = (("first-key-of-routes", "first-secret-of-routes"), ("second-key-of-routes", "second-secret-of-routes"))


def judge(fault: str = "", count: int = 130) -> Run:
    """Run the whole contract suite against the sibling."""
    clock = LeapingClock()
    service = Routes(clock.epoch, {key: routes(count, tenant) for tenant, key in enumerate(TENANTS, start=1)}, fault)
    one, two = (Credentials(app_key=key, app_secret=Secret(secret)) for key, secret in TENANTS)
    target = replace(Target.of("http://127.0.0.1:9", one, second=two, name="sibling"))
    with another_document(DOCUMENT):
        return run_suite(prepare(RunOptions(), target=target, transport=service, clock=clock)).run


def test_an_honest_sibling_passes() -> None:
    """More records than one page, and negative offsets that count as 0."""
    run = judge()
    assert run.verdict is Verdict.PASS, run.explanation
    promised = [clause for clause in run.clauses if clause.level is Level.PROMISED]
    open_ = {clause.id: clause.reason for clause in promised if clause.state is State.NOT_VERIFIED}
    assert open_ == {"offset.maximum": "the documentation states no maximum"}


@pytest.mark.parametrize(
    ("fault", "clause"),
    [
        ("clamp-to-10", "limit.clamp"),
        ("ext-code-ignored", "filter.access-code"),
        ("ext-code-fuzzy", "filter.access-code"),
        ("media-type-ignored", "filter.media-type"),
        ("total-of-page", "total.counts-matches"),
        ("negative-refused", "offset.pages"),
    ],
)
def test_a_fault_of_the_sibling_is_found(fault: str, clause: str) -> None:
    """A wrong clamp, an ignored filter, a fuzzy match where none is promised, a wrong total, a promise of its own."""
    run = judge(fault)
    assert run.verdict is Verdict.FAIL
    assert clause in {violation.clause for violation in run.violations}, run.explanation
