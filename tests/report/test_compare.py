"""What changed between two runs."""

from __future__ import annotations

from datetime import timedelta

from lineman.report.compare import apply_baseline, compare
from lineman.report.compare_views import comparison_html, comparison_markdown, comparison_text
from lineman.report.run import Change, Run, State

from . import builders

FIRST = builders.violation("limit.zero")
SECOND = builders.violation("offset.maximum")
THIRD = builders.violation("limit.clamp")


def run_with(*violations: object, **changes: object) -> Run:
    return builders.failing_run(violations=list(violations), **changes)


def test_two_faults_against_one_of_them_and_a_third() -> None:
    comparison = compare(run_with(FIRST, SECOND), run_with(FIRST, THIRD))
    assert [one.clause for one in comparison.fixed] == ["offset.maximum"]
    assert [one.lead.clause for one in comparison.still] == ["limit.zero"]
    assert [one.lead.clause for one in comparison.new] == ["limit.clamp"]
    assert comparison_text(comparison).startswith("1 new, 1 still there, 1 fixed\n")


def test_another_way_of_a_broken_clause_is_not_news() -> None:
    other = builders.violation("limit.zero", fingerprint="another way", query={"limit": 0, "offset": 1})
    replaced = compare(run_with(FIRST), run_with(other))
    assert (replaced.new, replaced.fixed) == ((), ())
    assert [(one.lead.clause, one.new_ways) for one in replaced.still] == [("limit.zero", 1)]
    added = comparison_text(compare(run_with(FIRST), run_with(FIRST, other)))
    assert added.startswith("0 new, 1 still there, 0 fixed\n")
    assert "(and 1 further way, 1 of them new)" in added


def test_gone_without_a_check_is_not_fixed() -> None:
    clauses = builders.clause_results({"limit.zero": State.NOT_VERIFIED}, {"limit.zero": "budget spent"})
    comparison = compare(run_with(FIRST), run_with(clauses=clauses))
    assert comparison.fixed == ()
    assert [one.clause for one in comparison.unseen] == ["limit.zero"]
    assert [one.id for one in comparison.newly_not_verified] == ["limit.zero"]
    assert "Gone, but the clause was not verified (1)" in comparison_text(comparison)


def test_a_clause_that_a_run_does_not_have_is_not_verified_either() -> None:
    later = run_with(clauses=[one for one in builders.clause_results() if one.id != "limit.zero"])
    assert [one.clause for one in compare(run_with(FIRST), later).unseen] == ["limit.zero"]


def test_another_answer_is_drift() -> None:
    later = builders.make_run(observations={**builders.make_run().observations, "filter.case": "ignores case"})
    drift = compare(builders.make_run(), later).drift
    assert [(one.clause, one.pinned, one.observed) for one in drift] == [("filter.case", "minds case", "ignores case")]


def test_latency_shift_needs_a_sample() -> None:
    slow = builders.make_run(exchanges=[builders.exchange(at, phases={"total": 0.2}) for at in range(1, 30)])
    fast = builders.make_run(exchanges=[builders.exchange(at, phases={"total": 0.1}) for at in range(1, 30)])
    few = builders.make_run(exchanges=[builders.exchange(1, phases={"total": 0.1})])
    assert "median: 100 ms → 200 ms (+100 %)" in comparison_text(compare(fast, slow))
    assert compare(few, slow).latency[1].before is None


def test_what_makes_runs_hard_to_compare_is_told() -> None:
    other = builders.make_run(profile="smoke", only=["limit.*"], started=builders.START + timedelta(days=1))
    notes = " | ".join(compare(other, builders.no_verdict_run()).notes)
    for expected in ("different profiles", "limited to some clauses", "the later one", "no verdict in run"):
        assert expected in notes


def test_the_baseline_marks_violations_and_names_what_is_gone() -> None:
    run = apply_baseline(run_with(FIRST, THIRD), run_with(FIRST, SECOND, id="before"))
    assert {one.clause: one.change for one in run.violations} == {"limit.zero": Change.STILL, "limit.clamp": Change.NEW}
    assert [(one.clause, one.verified) for one in run.fixed] == [("offset.maximum", True)]
    assert run.baseline == "before"


def test_markdown_and_html_say_the_same() -> None:
    comparison = compare(run_with(FIRST, SECOND), run_with(FIRST, THIRD))
    markdown, page = comparison_markdown(comparison), comparison_html(comparison)
    for text in ("Newly broken", "Still broken", "Fixed", "limit.clamp", "1 new, 1 still there, 1 fixed"):
        assert text in markdown
        assert text in page


def test_nothing_changed_is_said() -> None:
    comparison = compare(builders.make_run(), builders.make_run())
    assert comparison_text(comparison).startswith("0 new, 0 still there, 0 fixed\n")
    assert "Nothing has changed." in comparison_html(comparison)
