"""The service under judgement, as the contract suite's tests see it.

Whatever a test asks goes through :meth:`Service.ask`: it is sent, recorded, judged by every check on a single
exchange and by
the model, and what differs is confirmed before it is told. A test only has to say what to ask, and why.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any

from lineman.client import BlockingClient
from lineman.contract.answer import AnswerKind, is_html, leads_elsewhere, read_answer
from lineman.contract.checks import findings_of, run_checks
from lineman.contract.clauses import catalogue
from lineman.contract.finding import Finding, merge
from lineman.contract.model import Listing, Model
from lineman.contract.operation import document
from lineman.contract.oracle.comparison import has_page, is_special_text
from lineman.contract.outcome import Outcome, Result
from lineman.contract.query import parse_query
from lineman.exchange import AppKey, Credential, Exchange, Operation, Request
from lineman.suite.allowance import MOST, PLANNED, Allowance
from lineman.suite.confirmation import SPENT, Confirmation
from lineman.suite.failing import FailingRequests, fills_a_page
from lineman.suite.flakiness import FlakyAuth, TruncatedBodies
from lineman.suite.forecast import GENERATED, RESERVE
from lineman.suite.generation import most_telling
from lineman.suite.hypotheses import Explanation, explain
from lineman.suite.list_reader import ListReader
from lineman.suite.mismatch import Requery
from lineman.suite.queries import QueryBuilder
from lineman.suite.relations import same_answers
from lineman.suite.run_state import CredentialsRefused, NeverSucceeded, NoVerdict, RunOptions, RunState
from lineman.suite.tenants import ForeignRecords

DRAWN = 4
"""Queries drawn for each one asked: those are chosen that combine what was not combined yet."""
_CANARIES = 2


@dataclass
class Service:
    """Asks, records and judges. One per run."""

    client: BlockingClient
    options: RunOptions
    state: RunState = field(default_factory=RunState)
    model: Model = field(default_factory=Model)
    opened: bool = False

    def __post_init__(self) -> None:
        self.reader = ListReader(self._send, self.model, self.state)
        self.allowance = Allowance(
            self._most_requests(),
            sent=lambda: len(self.state.exchanges),
            proven=lambda: bool(self.state.findings),
            planned=PLANNED[self.options.profile],
        )
        self.confirmation = Confirmation(self.reader, Requery(self.model, self.state, self._send), self.allowance)
        self.random = random.Random(self.options.seed)  # noqa: S311 -- reproducible choice, no secret
        self.truncated_bodies = TruncatedBodies(self._recorded, self._arrives_elsewhere)
        self.failing = FailingRequests(self._recorded, self.state, self.model)
        self.client.ask_before_down(self.failing.neutral)
        self.flaky_auth = FlakyAuth()
        self._looking_closer = False
        second = self.client.target.second
        self.foreign_records = ForeignRecords(self._send, self.model, second is not None and second.usable)

    # -- asking ---------------------------------------------------------------------------------------------------

    def ask(self, *requests: Request) -> list[Exchange]:
        """Send independent asks together and judge every answer; the exchanges come in the order of the asks."""
        self.allowance.asked += 0 if self._looking_closer else len(requests)
        exchanges = self._send(requests)
        own = [e for e in exchanges if _in_model(e)]
        leaking = self._show_foreign_records(own)
        self.confirmation.examine(e for e in own if e not in leaking)
        return exchanges

    def _show_foreign_records(self, exchanges: Sequence[Exchange]) -> set[Exchange]:
        """Tell wrong answers with another tenant's records as that, and return them: nothing else explains them."""
        wrong = [mismatch.exchange for mismatch in self.confirmation.requery.mismatches(exchanges)]
        findings = self.foreign_records.examine(wrong) if wrong else []
        self.state.add_findings(findings)
        return {finding.exchanges[0] for finding in findings}

    def query(self, clause: str, *queries: dict[str, Any], note: str = "") -> list[Exchange]:
        """Ask several queries for one clause."""
        return self.ask(*(Request.of(query, clause, note=note) for query in queries))

    def query_once(self, clause: str, *queries: dict[str, Any], note: str = "") -> list[Exchange]:
        """Answers to several queries for one clause, those that this run has already on the present state of the list
        as they are: asked again they would tell nothing new.
        """
        requests = [Request.of(query, clause, note=note) for query in queries]
        known = {request.body: self.confirmation.requery.known(request.body) for request in requests}
        fresh = iter(self.ask(*(request for request in requests if known[request.body] is None)))
        exchanges = []
        for request in requests:
            earlier = known[request.body]
            if earlier is not None:
                self.state.also_for(earlier, clause)
                earlier = replace(earlier, request=replace(earlier.request, note=note or earlier.request.note))
            exchanges.append(earlier or next(fresh))
        return exchanges

    def sample_for_profile(self, *choices: Any, smoke: int, full: int | None = None) -> list[Any]:
        """The first choices: as many as the profile has requests for."""
        count = smoke if self.options.profile == "smoke" else full
        return list(choices[:count])

    @property
    def smoke(self) -> bool:
        return self.options.profile == "smoke"

    # -- knowledge ------------------------------------------------------------------------------------------------

    @property
    def data(self) -> QueryBuilder:
        """What is known of the tenant's records, to build queries from."""
        listing = self.listing
        return QueryBuilder(listing.known if listing else (), self.random, deepest=self._deepest())

    @property
    def listing(self) -> Listing | None:
        """The tenant's list as far as it was read; None where it could not be."""
        return self.model.whole

    @property
    def knows_the_whole_list(self) -> bool:
        """True where every record is known: the model then predicts every total, and relations show nothing more."""
        return self.listing is not None and self.listing.complete

    def _deepest(self) -> tuple[Any, ...]:
        """Records of complete partial lists, for lists too long to be read whole."""
        whole = self.model.whole
        if whole is None or whole.complete:
            return ()
        return tuple(r for known in self.model.listings if known.base.filters and known.complete for r in known.records)

    def observe(self, clause: str, answer: str | None, of: str = "") -> None:
        """Record an answer to an open question, ``of`` one of its parts; None is no answer."""
        if answer is not None:
            self.state.observe(clause, f"{of}: {answer}" if of else answer)

    def not_verified(self, clauses: str | Iterable[str], reason: str) -> None:
        """Say why clauses could not be verified here."""
        for clause in [clauses] if isinstance(clauses, str) else clauses:
            self.state.not_verified(clause, reason)

    def add_findings(self, *findings: Finding) -> None:
        self.state.add_findings(findings)

    def confirm(self, judge: Callable[[], Sequence[Finding]], clause: str, check: str) -> list[Finding]:
        """Repeat a judgement of several exchanges until it holds, or differs on unchanged data; record what is proven.

        ``judge`` asks and compares, anew at each call.
        """
        before, reason = len(self.state.exchanges), "the data kept changing while it was checked"
        findings = judge()
        cost = len(self.state.exchanges) - before
        for _ in range(3):
            if not findings:
                return []
            if not self.allowance.affords(2 * cost + self.reader.cost()):
                reason = SPENT
                break
            again = {finding.fingerprint for finding in self._closer(judge)}
            if not self.reader.read_again():
                proven = [*_named([finding for finding in findings if finding.fingerprint in again], check)]
                self.state.add_findings(proven)
                return proven
            findings = self._closer(judge)
        self.not_verified(clause, reason)
        return []

    def _closer(self, judge: Callable[[], Sequence[Finding]]) -> Sequence[Finding]:
        """Judge once more, which no test had planned."""
        self._looking_closer = True
        try:
            return judge()
        finally:
            self._looking_closer = False

    def _most_requests(self) -> int | None:
        """The most requests of the run; a deep one is bounded by its budget alone."""
        if self.options.profile == "deep":
            return None
        return min(self.client.statistics.budget or MOST, MOST)

    def ask_generated(self, draw: Callable[[QueryBuilder, int, int], list[dict[str, Any]]]) -> None:
        """Ask queries drawn from the data seen: a fixed number, or as many as a deep run's budget allows."""
        rounds = self.options.deep_rounds if self.options.profile == "deep" else 1
        for number in range(rounds):
            if number and not self._has_room_for(self.options.generated):
                return
            drawn = draw(self.data, self.options.seed + number, DRAWN * self.options.generated)
            queries = most_telling(drawn, self.combinations_asked, self.options.generated)
            self.query("total.counts-matches", *queries, note=GENERATED)

    def _has_room_for(self, count: int) -> bool:
        """True where the budget allows so many requests and still what comes after them."""
        spent = self.client.statistics
        return spent.budget is None or spent.requests + count + RESERVE <= spent.budget

    @property
    def combinations_asked(self) -> set[frozenset[str]]:
        """The combinations of parameters that valid queries of this run have had."""
        queries = (e.request.query for e in self.state.exchanges if _in_model(e) and e.request.query is not None)
        return {frozenset(query) for query in queries if parse_query(query).is_specified}

    def last_pages(self, filters: dict[str, Any], sizes: Sequence[int]) -> list[dict[str, int]]:
        """The last page of each size of what the filters find, where a documented offset reaches it."""
        prediction = self.model.predict(parse_query(filters))
        total = prediction.total if prediction is not None else None
        if not total:
            return []
        offsets = [(size, (total - 1) // size * size) for size in sizes]
        paging = document().paging
        return [paging.page(size, at) for size, at in offsets if at > 0 and paging.allows(at)]

    def pages_beyond(self) -> list[dict[str, Any]]:
        """Queries for pages behind the last record: of the whole list, or of filters that find few."""
        whole, paging, code = self.listing, document().paging, self.data.code
        most = paging.size_maximum
        queries: list[dict[str, Any]] = []
        if whole is not None and paging.allows(most) and whole.total < most:
            queries += [paging.page(most, most), paging.page(most // 2, most)]
        codes = [str(r[code.member]) for r in self.data.spread(self.data.with_text(code.member, least=2), 4)]
        for text in [text for text in codes if not is_special_text(text)]:
            prediction = self.model.predict(parse_query({code.name: text}))
            if prediction is not None and prediction.exact and 0 < (prediction.total or 0) <= 20:
                pages = [(20, 20), (prediction.total, prediction.total), (10, 100)]
                queries += [{code.name: text, **paging.page(size, at)} for size, at in pages]
        return queries[:5]

    def learn_case(self, name: str, exchange: Exchange) -> None:
        """Learn whether a text filter minds letter case, and record it."""
        answer = read_answer(exchange)
        minds = not answer.records
        if answer.kind is AnswerKind.SUCCESS or answer.signature in self.model.no_match:
            self.model.behaviour.case[name] = minds
            self.observe("filter.case", f"{name}: {'minds' if minds else 'does not mind'} letter case")
        else:
            self.observe("filter.case", f"{name}: {answer.signature}")

    def foreign_keys(self, keys: Sequence[AppKey], queries: Sequence[dict[str, Any]]) -> None:
        """Ask with foreign app keys: refused credentials are fine, and so is the answer that the own key gets."""
        clause = "auth.foreign-app-key"
        notes = {AppKey.SECOND: "with the other tenant's X-APP-Key", AppKey.UNKNOWN: "with nobody's X-APP-Key"}

        def judge() -> list[Finding]:
            own = self.own_answers(clause, queries, "with its own X-APP-Key")
            findings: list[Finding] = []
            for key in keys:
                foreign = self.ask(*(Request.of(query, clause, app_key=key, note=notes[key]) for query in queries))
                pairs = [
                    (o, f)
                    for o, f in zip(own, foreign, strict=True)
                    if read_answer(f).kind is not AnswerKind.UNAUTHORISED
                ]
                findings += same_answers([o for o, _ in pairs], [f for _, f in pairs], clause, parameter="X-APP-Key")
            return findings

        self.confirm(judge, clause, "foreign_app_key_gives_no_other_records")

    def own_answers(self, clause: str, queries: Sequence[dict[str, Any]], note: str) -> list[Exchange]:
        """What the tenant itself gets, to compare with: known answers at first, fresh ones where a look is closer."""
        ask = self.query if self._looking_closer else self.query_once
        return ask(clause, *queries, note=note)

    @staticmethod
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

    # -- the wire -------------------------------------------------------------------------------------------------

    def _recorded(self, requests: Sequence[Request]) -> list[Exchange]:
        exchanges = self.client.send_all([self.failing.bounded(request) for request in requests])
        self.state.final += exchanges
        for exchange in exchanges:
            self.state.judged(exchange, PURPOSE, _purposes_shown(exchange))
        return exchanges

    def _send(self, requests: Sequence[Request]) -> list[Exchange]:
        exchanges = self._recorded(requests)
        large = self.truncated_bodies.examine([e for e in exchanges if _in_model(e)])
        self.state.add_findings(large)
        told = {e.number for finding in large for e in finding.exchanges}
        self.state.add_findings(self.failing.examine([e for e in exchanges if e.number not in told]))
        self.state.add_findings(self.flaky_auth.examine(exchanges))
        if self.opened:
            self._detect_gateway(exchanges)
        for exchange in exchanges:
            outcomes = run_checks(exchange)
            self.state.judged(exchange, "checks", outcomes)
            self.state.add_findings(findings_of(outcomes))
        return exchanges

    def _arrives_elsewhere(self, exchange: Exchange) -> bool:
        """True where an answer of as many records as this one should have arrived whole: its size cuts nothing off."""
        asked = parse_query(exchange.request.query or {})
        prediction = self.model.predict(asked)
        count = asked.page_size if prediction is None else len(prediction.page(asked))
        return any(fills_a_page(e, count) for e in self.state.final if _in_model(e))

    def _detect_gateway(self, exchanges: Sequence[Exchange]) -> None:
        """One strange answer breaks a promise; where every request gets one, something stands before the service."""
        refused = [e for e in exchanges if _good_credentials_refused(e)]
        if refused and self._holds_for_every_canary(_good_credentials_refused):
            raise CredentialsRefused(
                f"the target refuses the credentials it took before (status {read_answer(refused[0]).status}): they "
                "were revoked, expired or blocked during the run"
            )
        diverted = [e for e in exchanges if _in_model(e) and leads_elsewhere(e)]
        if diverted and self._holds_for_every_canary(leads_elsewhere):
            self.state.retract(takewhile(leads_elsewhere, reversed(self.state.exchanges)))
            raise NoVerdict(
                f"what answers is the operation no longer ({read_answer(diverted[0]).signature}): a login page or a "
                "gateway was put before it during the run"
            )

    def _holds_for_every_canary(self, trait: Callable[[Exchange], bool]) -> bool:
        canary = Request.of(document().paging.page(1), "answer.status", note="is the operation still there?")
        return all(trait(self.client.send_all([canary])[0]) for _ in range(_CANARIES))

    # -- opening --------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Look for signs of life and read the list.

        Raises:
            NoVerdict: nothing could be judged from here on; the message says why.
            ClientError: the client gave up.
        """
        from lineman.suite.preflight import open_service  # noqa: PLC0415 -- it is written in terms of Service

        open_service(self)
        self.opened = True

    def finish(self) -> list[Finding]:
        """All proven findings, merged by fingerprint."""
        return merge(self.state.findings)

    def varying(self) -> set[int]:
        """The numbers of wrong answers whose very query was answered rightly at another time, on the same list."""
        if self.state.data_changes:
            return set()
        asked = [e for e in self.state.final if _in_model(e)]
        wrong = {m.exchange.number for m in self.confirmation.requery.mismatches(asked)}
        right = {e.request.body for e in asked if e.number not in wrong and has_page(read_answer(e))}
        return {e.number for e in asked if e.number in wrong and e.request.body in right}

    def explanation(self) -> Explanation | None:
        """The known mistake that explains every answer that differs; None where none does, or the list changed."""
        if self.state.data_changes:
            return None  # what is known now need not be what was true then
        asked = [e for e in self.state.final if _in_model(e)]
        wrong = {m.exchange.number for m in self.confirmation.requery.mismatches(asked)}
        return explain(asked, wrong, self.model)

    @property
    def successes(self) -> int:
        return sum(1 for e in self.state.exchanges if _in_model(e) and has_page(read_answer(e)))

    def require_success(self) -> None:
        """Raise NeverSucceeded unless some valid query was answered in a way that can be judged."""
        if not any(_is_operation_success(e) for e in self.state.exchanges if _in_model(e)):
            last = next((e for e in reversed(self.state.exchanges) if _in_model(e)), None)
            shown = read_answer(last).signature if last else "nothing"
            raise NeverSucceeded(
                f"no valid query was answered with success (the last answer: {shown}): is this the right base URL, "
                "and has this tenant any access codes?"
            )


def _named(findings: Sequence[Finding], check: str) -> Iterable[Finding]:
    return (replace(finding, check=check) for finding in findings)


PURPOSE = "purpose"


def _purposes_shown(exchange: Exchange) -> list[Outcome]:
    """What an answer shows by itself of the clauses that it was asked for, where no model predicts it.

    A success with another tenant's token or another app key is evidence for the relation that compares it; what the
    service answers to a question that the documentation leaves open bears on that question.
    """
    answer = read_answer(exchange)
    if exchange.operation is not Operation.QUERY or answer.kind in (AnswerKind.OUTAGE, AnswerKind.NO_ANSWER):
        return []
    compared = answer.succeeded and not _in_model(exchange)
    shown = [
        id_
        for id_ in exchange.request.clauses
        if (not catalogue()[id_].promised if id_ in catalogue() else False) or (compared and shown_by_relation(id_))
    ]
    return [Outcome(id_, PURPOSE, Result.KEPT, exchange) for id_ in shown]


def shown_by_relation(clause: str) -> bool:
    """True for promises of which a success with other credentials than the tenant's own shows something."""
    return clause in ("auth.app-key-optional", "auth.foreign-app-key", "auth.tenant-isolation")


def _in_model(exchange: Exchange) -> bool:
    """True for a request of the first tenant to the operation itself, whose answer the model can predict."""
    request = exchange.request
    return (
        exchange.operation is Operation.QUERY
        and request.credential is Credential.VALID
        and request.app_key is AppKey.OWN
        and request.method == "POST"
        and request.path is None
        and request.content_type == "application/json"
    )


def _good_credentials_refused(exchange: Exchange) -> bool:
    return _in_model(exchange) and read_answer(exchange).kind is AnswerKind.UNAUTHORISED


def _is_operation_success(exchange: Exchange) -> bool:
    """True for a 2xx that is recognisably the operation's: JSON with a success in it, however broken."""
    answer = read_answer(exchange)
    if answer.status is None or not 200 <= answer.status < 300:
        return False
    return answer.kind is AnswerKind.SUCCESS or answer.has_list or bool(answer.records)
