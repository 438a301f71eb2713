"""Which clauses does an exchange bear on, beyond the ones that it was made for?"""

from __future__ import annotations

from collections.abc import Iterator

from lineman.contract.answer import AnswerKind, read_answer
from lineman.contract.operation import document
from lineman.contract.oracle.comparison import filter_clause
from lineman.contract.query import ParsedQuery, parse_request_body
from lineman.exchange import Credential, Exchange

_EVERY_SUCCESS = ("answer.json", "answer.schema", "answer.carries-data", "limit.page-cap", "record.unique")
_EVERY_CERTAIN = ("answer.return-code", "total.counts-matches", "limit.page-size", "query.repeatable", "order.stable")


def clauses_exercised(exchange: Exchange) -> set[str]:
    """The clauses on which this exchange's answer is evidence."""
    answer, asked = read_answer(exchange), parse_request_body(exchange.request)
    borne = set(exchange.request.clauses)
    if answer.kind is AnswerKind.NO_ANSWER:
        return borne
    borne |= {"answer.status", "error.no-internals"}
    if answer.kind is AnswerKind.SUCCESS:
        borne.update(_EVERY_SUCCESS)
    if asked is not None and asked.is_specified and exchange.request.credential is Credential.VALID:
        borne.update(_EVERY_CERTAIN)
        borne.update(_parameters(asked))
    return borne


def _parameters(asked: ParsedQuery) -> Iterator[str]:
    paging = document().paging
    if asked.filters:
        yield filter_clause(asked)
    if asked.limit is None:
        yield "limit.default"
    elif asked.limit in (0, paging.size_maximum):
        yield "limit.zero" if asked.limit == 0 else "limit.maximum"
    elif asked.limit > paging.size_maximum:
        yield "limit.clamp"
    if asked.offset is None:
        yield "offset.default"
    elif asked.offset:
        yield "offset.maximum" if asked.offset == paging.start_maximum else "offset.pages"
