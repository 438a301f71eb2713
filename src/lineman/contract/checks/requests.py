"""Checks on requests that must be refused, or that no operation should answer."""

from __future__ import annotations

from collections.abc import Iterator

from lineman.contract.answer import AnswerKind, holds_records
from lineman.contract.checks.base import Case, Condition, check
from lineman.contract.finding import Finding
from lineman.contract.operation import document
from lineman.exchange import FailureKind
from lineman.message import Message
from lineman.text import compact

ACCEPTED = "accepted"


def refusal_words() -> str:
    """The three documented ways to refuse, in words."""
    names = document().envelope
    return f'refused: status 400, 500, or 200 with a {names.code} other than "{names.success}", and no records'


def refusal_problem(case: Case) -> str | None:
    """Why an answer is no refusal of an invalid request in one of the three documented ways; None where it is one."""
    answer = case.answer
    if answer.kind is AnswerKind.NO_ANSWER:
        return _broken_off(case)
    if holds_records(answer):
        return "records"
    if answer.kind is AnswerKind.REFUSAL:
        return None
    return ACCEPTED if answer.kind is AnswerKind.SUCCESS else f"status {answer.status}"


def _broken_off(case: Case) -> str | None:
    """How the service failed over a request; None for trouble on the way, which one try cannot tell from it."""
    failure = case.exchange.failure
    if failure is None or failure.kind not in (FailureKind.CUT, FailureKind.TIMEOUT, FailureKind.PROTOCOL):
        return None
    return None if failure.kind is FailureKind.CUT and case.exchange.attempt == 1 else failure.kind.value


def _says_something(case: Case) -> bool:
    """The service answered, or failed over the request in a way that one try tells from trouble on the way."""
    return case.has_good_credentials and (case.is_answered or _broken_off(case) is not None)


def _is_malformed(case: Case) -> bool:
    return "request.malformed-json" in case.exchange.request.clauses and _says_something(case)


@check("request.malformed-json", where=_is_malformed)
def malformed_body_is_refused(case: Case) -> Iterator[Finding]:
    """A body that is no JSON object is refused, and the connection is kept whole."""
    request = case.exchange.request
    problem = refusal_problem(case)
    if problem is not None:
        yield case.finding(
            "request.malformed-json",
            Message.of(
                "A body that is {what} was not refused as documented: {problem}.",
                what=Message.of(request.note),
                problem=Message.of(problem),
            ),
            refusal_words(),
            case.answer.signature if problem != "cut" else "the connection was cut",
            parameter="body",
            constraint=request.note,
            observed=problem,
        )


def _is_invalid_for(clause: str) -> Condition:
    def applies(case: Case) -> bool:
        invalid = case.question is not None and clause in case.question.invalid
        return invalid and case.targets_operation and _says_something(case)

    return applies


def _wrong_type(case: Case, clause: str, name: str) -> Iterator[Finding]:
    problem = refusal_problem(case)
    if problem is not None and case.question is not None:
        value = case.question.query[name]
        yield case.finding(
            clause,
            Message.of(
                "{name} {value} is not a number and was not refused as documented: {problem}.",
                name=name,
                value=compact(value),
                problem=Message.of(problem),
            ),
            refusal_words(),
            case.answer.signature,
            parameter=name,
            constraint=f"not {type(value).__name__}",
            observed=problem,
        )


@check("limit.type", where=_is_invalid_for("limit.type"))
def limit_of_no_number_is_refused(case: Case) -> Iterator[Finding]:
    """A limit that is no number at all is refused."""
    return _wrong_type(case, "limit.type", document().paging.size)


@check("offset.type", where=_is_invalid_for("offset.type"))
def offset_of_no_number_is_refused(case: Case) -> Iterator[Finding]:
    """An offset that is no number at all is refused."""
    return _wrong_type(case, "offset.type", document().paging.start)


@check("request.method", where=lambda case: case.exchange.request.method != "POST" and case.is_answered)
def other_methods_give_no_records(case: Case) -> Iterator[Finding]:
    """No method but POST is answered with records."""
    if holds_records(case.answer):
        yield case.finding(
            "request.method",
            Message.of("{method} is answered with records.", method=case.exchange.request.method),
            "no records: the operation is POST",
            case.answer.signature,
            parameter=case.exchange.request.method,
            constraint="POST only",
            observed="records",
        )


def _asks_an_unknown_path(case: Case) -> bool:
    return case.exchange.request.path is not None and case.is_answered and case.has_good_credentials


@check("request.path", where=_asks_an_unknown_path)
def unknown_paths_are_not_found(case: Case) -> Iterator[Finding]:
    """A path beside the operation's is answered 404, without records."""
    request = case.exchange.request
    if case.answer.status != 404 or holds_records(case.answer):
        yield case.finding(
            "request.path",
            Message.of("An unknown path is answered {status} with records.", status=case.answer.status or 0)
            if holds_records(case.answer)
            else Message.of("An unknown path is answered {status}.", status=case.answer.status or 0),
            404,
            case.answer.status,
            parameter="path",
            constraint=request.note,
            observed="records" if holds_records(case.answer) else f"status {case.answer.status}",
        )
