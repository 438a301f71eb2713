"""Anything in the place of anything: a little of what ``make fuzz`` plays for long."""

from __future__ import annotations

from benchmarks.fuzz import Tally, play


def test_nothing_that_a_target_says_is_too_odd_to_read() -> None:
    tally = Tally()
    play(20261127, 400, tally, runs=False)
    assert tally.inputs >= 300
    assert not tally.exceptions, next(iter(tally.exceptions.values()))
