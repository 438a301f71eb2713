"""GitHub's workflow commands, escaped as the runner reads them."""

from __future__ import annotations

from lineman.report.github import github_annotations

from . import builders


def test_violations_drift_and_unverified_promises_are_told() -> None:
    lines = github_annotations(builders.failing_run()).splitlines()
    assert [line.split(" ")[0] for line in lines] == ["::error"] * 3 + ["::warning"] * 2
    assert lines[0].startswith("::error title=offset.pages is broken::Page 2 of size 5 repeats")
    assert "%0AFingerprint: offset.pages.4c1d9a" in lines[0]


def test_text_cannot_start_a_command_of_its_own() -> None:
    evil = builders.violation("limit.zero", summary="100 %\r\n::error::mine\u2028x")
    lines = github_annotations(builders.failing_run(violations=[evil], drift=[])).splitlines()
    assert len(lines) == 2
    assert "100 %25%0A::error::mine" in lines[0]


def test_many_violations_are_bounded() -> None:
    many = [builders.violation(f"limit.no{at}", exchanges=[at], query=at) for at in range(40)]
    lines = github_annotations(builders.failing_run(violations=many)).splitlines()
    errors = [line for line in lines if line.startswith("::error")]
    assert len(errors) == 10
    assert "31 further clauses" in errors[-1]


def test_no_verdict_is_an_error() -> None:
    assert github_annotations(builders.no_verdict_run()).startswith(
        "::error title=No verdict::No verdict: the target refused"
    )
