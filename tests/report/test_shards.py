"""Shards of one run, joined."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from lineman.report.files import ReportError
from lineman.report.run import State, Verdict
from lineman.report.run_folder import write_run_files
from lineman.report.shards import merge

from . import builders

PASSING = builders.make_run(
    id="shard-1", only=["limit.*"], clauses=builders.clause_results({"offset.pages": State.NOT_VERIFIED}), requests=40
)
FAILING = builders.failing_run(
    id="shard-2",
    only=["offset.*"],
    clauses=builders.clause_results({"offset.pages": State.VIOLATED, "limit.zero": State.NOT_VERIFIED}),
    violations=[builders.paging_violation()],
    started=builders.START + timedelta(seconds=5),
)


def test_the_worst_verified_state_wins_and_the_verdict_follows(tmp_path: Path) -> None:
    run = merge([FAILING, PASSING])
    states = {clause.id: clause.state for clause in run.clauses}
    assert states["offset.pages"] is State.VIOLATED
    assert states["limit.zero"] is State.HELD
    assert run.verdict is Verdict.FAIL
    assert run.exit_code == 1
    assert run.requests == PASSING.requests + FAILING.requests
    assert run.only == ["limit.*", "offset.*"]
    assert {path.name for path in write_run_files(run, tmp_path)} >= {"index.html", "run.json"}


def test_exchanges_are_numbered_anew_and_the_evidence_follows() -> None:
    run = merge([PASSING, FAILING])
    assert [one.number for one in run.exchanges] == list(range(1, 81))
    assert run.violations[0].exchanges == [number + 40 for number in builders.paging_violation().exchanges]


def test_the_same_violation_in_two_shards_is_one() -> None:
    other = FAILING.model_copy(update={"id": "shard-3"})
    run = merge([FAILING, other])
    assert len(run.violations) == 1
    assert run.violations[0].occurrences == 24
    assert run.violations[0].of == 62


def test_one_shard_without_a_verdict_leaves_the_whole_without_one() -> None:
    run = merge([PASSING, builders.no_verdict_run(id="shard-4")])
    assert run.verdict is Verdict.NO_VERDICT
    assert run.exit_code == 3
    assert "refused" in run.explanation


def test_numbers_are_added() -> None:
    run = merge([PASSING, FAILING])
    assert run.health.retries == 4
    assert run.health.budget == 1200
    assert run.tested.statuses == {"200": 62, "400": 10, "401": 8}


@pytest.mark.parametrize(
    ("change", "message"),
    [({"seed": 1}, "its seed is 1, not 20260504"), ({"profile": "smoke"}, "its profile is smoke, not full")],
)
def test_strangers_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ReportError, match=message):
        merge([PASSING, FAILING.model_copy(update=change)])


def test_nothing_and_twice_the_same_are_refused() -> None:
    with pytest.raises(ReportError, match="nothing to merge"):
        merge([])
    with pytest.raises(ReportError, match="is given twice"):
        merge([PASSING, PASSING])
