"""``summary.md``: the verdict and the violations first, never too long, and nothing of the target's is markup."""

from __future__ import annotations

import re

from lineman.report.run import State
from lineman.report.summary import MOST_BYTES, summary

from . import builders


def test_verdict_and_violations_come_first() -> None:
    text = summary(builders.failing_run())
    assert text.startswith("# ❌ FAIL\n")
    order = [
        text.index(mark)
        for mark in ("# ❌ FAIL", "## What is broken", "`offset.pages`", "## Not verified", "## Latency")
    ]
    assert order == sorted(order)


def test_a_violation_has_its_curl_its_replay_and_its_fingerprint() -> None:
    run = builders.failing_run()
    text = summary(run)
    for violation in run.violations:
        assert violation.curl in text
        assert violation.replay in text
        assert violation.fingerprint in text


def test_five_hundred_violations_stay_under_sixty_kilobytes_and_say_what_is_missing() -> None:
    many = [builders.violation(f"limit.no{at}", exchanges=[at], query=at) for at in range(500)]
    text = summary(builders.failing_run(violations=many))
    assert len(text.encode()) <= MOST_BYTES
    assert re.search(r"\d+ further sections left out for size", text)
    assert text.startswith("# ❌ FAIL")


def test_further_ways_of_one_clause_are_one_line_each_and_few() -> None:
    many = [builders.violation("limit.zero", fingerprint=f"f{at}", exchanges=[at], query=at) for at in range(30)]
    text = summary(builders.failing_run(violations=many))
    assert text.count("### ") == 1
    assert "- and 24 more" in text


def test_a_hostile_target_writes_no_markup() -> None:
    text = summary(builders.hostile_run())
    outside = re.sub(r"(`+)[^`].*?\1", "", text, flags=re.DOTALL)
    assert not re.search(r"(?<!\\)<", outside)
    assert "\x00" not in text
    assert "\u202e" not in text
    assert len(text.encode()) <= MOST_BYTES


def test_waived_fixed_and_no_verdict_are_told() -> None:
    assert "vendor ticket 4711".replace(" ", " ") in summary(builders.waived_run())
    assert summary(builders.waived_run()).startswith("# ☑️ PASS WITH WAIVERS")
    assert summary(builders.no_verdict_run()).startswith("# ⚠️ NO VERDICT")
    unverified = sum(
        one.state is State.NOT_VERIFIED for one in builders.no_verdict_run().clauses if one.level == "promised"
    )
    assert f"{unverified} not verified" in summary(builders.no_verdict_run())
