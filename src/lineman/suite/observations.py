"""Words for what a target does where the documentation is silent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from lineman.contract.answer import Answer, AnswerKind, is_html, read_answer
from lineman.contract.model import record_id
from lineman.contract.operation import document
from lineman.contract.query import parse_query
from lineman.contract.values import written
from lineman.exchange import Exchange
from lineman.suite.service import Service

_LONGEST_NAME = 80
"""Characters of a member's name that are shown."""
_OFTEN = 3
"""Answers in which a member has to be seen before it is said to be another in every one."""
_SOME = "matches records that have one"
_DOUBTFUL = frozenset({"another answer", "another page", "unclear", _SOME})
"""What a list that changed in between looks like."""
_TRIES = 5


def refused_or(exchange: Exchange, words: str, *, nothing: str | None = None) -> str:
    """``refused`` with its form, or ``words`` for an answer of success; ``nothing`` for the target's own way
    to say no match.
    """
    answer = read_answer(exchange)
    if answer.kind is AnswerKind.SUCCESS:
        return words
    if answer.kind is AnswerKind.NO_ANSWER:
        return f"no answer ({exchange.failure.kind.value if exchange.failure else 'cut'})"
    if nothing is not None and answer.kind in (AnswerKind.REFUSAL, AnswerKind.NOT_FOUND):
        return nothing
    return f"refused: {answer.signature}"


def outcome_against(
    exchange: Exchange, service: Service, *, like: Mapping[str, Any] | None = None, words: str = "ignored"
) -> str | None:
    """``words`` where the answer is the one to the query ``like`` (default: the exchange's own); else what it is.

    None where the data kept changing.
    """

    def outcome(exchange: Exchange) -> str:
        answer = read_answer(exchange)
        if answer.kind is not AnswerKind.SUCCESS:
            return refused_or(exchange, words)
        asked = parse_query(like if like is not None else exchange.request.query or {})
        return words if _is_page(answer, service, asked) else "another answer"

    return _settled(service, exchange, outcome)


def offset_outcome(
    exchange: Exchange, service: Service, candidates: Mapping[str, int], query: Mapping[str, Any]
) -> str | None:
    """``honoured``, one of the named other offsets, or what else the answer is; None where the data kept changing."""

    def outcome(exchange: Exchange) -> str:
        answer = read_answer(exchange)
        if answer.kind is not AnswerKind.SUCCESS:
            return refused_or(exchange, "")
        fits = [
            words
            for words, offset in {"honoured": query["offset"], **candidates}.items()
            if _is_page(answer, service, parse_query({**query, "offset": offset}))
        ]
        return " or ".join(fits) or "another page"

    return _settled(service, exchange, outcome)


def empty_text_outcome(exchange: Exchange, service: Service) -> str | None:
    """Whether the empty text filters; None where the data kept changing."""

    def outcome(exchange: Exchange) -> str:
        answer, listing = read_answer(exchange), service.listing
        if answer.kind is not AnswerKind.SUCCESS:
            return refused_or(exchange, "")
        if listing is None or answer.total is None:
            return "unclear"
        if answer.total == listing.total:
            return "no filter"
        if answer.total == 0:
            return "matches nothing"
        return _SOME if answer.total < listing.total else "unclear"

    return _settled(service, exchange, outcome)


def _settled(service: Service, exchange: Exchange, outcome: Callable[[Exchange], str]) -> str | None:
    """What an answer comes to on data that did not change around it; it is asked again as long as it may have."""
    for _ in range(_TRIES):
        words = outcome(exchange)
        if words not in _DOUBTFUL:
            return words
        if not service.allowance.affords(service.reader.cost()):
            return None
        if not service.reader.read_again():
            return words
        (exchange,) = service.ask(exchange.request)
    return None


def _is_page(answer: Answer, service: Service, asked: Any) -> bool:
    prediction = service.model.predict(asked)
    if prediction is None:
        return False
    return [record_id(r) for r in prediction.page(asked)] == [record_id(r) for r in answer.records]


def learn_case(service: Service, name: str, exchange: Exchange) -> None:
    """Learn whether a text filter minds letter case, and record it."""
    answer = read_answer(exchange)
    minds = not answer.records
    if answer.kind is AnswerKind.SUCCESS or answer.signature in service.model.no_match:
        service.model.behaviour.case[name] = minds
        service.observe("filter.case", f"{name}: {'minds' if minds else 'does not mind'} letter case")
    else:
        service.observe("filter.case", f"{name}: {answer.signature}")


def error_form(exchange: Exchange) -> str:
    """The form of an error's body: JSON envelope, other JSON, HTML, text or nothing."""
    answer, response = read_answer(exchange), exchange.response
    if response is None or not response.body:
        form = "no body"
    elif isinstance(answer.value, dict):
        form = "JSON envelope" if document().envelope.code in answer.value else "other JSON"
    else:
        form = "HTML" if is_html(exchange) else "text"
    return f"{answer.status}: {form}"


def extra_members(exchanges: Iterable[Exchange]) -> list[str]:
    """The members of successes that the page does not name, each with whether it was another in every answer."""
    seen: dict[str, dict[str, list[int]]] = {}
    for exchange in exchanges:
        answer = read_answer(exchange)
        if answer.kind is not AnswerKind.SUCCESS or not isinstance(answer.value, dict):
            continue
        for name, owner, value in _extras(answer):
            shown = exchange.redaction.text(name)[:_LONGEST_NAME]
            seen.setdefault(shown, {}).setdefault(owner, []).append(hash(written(value)))
    return [f"{name}: another value in every answer" if _restless(seen[name]) else name for name in seen]


def _extras(answer: Answer) -> Iterator[tuple[str, str, Any]]:
    """Each undocumented member of an answer, whose it is, and its value."""
    contract = document()
    yield from ((n, "answer", v) for n, v in answer.value.items() if n not in contract.envelope_members)
    if isinstance(answer.data, dict):
        yield from ((f"data.{n}", "data", v) for n, v in answer.data.items() if n not in contract.data_members)
    for record in answer.records:
        extra = [name for name in record if name not in contract.record_members]
        yield from ((f"record.{name}", record_id(record), record[name]) for name in extra)


def _restless(values: Mapping[str, list[int]]) -> bool:
    """True where no owner of a member showed the same value twice, and some showed it often enough to tell."""
    often = [shown for shown in values.values() if len(shown) >= _OFTEN]
    return bool(often) and all(len(set(shown)) == len(shown) for shown in often)
