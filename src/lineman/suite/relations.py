"""Relations between answers that hold without a model, for a tenant of any size."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from lineman.contract.answer import Answer, AnswerKind, read_answer
from lineman.contract.finding import Finding, RecordDiff
from lineman.contract.model import record_id
from lineman.contract.operation import document
from lineman.contract.oracle.comparison import describe, has_page
from lineman.contract.query import parse_query
from lineman.contract.values import content
from lineman.exchange import AppKey, Credential, Exchange, Request
from lineman.message import Message
from lineman.suite.service import Service


def same_answers(
    these: Sequence[Exchange],
    those: Sequence[Exchange],
    clause: str,
    *,
    parameter: str,
    volatile: Collection[str] = (),
) -> list[Finding]:
    """The same queries, asked in two ways that should make no difference.

    ``volatile`` are members that are another in every answer, and say nothing about either way.
    """
    return [
        finding
        for one, other in zip(these, those, strict=True)
        for finding in _same(one, other, clause, parameter, volatile)
    ]


def _same(one: Exchange, other: Exchange, clause: str, parameter: str, volatile: Collection[str] = ()) -> list[Finding]:
    here, there = read_answer(one), read_answer(other)
    if AnswerKind.OUTAGE in (here.kind, there.kind) or AnswerKind.NO_ANSWER in (here.kind, there.kind):
        return []
    if _content(here, volatile) == _content(there, volatile):
        return []
    asked = describe(parse_query(one.request.query or {}))
    return [
        Finding(
            clause,
            Message.of(
                "The query ({query}) is answered differently {so} than {otherwise}.",
                query=asked,
                so=Message.of(other.request.note),
                otherwise=Message.of(one.request.note),
            ),
            _answer_summary(here),
            _answer_summary(there),
            (other, one),
            parameter=parameter,
            constraint="makes no difference",
            observed="another answer" if there.kind is here.kind else f"another form, {there.kind.value}",
            rows=_rows(here, there),
        )
    ]


def _content(answer: Answer, volatile: Collection[str]) -> str:
    if not has_page(answer):
        return answer.signature
    return "\n".join((str(answer.total), *(content(record, volatile) for record in answer.records)))


def _answer_summary(answer: Answer) -> dict[str, Any]:
    return {"answer": answer.signature, "total": answer.total, "ids": [record_id(r) for r in answer.records[:10]]}


def _rows(expected: Answer, got: Answer) -> RecordDiff:
    wanted, have = {record_id(r) for r in expected.records}, {record_id(r) for r in got.records}
    return RecordDiff(
        missing=tuple(r for r in expected.records if record_id(r) not in have)[:20],
        extra=tuple(r for r in got.records if record_id(r) not in wanted)[:20],
    )


def foreign_keys(service: Service, keys: Sequence[AppKey], queries: Sequence[dict[str, Any]]) -> None:
    """Ask with foreign app keys: refused credentials are fine, and so is the answer that the own key gets."""
    clause = "auth.foreign-app-key"
    notes = {AppKey.SECOND: "with the other tenant's X-APP-Key", AppKey.UNKNOWN: "with nobody's X-APP-Key"}

    def judge() -> list[Finding]:
        own = service.own_answers(clause, queries, "with its own X-APP-Key")
        findings: list[Finding] = []
        for key in keys:
            foreign = service.ask(*(Request.of(query, clause, app_key=key, note=notes[key]) for query in queries))
            pairs = [
                (o, f) for o, f in zip(own, foreign, strict=True) if read_answer(f).kind is not AnswerKind.UNAUTHORISED
            ]
            findings += same_answers(
                [o for o, _ in pairs],
                [f for _, f in pairs],
                clause,
                parameter="X-APP-Key",
                volatile=service.model.volatile,
            )
        return findings

    service.confirm(judge, clause, "foreign_app_key_gives_no_other_records")


def repeated_over_pages(exchanges: Sequence[Exchange]) -> list[Finding]:
    """Pages of one size of one query: no record comes on two of them."""
    walks: dict[str, list[Exchange]] = {}
    for exchange in exchanges:
        query = {
            name: value for name, value in (exchange.request.query or {}).items() if name != document().paging.start
        }
        walks.setdefault(json.dumps(query, sort_keys=True), []).append(exchange)
    return [finding for walk in walks.values() for finding in _repeated(walk)]


def _repeated(walk: Sequence[Exchange]) -> list[Finding]:
    where: dict[str, Exchange] = {}
    for exchange in walk:
        answer, asked = read_answer(exchange), parse_query(exchange.request.query or {})
        if len(answer.records) > asked.page_size:
            continue  # too large a page, which is reported as such, runs into the next one
        for record in answer.records:
            id_ = record_id(record)
            other = where.setdefault(id_, exchange)
            if other is not exchange:
                return [_on_two_pages(other, exchange, record)]
    return []


def _on_two_pages(one: Exchange, other: Exchange, record: Mapping[str, Any]) -> Finding:
    offsets = [(e.request.query or {}).get(document().paging.start, 0) for e in (one, other)]
    return Finding(
        "record.unique",
        Message.of(
            "Record {id} stands on two pages of one list, at offsets {one} and {other}.",
            id=record_id(record),
            one=offsets[0],
            other=offsets[1],
        ),
        "each record on one page",
        dict(record),
        (other, one),
        parameter=document().identity,
        constraint="unique over pages",
        observed="on two pages",
        rows=RecordDiff(extra=(record,)),
    )


def disjoint_tenants(service: Service, queries: Sequence[Mapping[str, Any]]) -> None:
    """Ask the same queries for both tenants, one after the other, and compare ids with the first tenant's list.

    Records of the second tenant in a first tenant's answer are found by the model already: they are not in its list.
    """
    clause = "auth.tenant-isolation"
    listing = service.listing
    known = dict(listing.by_id) if listing else {}
    unreadable = 0
    for query in queries:
        first, second = (
            service.ask(Request.of(query, clause, note="the first tenant"))[0],
            service.ask(Request.of(query, clause, credential=Credential.SECOND, note="the second tenant"))[0],
        )
        known.update({record_id(r): r for r in read_answer(first).records})
        answer = read_answer(second)
        unreadable += not has_page(answer)
        both = [r for r in answer.records if record_id(r) in known]
        if both:
            service.add_findings(_leak(second, first, both))
    if unreadable == len(queries):
        service.not_verified(clause, "no query of the second tenant succeeded: check its credentials")


def _leak(second: Exchange, first: Exchange, both: Sequence[Mapping[str, Any]]) -> Finding:
    names = (
        "+".join(sorted(name for name in (second.request.query or {}) if name not in document().paging.names))
        or "no filter"
    )
    return Finding(
        "auth.tenant-isolation",
        Message.of("The second tenant sees {count} records of the first.", count=len(both)),
        "no record of another tenant",
        [dict(r) for r in both[:5]],
        (second, first),
        parameter=names,
        constraint="own records only",
        observed="the other tenant's records",
        rows=RecordDiff(extra=tuple(both[:20])),
        check="disjoint_tenants",
    )


def types_partition(service: Service, name: str) -> list[Finding]:
    """The totals of a filter's values, against the whole: with the values that only answers have they make it up."""
    one, smallest = document().filters[name], document().paging.page(1)
    types = one.values
    requests = [Request.of(smallest, one.clause, note="the whole")]
    requests += [Request.of({name: t, **smallest}, one.clause, note=f"type {t}") for t in types]
    exchanges = service.ask(*requests)
    answers = [read_answer(exchange) for exchange in exchanges]
    totals = [
        0 if not has_page(a) and a.kind in (AnswerKind.REFUSAL, AnswerKind.NOT_FOUND) else a.total for a in answers
    ]
    if totals[0] is None or not has_page(answers[0]) or any(total is None for total in totals):
        return []
    parts = [total for total in totals[1:] if total is not None]
    if sum(parts) <= totals[0]:
        return []
    return [
        Finding(
            "total.counts-matches",
            Message.of(
                "Types {types} have {parts} records, the whole list only {whole}.",
                types=", ".join(map(str, types)),
                parts=" + ".join(map(str, parts)),
                whole=totals[0],
            ),
            f"at most {totals[0]}",
            sum(parts),
            tuple(exchanges),
            parameter=name,
            constraint="parts of the whole",
            observed="more than the whole",
        )
    ]


def narrower_finds_fewer(service: Service) -> list[Finding]:
    """Totals of a filter, of a longer text of it, and of it with another filter."""
    findings: list[Finding] = []
    for wide, narrow in service.data.narrowings():
        exchanges = service.ask(
            *(Request.of(query, "filter.conjunction", note="narrowing") for query in (wide, narrow))
        )
        wider, narrower = (read_answer(exchange) for exchange in exchanges)
        if has_page(wider) and has_page(narrower) and (narrower.total or 0) > (wider.total or 0):
            findings.append(_grew(exchanges, wider, narrower))
    return findings


def _grew(exchanges: Sequence[Exchange], wider: Answer, narrower: Answer) -> Finding:
    return Finding(
        "filter.conjunction",
        Message.of(
            "A narrower filter finds {narrow} records, more than the {wide} of the wider one.",
            narrow=narrower.total or 0,
            wide=wider.total or 0,
        ),
        f"at most {wider.total}",
        narrower.total,
        (exchanges[1], exchanges[0]),
        parameter="+".join(sorted(exchanges[1].request.query or {})),
        constraint="narrowing narrows",
        observed="more",
    )
