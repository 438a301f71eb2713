"""Does a text filter match a value? Yes, no, or only by a behaviour on which the documentation is silent.

The page says "fuzzy"; the clause reads it as *contains*. Letter case and wildcard characters are left open, so a match
that needs one of them is neither promised nor forbidden until the target's own answer is known.
"""

from __future__ import annotations

import string
from dataclasses import dataclass, field
from enum import Enum

from lineman.contract.finding import Record
from lineman.contract.folding import folded
from lineman.contract.operation import document
from lineman.contract.query import ParsedQuery
from lineman.contract.values import same_value

WILDCARDS = "%_*?"
_LONGEST = 10_000
"""Characters of a value that a pattern is looked for in; a longer one may fit: looking costs a time that nobody has."""
_ANY_RUN = frozenset("%*")
_ASCII_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_ANY_ONE = frozenset("_?")


class Match(Enum):
    YES = "yes"
    MAYBE = "maybe"
    NO = "no"


@dataclass(slots=True)
class LearnedBehaviour:
    """What a target does where matching is left open, as far as it was asked.

    ``case`` maps a text filter to True where it minds the case of ASCII letters, False where it does not; absent:
    unknown.
    """

    case: dict[str, bool] = field(default_factory=dict)


def match_record(asked: ParsedQuery, record: Record, behaviour: LearnedBehaviour) -> Match:
    """How far a record satisfies every filter of a question."""
    found = Match.YES
    for name, value in asked.filters.items():
        outcome = match_filter(name, value, record, behaviour)
        if outcome is Match.NO:
            return Match.MAYBE if _is_documented_example(asked, record) else Match.NO
        found = Match.MAYBE if outcome is Match.MAYBE else found
    return found


def match_filter(name: str, wanted: object, record: Record, behaviour: LearnedBehaviour) -> Match:
    """How far a record satisfies one filter. A member of a wrong type is answer.schema's to tell, not judged twice."""
    one = document().filters[name]
    value = record.get(one.member)
    if one.kind != "text":
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float | str)):
            return Match.MAYBE
        return Match.YES if same_value(value, wanted) or str(value) == str(wanted) else Match.NO
    if value is None or not isinstance(wanted, str):
        return Match.NO
    if not isinstance(value, str):
        return Match.MAYBE
    if not one.fuzzy:
        return match_exactly(wanted, value)
    return match_text(wanted, value, minds_case=behaviour.case.get(name))


def match_exactly(text: str, value: str) -> Match:
    """How far ``value`` is ``text``: where no fuzzy query is documented, a part is no match."""
    if text == value:
        return Match.YES
    return Match.MAYBE if folded(text) == folded(value) else Match.NO


def match_text(text: str, value: str, *, minds_case: bool | None = None) -> Match:
    """How far ``value`` contains ``text``; ``minds_case`` is the target's habit with ASCII letters, None where
    unknown.
    """
    if text in value:
        return Match.YES
    if minds_case is False and _ascii_lower(text) in _ascii_lower(value):
        return Match.YES
    folded_text, folded_value = folded(text), folded(value)
    if folded_text in folded_value or text.casefold() in value.casefold():
        return Match.MAYBE
    if any(character in text for character in WILDCARDS) and (
        len(value) > _LONGEST or _wild(folded_text, folded_value) or _wild(text.casefold(), value.casefold())
    ):
        return Match.MAYBE
    return Match.NO


def _ascii_lower(text: str) -> str:
    return text.translate(_ASCII_LOWER)


def _wild(pattern: str, value: str) -> bool:
    """Search ``value`` for a pattern of LIKE's and glob's wildcards together; a backslash may escape. Linear,
    no regular expression.
    """
    return any(_fits(pattern.replace("\\", ""), haystack) for haystack in {value, value.replace("\\", "")})


def _fits(pattern: str, haystack: str) -> bool:
    runs: list[list[str]] = [[]]
    for character in pattern:
        if character in _ANY_RUN:
            runs.append([])
        else:
            runs[-1].append(character)
    position = 0
    for run in filter(None, runs):
        found = next((i for i in range(position, len(haystack) - len(run) + 1) if _run_fits(run, haystack, i)), None)
        if found is None:
            return False
        position = found + len(run)
    return True


def _run_fits(run: list[str], value: str, start: int) -> bool:
    return all(c in _ANY_ONE or c == value[start + i] for i, c in enumerate(run))


def _is_documented_example(asked: ParsedQuery, record: Record) -> bool:
    """The page's example finds a record whose description is null by a description: what the page shows cannot
    be a fault.
    """
    contract = document()
    if asked.filters != contract.example_filters:
        return False
    shown = contract.example_response[contract.envelope.data][contract.envelope.rows]
    first = next(iter(contract.filters.values())).member
    return any(record.get(first) == row[first] for row in shown)
