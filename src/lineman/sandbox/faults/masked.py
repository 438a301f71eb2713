"""Faults that hide behind something else: a member that changes with every answer, another fault, a rare occasion."""

from __future__ import annotations

from dataclasses import replace

from lineman.sandbox.faults.base import every_nth, failure, fault, peek
from lineman.sandbox.pipeline import INTERPRET, PAGE_SIZE, QUERY, RENDER, SELECT, Call, Document, Query, Reply, Step
from lineman.sandbox.store import Selection

_VOLATILE = ("signed-icons",)
_LONG = 20
"""Pages of more records than this are long."""


def _asked_limit(call: Call) -> int:
    """The limit as it was asked for; 0 where none was, or no integer."""
    limit = call.members.get("limit")
    return limit if type(limit) is int else 0


@fault(
    INTERPRET,
    "limit.clamp",
    "over-means-ten-behind-icons",
    "Gives 10 records for a limit above 100; every record has an icon with a fresh signature.",
    variants=_VOLATILE,
)
def over_means_ten_behind_icons(call: Call, proceed: Step[Query]) -> Query:
    query = proceed(call)
    return replace(query, limit=10) if _asked_limit(call) > PAGE_SIZE else query


@fault(
    SELECT,
    "offset.pages",
    "page-skips-record-behind-icons",
    "Skips a record between pages; every record has an icon with a fresh signature.",
    variants=_VOLATILE,
)
def page_skips_record_behind_icons(call: Call, proceed: Step[Selection]) -> Selection:
    offset = call.query.offset
    return proceed(call.asking(offset=offset + 1)) if 0 < offset < PAGE_SIZE else proceed(call)


@fault(
    SELECT,
    "filter.media-type",
    "two-finds-five-behind-icons",
    "Finds type 5 for type 2; every record has an icon with a fresh signature.",
    variants=_VOLATILE,
)
def two_finds_five_behind_icons(call: Call, proceed: Step[Selection]) -> Selection:
    return proceed(call.filtering(media_type=5)) if call.query.criteria.media_type == 2 else proceed(call)


@fault(
    RENDER,
    "total.counts-matches",
    "total-one-less-behind-icons",
    "Counts one record less where there are filters; every record has an icon with a fresh signature.",
    variants=_VOLATILE,
)
def total_one_less_behind_icons(call: Call, proceed: Step[Document]) -> Document:
    document = proceed(call)
    criteria = call.query.criteria
    if criteria.access_code or criteria.description or criteria.media_type is not None:
        document["data"]["total"] = max(0, document["data"]["total"] - 1)
    return document


@fault(SELECT, "limit.page-size", "long-pages-lose-last", "Loses the last record of pages of more than 20.")
def long_pages_lose_last(call: Call, proceed: Step[Selection]) -> Selection:
    selection = proceed(call)
    return replace(selection, records=selection.records[:-1]) if len(selection.records) > _LONG else selection


@fault(SELECT, "limit.page-size", "limits-over-twenty-lose-last", "Loses the last record where limit is 21 to 99.")
def limits_over_twenty_lose_last(call: Call, proceed: Step[Selection]) -> Selection:
    selection = proceed(call)
    loses = _LONG < _asked_limit(call) < PAGE_SIZE and len(selection.records) == call.query.limit
    return replace(selection, records=selection.records[:-1]) if loses else selection


@fault(QUERY, "limit.clamp", "over-unprocessable", "Answers 422 for a limit above 100.")
def over_unprocessable(call: Call, proceed: Step[Reply]) -> Reply:
    limit = peek(call).get("limit")
    reply = proceed(call)
    return failure(422) if type(limit) is int and limit > PAGE_SIZE else reply


@fault(QUERY, "limit.clamp", "just-over-unprocessable", "Answers 422 for limit 101.")
def just_over_unprocessable(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    return failure(422) if peek(call).get("limit") == PAGE_SIZE + 1 else reply


@fault(
    INTERPRET,
    "limit.clamp",
    "over-behind-hundred-is-first",
    "Gives the first page for a limit above 100 together with offset 100.",
    sole=True,
)
def over_behind_hundred_is_first(call: Call, proceed: Step[Query]) -> Query:
    query = proceed(call)
    return replace(query, offset=0) if _asked_limit(call) > PAGE_SIZE and query.offset == PAGE_SIZE else query


@fault(
    INTERPRET,
    "limit.clamp",
    "over-behind-hundred-skips",
    "Skips as many records as limit says, above 100, behind page one.",
    sole=True,
)
def over_behind_hundred_skips(call: Call, proceed: Step[Query]) -> Query:
    query = proceed(call)
    limit = _asked_limit(call)
    return replace(query, offset=min(limit, 2**31)) if limit > PAGE_SIZE and query.offset else query


@fault(SELECT, "query.repeatable", "twentieth-loses-last", "Loses the last record of every twentieth answer.")
def twentieth_loses_last(call: Call, proceed: Step[Selection]) -> Selection:
    selection = proceed(call)
    return replace(selection, records=selection.records[:-1]) if every_nth(call, "twentieth", 20) else selection


def _changing(name: str, member: str, summary: str) -> None:
    """Declare the fault of a documented member that has another value in every answer."""

    @fault(RENDER, "query.repeatable", name, summary, sole=True)
    def hook(call: Call, proceed: Step[Document]) -> Document:
        document = proceed(call)
        serial = call.service.memory[name] = call.service.memory.get(name, 0) + 1
        for record in document["data"]["calledRouteList"]:
            record[member] = f"400{serial:07d}"
        return document


_changing("service-number-always-changes", "n400Number", "Has another n400Number in every answer.")


@fault(RENDER, "query.repeatable", "attribute-always-changes", "Has another numCallAttr in every answer.", sole=True)
def attribute_always_changes(call: Call, proceed: Step[Document]) -> Document:
    document = proceed(call)
    serial = call.service.memory["attribute"] = call.service.memory.get("attribute", 0) + 1
    for record in document["data"]["calledRouteList"]:
        record["numCallAttr"] = serial % 3 + 1
    return document


@fault(
    SELECT,
    "auth.tenant-isolation",
    "description-filter-leaks",
    "Finds descriptions of the other tenant too.",
    sole=True,
)
def description_filter_leaks(call: Call, proceed: Step[Selection]) -> Selection:
    selection = proceed(call)
    if not call.query.criteria.description or call.query.offset or call.query.criteria.is_example:
        return selection
    other = replace(call, tenant=3 - call.tenant)
    theirs = proceed(other.asking(limit=3)).records
    room = max(0, call.query.limit - len(theirs))
    records = (*selection.records[:room], *theirs)[: call.query.limit]
    return Selection(records, selection.total + len(theirs))


@fault(
    RENDER,
    "answer.schema",
    "nulls-for-other-types",
    "Has null in place of each record of another type than asked for.",
)
def nulls_for_other_types(call: Call, proceed: Step[Document]) -> Document:
    wanted = call.query.criteria.media_type
    if wanted is None:
        return proceed(call)
    selection = call.filtering(media_type=None).run(SELECT)
    document = proceed(replace(call, selection=selection))
    records = document["data"]["calledRouteList"]
    document["data"]["calledRouteList"] = [each if each.get("mediatypeId") == wanted else None for each in records]
    return document
