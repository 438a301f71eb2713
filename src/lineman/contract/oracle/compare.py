"""Compare an answer with its prediction, and say which clause a difference breaks.

The judgements are made in an order in which an earlier difference explains the later ones: a filter that lets too much
through also changes the total and the pages, and is reported once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lineman.contract.answer import AnswerKind, holds_records, read_answer
from lineman.contract.checks.base import Case
from lineman.contract.clauses import catalogue
from lineman.contract.finding import Finding
from lineman.contract.model import Model, Prediction, learn_order, predict
from lineman.contract.operation import document
from lineman.contract.oracle.comparison import Comparison, filter_clause, has_page, may_be_refused, not_accepted
from lineman.contract.oracle.pages import check_page, check_past_end, check_positions
from lineman.contract.oracle.records import check_contents, check_reachable_count, check_records, check_total
from lineman.contract.outcome import MODEL, Outcome, Result
from lineman.contract.query import ParsedQuery, parse_request_body
from lineman.exchange import Exchange
from lineman.message import Message

MEMBERSHIP = (check_records, check_contents, check_reachable_count, check_total)
PAGING = (check_page,)
NO_PREDICTION = Prediction((), (), complete=False, order_known=False, positions_known=False, total=None)


def compare(exchange: Exchange, model: Model) -> list[Finding]:
    """Compare the answer to a certain question with what is known; empty where they agree or nothing can be said."""
    asked = parse_request_body(exchange.request)
    if asked is None or not asked.is_specified:
        return []
    case = Case(exchange, read_answer(exchange), asked)
    if not case.targets_operation or case.answer.kind in (AnswerKind.OUTAGE, AnswerKind.NO_ANSWER):
        return []
    comparison = Comparison(case, asked, case.answer, model.predict(asked) or NO_PREDICTION, model)
    if not has_page(case.answer):
        return list(not_accepted(comparison))
    if case.answer.kind is AnswerKind.REFUSAL and not case.answer.records and may_be_refused(comparison):
        return []
    return _judge(comparison)


_EVERY_PAGE = (
    "answer.status",
    "answer.return-code",
    "total.counts-matches",
    "limit.page-size",
    "query.repeatable",
    "order.stable",
)


def judge_by_model(exchange: Exchange, model: Model) -> list[Outcome]:
    """Compare an answer with its prediction: the clauses that it breaks, or those that it shows kept.

    Nothing is said of an answer that is no success, nor of one that nothing is known about; and of one that differs
    only how it differs, because one difference explains others.
    """
    findings = compare(exchange, model)
    broken: dict[str, list[Finding]] = {}
    for finding in findings:
        broken.setdefault(finding.clause, []).append(finding)
    if broken:
        return [Outcome(id_, MODEL, Result.BROKEN, exchange, tuple(found)) for id_, found in broken.items()]
    asked = parse_request_body(exchange.request)
    if asked is None or not asked.is_specified or not read_answer(exchange).succeeded or model.predict(asked) is None:
        return []
    purposes = [id_ for id_ in exchange.request.clauses if shown_by_success(id_)]
    clauses = dict.fromkeys([*_EVERY_PAGE, *_of_parameters(asked), *purposes])
    return [Outcome(id_, MODEL, Result.KEPT, exchange) for id_ in clauses]


def shown_by_success(clause: str) -> bool:
    """True for promises that a success shows kept."""
    known = catalogue().get(clause)
    return known is not None and known.promised and known.shown_by == "success"


def _of_parameters(asked: ParsedQuery) -> Iterator[str]:
    """The clauses about the parameters that a query has, and about those that it leaves out."""
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


def _judge(c: Comparison) -> list[Finding]:
    found = [*_status(c), *_return_code(c)]
    beyond = list(check_past_end(c))
    if beyond:
        return found + beyond
    members = _against_the_whole(c) or _first_findings(c, *MEMBERSHIP)
    if members and {finding.clause for finding in members} == {"total.counts-matches"}:
        return found + (list(check_positions(c)) or members)
    return found + (members or _on_the_page(c))


def _on_the_page(c: Comparison) -> list[Finding]:
    """Judge the page; a whole answer with the right records says in which order these filters find them."""
    learn_order(c.answer, c.asked, c.model)
    return _first_findings(replace(c, prediction=c.model.predict(c.asked) or NO_PREDICTION), *PAGING)


def _against_the_whole(c: Comparison) -> list[Finding]:
    """What a narrower reading says must agree with the whole list, as far as that is known."""
    whole = c.model.whole
    if whole is None or whole is c.model.listing_for(c.asked) or not c.asked.filters:
        return []
    return _first_findings(replace(c, prediction=_bounds(c.asked, c.model)), *MEMBERSHIP)


def _bounds(asked: ParsedQuery, model: Model) -> Prediction:
    whole = model.whole
    assert whole is not None  # noqa: S101 -- the caller has looked
    return predict(asked, whole.head, model)


def _first_findings(c: Comparison, *judges: object) -> list[Finding]:
    for judge in judges:
        assert callable(judge)  # noqa: S101 -- they are the functions named above
        findings = list(judge(c))
        if findings:
            return findings
    return []


def _status(c: Comparison) -> Iterator[Finding]:
    """A valid request is answered 200."""
    if c.answer.status != 200:
        yield c.finding(
            "answer.status",
            Message.of("A valid request is answered with status {status}.", status=c.answer.status or 0),
            200,
            c.answer.status,
            parameter="status",
            constraint="200 for a valid request",
            observed=str(c.answer.status),
        )


def _return_code(c: Comparison) -> Iterator[Finding]:
    """A page of records comes with the return code for success."""
    code, names = c.answer.return_code, document().envelope
    if code == names.success or (c.answer.kind is AnswerKind.REFUSAL and holds_records(c.answer)):
        return  # records beside a failure code have a check of their own
    yield c.finding(
        "answer.return-code",
        Message.of('The answer to a valid query has no {name} "{success}".', name=names.code, success=names.success),
        names.success,
        code if isinstance(code, str | int | float | bool | None) else str(type(code).__name__),
        parameter=names.code,
        constraint=f'"{names.success}" on success',
        observed="other" if isinstance(code, str) else "absent or no text",
    )
