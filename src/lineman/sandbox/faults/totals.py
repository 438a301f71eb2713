"""Faults of total, and records that come twice."""

from __future__ import annotations

from dataclasses import replace

from lineman.sandbox.faults.base import all_matches, fault, page
from lineman.sandbox.pipeline import RENDER, SELECT, Call, Document, Step
from lineman.sandbox.store import Criteria, Selection


def _with_total(document: Document, total: int) -> Document:
    document["data"]["total"] = total
    return document


def _total(document: Document) -> int:
    return int(document["data"]["total"])


@fault(RENDER, "total.counts-matches", "total-counts-page", "Counts the records of the page.", sole=True)
def total_counts_page(call: Call, proceed: Step[Document]) -> Document:
    return _with_total(proceed(call), len(call.selection.records))


@fault(RENDER, "total.counts-matches", "total-capped", "Counts no further than 100.", sole=True)
def total_capped(call: Call, proceed: Step[Document]) -> Document:
    return _with_total(proceed(call), min(100, call.selection.total))


@fault(RENDER, "total.counts-matches", "total-ignores-filters", "Counts all records of the tenant.", sole=True)
def total_ignores_filters(call: Call, proceed: Step[Document]) -> Document:
    return _with_total(proceed(call), call.service.store.find(call.tenant, Criteria(), 0, 0).total)


@fault(RENDER, "total.counts-matches", "total-ignores-description", "Counts without the description filter.", sole=True)
def total_ignores_description(call: Call, proceed: Step[Document]) -> Document:
    if call.query.criteria.is_example:
        return proceed(call)
    criteria = replace(call.query.criteria, description=None)
    return _with_total(proceed(call), call.service.store.find(call.tenant, criteria, 0, 0).total)


@fault(RENDER, "total.counts-matches", "total-less-offset", "Counts the records from offset on.", sole=True)
def total_less_offset(call: Call, proceed: Step[Document]) -> Document:
    return _with_total(proceed(call), max(0, call.selection.total - call.query.offset))


@fault(RENDER, "total.counts-matches", "total-zero-without-page", "Counts nothing for limit 0.", sole=True)
def total_zero_without_page(call: Call, proceed: Step[Document]) -> Document:
    return proceed(call) if call.query.limit else _with_total(proceed(call), 0)


@fault(RENDER, "total.counts-matches", "total-counts-pages", "Counts pages in place of records.", sole=True)
def total_counts_pages(call: Call, proceed: Step[Document]) -> Document:
    return _with_total(proceed(call), -(-call.selection.total // max(1, call.query.limit)))


@fault(RENDER, "total.counts-matches", "total-one-more", "Counts one record too many for a media type.", sole=True)
def total_one_more(call: Call, proceed: Step[Document]) -> Document:
    document = proceed(call)
    return _with_total(document, _total(document) + 1) if call.query.criteria.media_type is not None else document


@fault(SELECT, "record.unique", "first-comes-twice", "Serves the first record again in place of a page's last.")
def first_comes_twice(call: Call, proceed: Step[Selection]) -> Selection:
    selection = proceed(call)
    if len(selection.records) < 10:
        return selection
    return replace(selection, records=(*selection.records[:-1], selection.records[0]))


@fault(SELECT, "record.unique", "comes-again-on-next-page", "Serves a page's last record again on the next page.")
def comes_again_on_next_page(call: Call, proceed: Step[Selection]) -> Selection:
    selection = proceed(call)
    if not call.query.offset or not selection.records:
        return selection
    before = proceed(call.asking(offset=call.query.offset - 1, limit=1)).records
    return replace(selection, records=before + selection.records[1:])


@fault(SELECT, "record.unique", "joined-twice", "Lists a record once for each of two service numbers.")
def joined_twice(call: Call, proceed: Step[Selection]) -> Selection:
    doubled = []
    for index, record in enumerate(all_matches(call, proceed)):
        doubled += [record, record] if index == 17 else [record]
    return page(call, doubled)


@fault(SELECT, "record.unique", "deep-pair", "Lists record 160 again as record 161.", sole=True)
def deep_pair(call: Call, proceed: Step[Selection]) -> Selection:
    matches = list(all_matches(call, proceed))
    if len(matches) > 162:
        matches[161] = matches[160]
    return page(call, matches)


@fault(RENDER, "record.unique", "id-shared", "Gives the second record of a page the id of the first.")
def id_shared(call: Call, proceed: Step[Document]) -> Document:
    document = proceed(call)
    records = document["data"]["calledRouteList"]
    if len(records) > 1:
        records[1]["id"] = records[0]["id"]
    return document
