"""Which violations follow from another one."""

from dataclasses import replace

from tests.unit.contract.test_oracle import exchange

from lineman.contract.finding import Finding
from lineman.suite.causes import trace
from lineman.suite.hypotheses import Explanation, Hypothesis


def finding(clause: str, *numbers: int, constraint: str = "", check: str = "model") -> Finding:
    """A finding that these exchanges show."""
    shown = tuple(replace(exchange({}, [], 0), number=number) for number in numbers)
    return Finding(
        clause, clause, None, None, shown, constraint=constraint, check=check, occurrences=len(numbers), of=len(numbers)
    )


def test_one_violation_is_its_own_cause() -> None:
    one = finding("limit.clamp", 1)
    causes = trace([one])
    assert causes.cause_of == {one.fingerprint: one.fingerprint}
    assert causes.roots == [one]


def test_ways_in_which_one_clause_breaks_are_one_cause() -> None:
    one, other = finding("auth.unknown-token", 1, 2), finding("auth.unknown-token", 3, constraint="altered")
    causes = trace([other, one])
    assert causes.cause_of == {one.fingerprint: one.fingerprint, other.fingerprint: one.fingerprint}
    assert causes.ordered == (one, other)


def test_the_more_basic_clause_that_the_same_answers_break_is_the_cause() -> None:
    total, broken = finding("total.counts-matches", 1, 2, 3), finding("filter.media-type", 1, 2, 3, 4)
    assert trace([total, broken]).roots == [broken]


def test_clauses_that_different_answers_break_are_two_causes() -> None:
    one, other = finding("limit.zero", 1, 2), finding("filter.media-type", 3, 4, 5)
    assert trace([one, other]).roots == [other, one]


def test_what_is_right_at_another_time_follows_from_the_habit() -> None:
    habit, other = finding("query.independent", 1, 2, 3), finding("filter.any-text", 7, 8)
    assert trace([habit, other]).roots == [habit, other]
    assert trace([habit, other], varying={8}).roots == [habit]


def test_the_highest_offset_follows_from_pages_that_go_wrong_alike() -> None:
    pages, highest = finding("offset.pages", 1, 2), finding("offset.maximum", 3, 4)
    assert trace([highest, pages]).roots == [pages]


def test_what_a_mistake_explains_follows_from_the_clause_that_it_breaks() -> None:
    pages, twice = finding("offset.pages", 1, 2), finding("record.unique", 2, 3, check="relation")
    other = finding("auth.required", *range(20, 40))
    mistake = Hypothesis("offset is ignored", ("offset.pages",), lambda _: True)
    causes = trace([other, twice, pages], Explanation(mistake, frozenset({1, 2}), 2))
    assert causes.roots == [pages, other], "the cause that is explained comes first"
    assert causes.headline == "offset is ignored: explains 2 of 2 answers that differ"
    assert causes.headlined == pages.fingerprint
