"""The service under judgement, as the contract suite's tests see it.

Whatever a test asks goes through :meth:`Service.ask`: it is sent, recorded, judged by every check on a single
exchange and by
the model, and what differs is confirmed before it is reported. A test only has to say what to ask, and why.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lineman.client import BlockingClient
from lineman.contract.answer import read_answer
from lineman.contract.checks import findings_of, run_checks
from lineman.contract.finding import Finding, merge
from lineman.contract.model import Listing, Model
from lineman.contract.oracle.comparison import has_page
from lineman.contract.query import parse_query
from lineman.exchange import Exchange, Request
from lineman.suite.allowance import MOST, PLANNED, Allowance
from lineman.suite.confirmation import SPENT, Confirmation
from lineman.suite.failing import FailingRequests, fills_a_page
from lineman.suite.flakiness import FlakyAuth, TruncatedBodies
from lineman.suite.forecast import GENERATED, RESERVE
from lineman.suite.generation import most_telling
from lineman.suite.hypotheses import Explanation, explain
from lineman.suite.known_records import askable
from lineman.suite.list_reader import ListReader
from lineman.suite.mismatch import Requery
from lineman.suite.presence import Presence
from lineman.suite.purpose import PURPOSE, is_predictable, purposes_shown
from lineman.suite.queries import QueryBuilder
from lineman.suite.run_state import RunOptions, RunState
from lineman.suite.tenants import ForeignRecords

DRAWN = 4
"""Queries drawn for each one asked: those are chosen that combine what was not combined yet."""


@dataclass
class Service:
    """Asks, records and judges. One per run."""

    client: BlockingClient
    options: RunOptions
    state: RunState = field(default_factory=RunState)
    model: Model = field(default_factory=Model)
    opened: bool = False

    def __post_init__(self) -> None:
        self.reader = ListReader(self.send, self.model, self.state)
        self.allowance = Allowance(
            self._most_requests(),
            sent=lambda: len(self.state.exchanges),
            proven=lambda: bool(self.state.findings),
            planned=PLANNED[self.options.profile],
        )
        self.confirmation = Confirmation(self.reader, Requery(self.model, self.state, self.send), self.allowance)
        self.random = random.Random(self.options.seed)  # noqa: S311 -- reproducible choice, no secret
        self.truncated_bodies = TruncatedBodies(self._recorded, self._arrives_elsewhere)
        self.failing = FailingRequests(self._recorded, self.state, self.model)
        self.client.ask_before_down(self.failing.neutral)
        self.flaky_auth = FlakyAuth(self._was_limited)
        self.presence = Presence(self.client, self.state)
        self._looking_closer = False
        self._combinations: set[frozenset[str]] = set()
        self._looked_at = 0
        self._data: QueryBuilder | None = None
        self._data_of: tuple[int, ...] = ()
        second = self.client.target.second
        self.foreign_records = ForeignRecords(self.send, self.model, second is not None and second.usable)

    # -- asking ---------------------------------------------------------------------------------------------------

    def ask(self, *requests: Request) -> list[Exchange]:
        """Send independent asks together and judge every answer; the exchanges come in the order of the asks."""
        self.allowance.asked += 0 if self._looking_closer else len(requests)
        exchanges = self.send(requests)
        own = [e for e in exchanges if is_predictable(e)]
        leaking = self._show_foreign_records(own)
        self.confirmation.examine(e for e in own if e not in leaking)
        return exchanges

    def _show_foreign_records(self, exchanges: Sequence[Exchange]) -> set[Exchange]:
        """Tell wrong answers with another tenant's records as that, and return them: nothing else explains them."""
        if not self.foreign_records.readable:
            return set()
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
        listing, serials = self.listing, tuple(listing.serial for listing in self.model.listings)
        if self._data is None or self._data_of != serials:
            known = listing.known if listing else ()
            self._data = QueryBuilder(askable(known), self.random, deepest=askable(self._deepest()))
            self._data_of = serials
        return self._data

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

        ``judge`` asks and compares afresh at each call.
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
            again, ignored = {finding.fingerprint for finding in self._closer(judge)}, len(self.model.volatile)
            if not self.reader.read_again() and len(self.model.volatile) == ignored:
                proven = [*_with_check([finding for finding in findings if finding.fingerprint in again], check)]
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
        exchanges = self.state.exchanges
        fresh, self._looked_at = exchanges[self._looked_at :], len(exchanges)
        queries = (e.request.query for e in fresh if is_predictable(e) and e.request.query is not None)
        self._combinations |= {frozenset(query) for query in queries if parse_query(query).is_specified}
        return self._combinations

    def own_answers(self, clause: str, queries: Sequence[dict[str, Any]], note: str) -> list[Exchange]:
        """What the tenant itself gets, to compare with: known answers at first, fresh ones where a look is closer."""
        ask = self.query if self._looking_closer else self.query_once
        return ask(clause, *queries, note=note)

    # -- the wire -------------------------------------------------------------------------------------------------

    def _recorded(self, requests: Sequence[Request]) -> list[Exchange]:
        exchanges = self.client.send_all([self.failing.bounded(request) for request in requests])
        self.state.final += exchanges
        for exchange in exchanges:
            self.state.judged(exchange, PURPOSE, purposes_shown(exchange))
        return exchanges

    def send(self, requests: Sequence[Request]) -> list[Exchange]:
        exchanges = self._recorded(requests)
        proven = self.truncated_bodies.proven is not None
        large = self.truncated_bodies.examine([e for e in exchanges if proven or is_predictable(e)])
        self.state.add_findings(large)
        told = {e.number for finding in large for e in finding.exchanges}
        self.state.add_findings(self.failing.examine([e for e in exchanges if e.number not in told]))
        self.state.add_findings(self.flaky_auth.examine(exchanges))
        if self.opened:
            self.presence.examine(exchanges)
        for exchange in exchanges:
            outcomes = run_checks(exchange)
            self.state.judged(exchange, "checks", outcomes)
            self.state.add_findings(findings_of(outcomes))
        return exchanges

    def _was_limited(self, exchange: Exchange) -> bool:
        """True where it was a rate limit that refused the request before it was answered."""
        earlier = (e for e in self.state.exchanges if e.request is exchange.request and e.number < exchange.number)
        refused = [e for e in earlier if e.status in (401, 403)]
        return bool(refused) and self.client.is_limited(refused[-1])

    def _arrives_elsewhere(self, exchange: Exchange) -> bool:
        """True where an answer of as many records as this one should have arrived whole: its size cuts nothing off."""
        asked = parse_query(exchange.request.query or {})
        prediction = self.model.predict(asked)
        count = asked.page_size if prediction is None else len(prediction.page(asked))
        return any(fills_a_page(e, count) for e in self.state.final if is_predictable(e))

    def finish(self) -> list[Finding]:
        """All proven findings, merged by fingerprint."""
        return merge(self.state.findings)

    def varying(self) -> set[int]:
        """The numbers of wrong answers whose very query was answered rightly at another time, on the same list."""
        if self.state.data_changes:
            return set()
        asked = [e for e in self.state.final if is_predictable(e)]
        wrong = {m.exchange.number for m in self.confirmation.requery.mismatches(asked)}
        right = {e.request.body for e in asked if e.number not in wrong and has_page(read_answer(e))}
        return {e.number for e in asked if e.number in wrong and e.request.body in right}

    def explanation(self) -> Explanation | None:
        """The known mistake that explains every answer that differs; None where none does, or the list changed."""
        if self.state.data_changes:
            return None  # what is known now need not be what was true then
        asked = [e for e in self.state.final if is_predictable(e)]
        wrong = {m.exchange.number for m in self.confirmation.requery.mismatches(asked)}
        return explain(asked, wrong, self.model)

    @property
    def successes(self) -> int:
        return sum(1 for e in self.state.exchanges if is_predictable(e) and has_page(read_answer(e)))


def _with_check(findings: Sequence[Finding], check: str) -> Iterable[Finding]:
    return (replace(finding, check=check) for finding in findings)
