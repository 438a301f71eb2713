"""Checks on one page of records that need no knowledge of the list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from lineman.contract.answer import AnswerKind, holds_records
from lineman.contract.checks.base import Case, check
from lineman.contract.finding import Finding, RecordDiff
from lineman.contract.matching import LearnedBehaviour, Match, match_filter
from lineman.contract.model import record_id
from lineman.contract.operation import document
from lineman.contract.operation_parts import Filter
from lineman.contract.values import same_value, written
from lineman.message import Message
from lineman.text import compact

IN_A_PAGE = "unique in a page"
"""Constraint of a record that comes twice in one answer, where the other place would be on another page."""


def _has_records(case: Case) -> bool:
    return bool(case.answer.records)


@check("limit.page-cap", where=_has_records)
def page_has_at_most_the_maximum(case: Case) -> Iterator[Finding]:
    """No answer to any request has more than 100 records."""
    maximum, count = document().paging.size_maximum, case.answer.count
    if count > maximum:
        yield case.finding(
            "limit.page-cap",
            Message.of("A page has {count} records; documented: at most {maximum}.", count=count, maximum=maximum),
            f"at most {maximum} records",
            f"{count} records",
            parameter=document().envelope.rows,
            constraint=f"at most {maximum}",
            observed="more",
        )


@check("record.unique", where=_has_records)
def no_record_twice_in_a_page(case: Case) -> Iterator[Finding]:
    """No record comes twice in one answer."""
    identity = document().identity
    counts = Counter(record_id(record) for record in case.answer.records if record.get(identity) is not None)
    twice = sorted(id_ for id_, count in counts.items() if count > 1)
    if twice:
        yield Finding(
            "record.unique",
            Message.of(
                "{count} records come more than once in one answer; the first is {identity} {value}.",
                count=len(twice),
                identity=identity,
                value=twice[0],
            ),
            f"each {identity} once",
            {id_: counts[id_] for id_ in twice[:10]},
            (case.exchange,),
            parameter=identity,
            constraint=IN_A_PAGE,
            observed="repeated",
            rows=RecordDiff(extra=tuple(r for r in case.answer.records if record_id(r) in twice[:10])),
        )


def _asks_for_none(case: Case) -> bool:
    """A success, or records whatever comes with them."""
    asked = case.is_specified and case.question is not None and case.question.limit == 0
    return asked and (case.answer.succeeded or bool(case.answer.records))


@check("limit.zero", where=_asks_for_none)
def limit_zero_gives_no_records(case: Case) -> Iterator[Finding]:
    """A page of zero records has no records."""
    if case.answer.records:
        yield case.finding(
            "limit.zero",
            Message.of("limit 0 returned {count} records; expected none.", count=case.answer.count),
            "no records",
            f"{case.answer.count} records",
            parameter="limit",
            constraint="0",
            observed="records",
        )


def _undocumented_types(case: Case) -> list[tuple[Filter, Any]]:
    """The filters whose value no table names, with that value."""
    asked = case.question
    if asked is None or not case.targets_operation:
        return []
    filters = [document().filters[name] for name in document().enum_filters if name in asked.filters]
    return [(one, asked.filters[one.name]) for one in filters if one.undocumented_clause in asked.unspecified]


@check("filter.media-type", where=lambda case: bool(case.answer.records and _undocumented_types(case)))
def records_have_the_type_asked_for(case: Case) -> Iterator[Finding]:
    """Whatever a media type does that no table names, no record of another type comes."""
    for one, value in _undocumented_types(case):
        yield from _of_another_type(case, one, value)


def _of_another_type(case: Case, one: Filter, wanted: Any) -> Iterator[Finding]:
    known = [r for r in case.answer.records if any(same_value(r.get(one.member), value) for value in one.answer_values)]
    other = [r for r in known if match_filter(one.name, wanted, r, LearnedBehaviour()) is not Match.YES]
    if other:
        yield Finding(
            one.clause,
            Message.of(
                "{name} {value} is answered with {count} records of another type.",
                name=one.name,
                value=compact(wanted),
                count=len(other),
            ),
            "refused, no records, or records of that type",
            f"records of type {sorted({written(r.get(one.member)) for r in other})}",
            (case.exchange,),
            parameter=one.name,
            constraint="undocumented value",
            observed="other types",
            rows=RecordDiff(extra=tuple(other[:10])),
        )


def _is_a_page(case: Case) -> bool:
    return case.is_specified and case.answer.status == 200 and (case.answer.succeeded or holds_records(case.answer))


@check("answer.return-code", where=_is_a_page)
def failure_carries_no_records(case: Case) -> Iterator[Finding]:
    """An answer with records says that it succeeded."""
    if case.answer.kind is AnswerKind.REFUSAL:
        yield case.finding(
            "answer.return-code",
            Message.of(
                "Records come with the {name} {value}, which means failure.",
                name=document().envelope.code,
                value=compact(case.answer.return_code),
            ),
            document().envelope.success,
            case.answer.return_code,
            parameter=document().envelope.code,
            constraint=f'"{document().envelope.success}" on success',
            observed="failure with records",
        )
