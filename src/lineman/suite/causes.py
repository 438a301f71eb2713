"""One fault, one cause: which violations only follow from another proven one.

A violation follows from another where it is another way in which the same clause breaks, where one known mistake
explains the answers of both (``hypotheses``), or where the very answers that show it show a more basic break as well:
an answer that is no JSON has no records either, and a filter that lets everything through gives wrong totals and pages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from lineman.contract.checks.pages import IN_A_PAGE
from lineman.contract.finding import Finding
from lineman.suite.hypotheses import Explanation
from lineman.suite.list_reader import OLDER_STATE

_BASIC_FIRST = (
    "answer.status",
    "answer.json",
    "answer.return-code",
    "answer.carries-data",
    "auth.",
    "request.",
    "answer.schema",
    "query.independent",
    "query.repeatable",
    "order.stable",
    "filter.access-code",
    "filter.description",
    "filter.media-type",
    "filter.any-text",
    "filter.conjunction",
    "limit.page-cap",
    "record.unique",
    "limit.",
    "offset.",
    "total.",
)
"""Clauses and areas from the most basic one on: of two that the same answers break, the earlier one is the cause."""
_HABITS = ("query.independent", "query.repeatable")
"""Answers that belong to another query, and answers that differ each time. One shows as the other now and then: a page
that lost its last record is the right answer to a smaller limit, and a mixed-up answer is another one each time.
"""
_MIXED = 0.25
"""Mixed-up answers for each one that differs from which they are the habit: only a part of them is recognised, because
the other query's answer must be known; where records are lost, one in eight looks like another query's.
"""
_COMPARED = ("auth.app-key-optional", "auth.foreign-app-key")
"""Clauses that compare two answers: where answers differ by themselves, these two do as well."""
_SHIFTED = ("offset.", "limit.", "total.")
"""What a record that is listed twice moves along."""
_SHARED = 0.5
"""The part of a violation's answers that must show the more basic one, too."""


@dataclass(frozen=True, slots=True)
class Causes:
    """Violations by what they follow from.

    ``cause_of`` maps every fingerprint to that of its cause, a cause to its own. ``ordered`` has the causes by their
    evidence, the best shown first, each with what follows from it behind it.
    """

    cause_of: Mapping[str, str]
    ordered: tuple[Finding, ...]
    headline: str = ""
    """The mistake that explains every answer that differs, in words; empty where none is known."""
    headlined: str = ""
    """Fingerprint of the cause that the headline speaks of."""

    @property
    def roots(self) -> list[Finding]:
        return [finding for finding in self.ordered if self.cause_of[finding.fingerprint] == finding.fingerprint]


def trace(findings: Sequence[Finding], explanation: Explanation | None = None, varying: Collection[int] = ()) -> Causes:
    """Find the cause of every finding. Each fingerprint comes once.

    ``varying`` are the numbers of wrong answers whose very query was answered rightly at another time of the run.
    """
    by_clause: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_clause[finding.clause].append(finding)
    leads = {clause: _lead(group) for clause, group in by_clause.items()}
    above: dict[str, str] = {}
    explained = _explained_by(explanation, by_clause) if explanation else None
    if explained is not None and explanation is not None:
        root, followers = explained
        above |= {clause: root for clause in followers if clause != root}
    for clause in sorted(leads, key=_rank):
        if clause not in above and (explained is None or clause != explained[0]):
            basic = _more_basic(clause, by_clause, set(varying))
            if basic is not None:
                above[clause] = basic
    above |= _unexamined(by_clause, above, explained[0] if explained else None)
    top = {clause: _top(clause, above) for clause in leads}
    cause_of = {f.fingerprint: leads[top[f.clause]].fingerprint for f in findings}
    headlined = leads[explained[0]].fingerprint if explained else ""
    ordered = _ordered(findings, cause_of, headlined)
    return Causes(cause_of, ordered, explanation.words if explained and explanation else "", headlined)


def _lead(group: Sequence[Finding]) -> Finding:
    """The violation that stands for its clause: the most frequent one, of several the one found first."""
    return max(group, key=lambda finding: finding.occurrences)


def _rank(clause: str) -> tuple[int, str]:
    places = [place for place, prefix in enumerate(_BASIC_FIRST) if clause.startswith(prefix)]
    return (places[0] if places else len(_BASIC_FIRST), clause)


def _numbers(group: Sequence[Finding]) -> set[int]:
    return {exchange.number for finding in group for exchange in finding.exchanges}


def _more_basic(clause: str, by_clause: Mapping[str, Sequence[Finding]], varying: set[int]) -> str | None:
    """The most basic clause that the same answers break; None where there is none."""
    habit = _habit(by_clause)
    if clause == habit == "query.repeatable" and _count_occurrences(by_clause, clause) <= _count_occurrences(
        by_clause, "order.stable"
    ):
        return "order.stable"  # another order each time is another answer each time
    if habit is not None and clause != habit and (clause in (*_HABITS, *_COMPARED) or _over_pages(by_clause[clause])):
        return habit
    if clause.startswith(_SHIFTED) and any(f.constraint == IN_A_PAGE for f in by_clause.get("record.unique", ())):
        return "record.unique"
    own = _numbers(by_clause[clause])
    if habit is not None and clause not in _HABITS and (own & varying or _follows_older_lists(clause, by_clause)):
        return habit  # what is wrong at one time and right at another is no fault of this clause alone
    if clause == "offset.maximum" and _same_ways(by_clause[clause], by_clause.get("offset.pages", ())):
        return "offset.pages"  # the highest offset is one of them
    if clause == "offset.beyond-total" and "offset.pages" in by_clause:
        return "offset.pages"  # where pages come from elsewhere, so does the one behind the last
    for other in sorted(by_clause, key=_rank):
        if other == clause or _rank(other) > _rank(clause) or (clause == habit and other in _HABITS):
            continue
        if len(own & _numbers(by_clause[other])) > _SHARED * len(own):
            return other
    return None


def _explained_by(explanation: Explanation, by_clause: Mapping[str, Sequence[Finding]]) -> tuple[str, set[str]] | None:
    """The clause that the mistake breaks, and those whose answers it explains; None where it breaks none of them."""
    followers = {
        clause
        for clause, group in by_clause.items()
        if len(_numbers(group) & explanation.explained) >= _SHARED * len(_numbers(group))
    }
    root = next((clause for clause in explanation.hypothesis.clauses if clause in by_clause), None)
    return None if root is None else (root, followers)


def _over_pages(group: Sequence[Finding]) -> bool:
    """True for a record that stands on two pages, of which either may be the one that differs each time."""
    return all(finding.clause == "record.unique" and finding.constraint != IN_A_PAGE for finding in group)


def _follows_older_lists(clause: str, by_clause: Mapping[str, Sequence[Finding]]) -> bool:
    """True for what was compared with a list that goes back to older states: none of its readings can be relied on."""
    older = any(finding.observed == OLDER_STATE for finding in by_clause.get("query.repeatable", ()))
    return older and all(finding.check == "model" for finding in by_clause[clause])


def _same_ways(group: Sequence[Finding], others: Sequence[Finding]) -> bool:
    return {finding.observed for finding in group} <= {finding.observed for finding in others}


def _habit(by_clause: Mapping[str, Sequence[Finding]]) -> str | None:
    """Which of the two habits it is: mixed-up answers, unless they are but a few among many that differ."""
    mixed, differing = (_count_occurrences(by_clause, clause) for clause in _HABITS)
    if not mixed and not differing:
        return None
    return _HABITS[0] if mixed >= _MIXED * differing else _HABITS[1]


def _unexamined(
    by_clause: Mapping[str, Sequence[Finding]], above: Mapping[str, str], headlined: str | None
) -> dict[str, str]:
    """What nobody looked into follows from the best shown cause: with so many differences it shows everywhere."""
    left = [clause for clause in by_clause if clause not in above]
    unexamined = [clause for clause in left if not any(finding.examined for finding in by_clause[clause])]
    causes = [clause for clause in left if clause not in unexamined]
    root = headlined or max(causes, key=partial(_count_occurrences, by_clause), default=None)
    return {} if root is None else dict.fromkeys((clause for clause in unexamined if clause != root), root)


def _count_occurrences(by_clause: Mapping[str, Sequence[Finding]], clause: str) -> int:
    return sum(finding.occurrences for finding in by_clause.get(clause, ()))


def _top(clause: str, above: Mapping[str, str]) -> str:
    seen = {clause}
    while clause in above and above[clause] not in seen:
        clause = above[clause]
        seen.add(clause)
    return clause


def _ordered(findings: Sequence[Finding], cause_of: Mapping[str, str], headlined: str) -> tuple[Finding, ...]:
    weight: dict[str, int] = defaultdict(int)
    for finding in findings:
        weight[cause_of[finding.fingerprint]] += finding.occurrences
    place = {finding.fingerprint: number for number, finding in enumerate(findings)}

    def key(finding: Finding) -> tuple[bool, int, int, bool, int]:
        cause = cause_of[finding.fingerprint]
        return (
            cause != headlined,
            -weight[cause],
            place[cause],
            finding.fingerprint != cause,
            place[finding.fingerprint],
        )

    return tuple(sorted(findings, key=key))
