"""The first minute of a run: is anybody there, are the credentials good, and what is in the list?"""

from __future__ import annotations

from functools import partial
from typing import Any

from lineman.client.redirects import moved_to
from lineman.contract.answer import AnswerKind, is_html, read_answer
from lineman.contract.finding import Record
from lineman.contract.model import Listing
from lineman.contract.operation import document
from lineman.exchange import AppKey, Exchange, Request
from lineman.suite.purpose import is_predictable
from lineman.suite.relations import same_answers
from lineman.suite.run_state import CredentialsRefused, NeverSucceeded, NoVerdict
from lineman.suite.service import Service

_SUBLISTS = 4
MOST_BY_TYPE = 1000
"""Longer lists are not read by the types that only answers document: five types reach no further than that."""


def open_service(service: Service) -> None:
    """Ask the first queries, judge them, and read the list.

    Raises:
        NoVerdict: nothing could be judged from here on; the message says why.
        ClientError: the client gave up.
    """
    first = Request.of({}, "request.all-optional", note="the first query")
    example = Request.of(document().example_request, "request.example", note="the page's example")
    exchanges = service.send([first, example])
    _try_without_key(service, exchanges)
    _refuse_what_says_nothing(service, exchanges)
    _learn_no_match(service)
    listing = service.reader.read()
    reach = document().paging.reach
    out_of_reach = listing is not None and reach is not None and listing.total > reach
    if not service.smoke and listing is not None and not listing.complete and out_of_reach:
        _read_sublists(service, listing)
    _require_success(service)
    service.confirmation.examine(
        [e for e in service.state.final if e.request.query is not None and not _is_doubtful(e)]
    )
    service.opened = True


def _require_success(service: Service) -> None:
    """Raise NeverSucceeded unless some valid query was answered in a way that can be judged."""
    asked = [e for e in service.state.exchanges if is_predictable(e)]
    if not any(_is_operation_success(e) for e in asked):
        shown = read_answer(asked[-1]).signature if asked else "nothing"
        raise NeverSucceeded(
            f"no valid query was answered with success (the last answer: {shown}): is this the right base URL, "
            "and has this tenant any access codes?"
        )


def _is_operation_success(exchange: Exchange) -> bool:
    """True for a 2xx that is recognisably the operation's: JSON with a success in it, however broken."""
    answer = read_answer(exchange)
    if answer.status is None or not 200 <= answer.status < 300:
        return False
    return answer.kind is AnswerKind.SUCCESS or answer.has_list or bool(answer.records)


def _is_doubtful(exchange: Exchange) -> bool:
    return exchange.request.clauses[:1] == ("filter.no-match",)


def _try_without_key(service: Service, exchanges: list[Exchange]) -> None:
    """Where the token's own app key makes a query fail, the key is to blame, and not the token or the query."""
    credentials = service.client.target.credentials
    refused = (AnswerKind.UNAUTHORISED, AnswerKind.REFUSAL, AnswerKind.NOT_FOUND)
    if credentials.token is not None or any(read_answer(e).kind not in refused for e in exchanges):
        return
    clause = "auth.app-key-optional"
    (bare,) = service.send([Request.of({}, clause, app_key=AppKey.ABSENT, note="without X-APP-Key")])
    if read_answer(bare).kind is AnswerKind.SUCCESS:
        service.add_findings(*same_answers([bare], exchanges[:1], clause, parameter="X-APP-Key"))


def _refuse_what_says_nothing(service: Service, exchanges: list[Exchange]) -> None:
    """End the run where nothing that was seen is the operation's. A page for people, put before the service, breaks no
    clause of it; what should be JSON and is not does.
    """
    answers = [read_answer(exchange) for exchange in exchanges]
    forms = {answer.kind for answer in answers}
    shown = answers[0].signature
    there = {moved_to(exchange, service.client.target.base_url) for exchange in exchanges}
    if None not in there:
        service.state.retract(exchanges)
        raise NoVerdict(
            f"the target redirects to {' and '.join(sorted(map(str, there)))} ({shown}), and lineman follows no "
            "redirect, which could carry a token away: give that as the base URL"
        )
    if forms == {AnswerKind.UNAUTHORISED}:
        raise CredentialsRefused(
            f"the target refuses the credentials ({shown}): check the app key and secret or the token, and whether "
            "this address is allow-listed"
        )
    if forms <= {AnswerKind.OUTAGE, AnswerKind.NO_ANSWER}:
        raise NoVerdict(f"the target does not answer for itself ({shown}): it, or the gateway before it, is down")
    if all(not isinstance(answer.value, dict) for answer in answers) and AnswerKind.SUCCESS not in forms:
        kinds = sorted({_content_type(exchange) for exchange in exchanges})
        if all(is_html(exchange) for exchange in exchanges):
            service.state.retract(exchanges)
        raise NoVerdict(
            f"what answers is not the operation ({shown}, {', '.join(kinds)}): a login page, a redirect or a gateway; "
            "check the base URL"
        )


def _content_type(exchange: Exchange) -> str:
    header = exchange.response.header("content-type") if exchange.response else None
    return (header or "no Content-Type").partition(";")[0]


def _learn_no_match(service: Service) -> None:
    """How does the target say that nothing matches? Its answer to plain queries is the yardstick for unusual ones."""
    requests = [
        Request.of(query, "filter.no-match", note="nothing matches")
        for query in service.sample_for_profile(*no_match_queries(), smoke=1)
    ]
    for exchange in service.send(requests):
        answer = read_answer(exchange)
        if answer.kind in (AnswerKind.SUCCESS, AnswerKind.REFUSAL, AnswerKind.NOT_FOUND) and not answer.records:
            service.model.no_match.add(answer.signature)
            service.observe("filter.no-match", _no_match_words(exchange))


def no_match_queries() -> list[dict[str, Any]]:
    """Plain queries that no realistic list has a match for."""
    contract = document()
    code, words = contract.text_filters[0], contract.text_filters[-1]
    types = {name: contract.filters[name].values[0] for name in contract.enum_filters}
    return [
        {code: "000111222333444555666777"},
        {code: "000111222333444555666777", **types},
        {words: "zzqx no such description qxzz"},
    ]


def _no_match_words(exchange: Exchange) -> str:
    answer = read_answer(exchange)
    return "success with an empty list" if answer.kind is AnswerKind.SUCCESS else answer.signature


def _read_sublists(service: Service, listing: Listing) -> None:
    """A list too long to be read whole is read in parts: by types, and by texts where that is not enough.

    Types that only answers document may be asked for as well: where the target honours them, more is known.
    """
    contract = document()
    for one in map(contract.filters.__getitem__, contract.enum_filters[:1]):
        only_answers = [t for t in one.answer_values if t not in one.values]
        for type_ in one.values:
            service.reader.read({one.name: type_})
        if _missing(service) > 0 and listing.total <= MOST_BY_TYPE:
            for type_ in only_answers:
                service.reader.read({one.name: type_}, kept_if=partial(_is_of, one.member, type_))
    if _missing(service) > 0:
        for name, text in _narrow_texts(listing):
            known = service.reader.read({name: text})
            if known is not None and known.complete and known.total > 1:
                return


def _is_of(member: str, type_: int, record: Record) -> bool:
    return record.get(member) == type_


def _missing(service: Service) -> int:
    """How many records of the list are not known."""
    whole = service.listing
    return 0 if whole is None else whole.total - len(whole.known)


def _narrow_texts(listing: Listing) -> list[tuple[str, str]]:
    """Parts of a real code, longer and longer: one of them should match few enough records."""
    contract = document()
    if not contract.fuzzy_filters:
        return []
    name = contract.fuzzy_filters[0]
    member = contract.filters[name].member
    codes = [str(r[member]) for r in listing.records if len(str(r.get(member) or "")) >= 4]
    if not codes:
        return []
    code = codes[len(codes) // 2]
    return [(name, code[-length:]) for length in (2, 3, 4, 5) if length <= len(code)][:_SUBLISTS]
