"""Who may ask."""

import pytest

from lineman.contract.answer import read_answer
from lineman.exchange import AppKey, Credential, Query, Request
from lineman.suite.expiry import ShortLivedToken, past_its_end
from lineman.suite.observations import outcome_against
from lineman.suite.relations import disjoint_tenants, foreign_keys, same_answers
from lineman.suite.service import Service

FORMATS = {
    "the bare token": "{token}",
    "no space after Bearer": "Bearer{token}",
    "an empty header": "",
    "the word Bearer alone": "Bearer",
    "another scheme, Basic": "Basic {token}",
    "another scheme of six letters, Digest": "Digest {token}",
    "another scheme of six letters, Tokens": "Tokens {token}",
    "a tab in place of the space": "Bearer\t{token}",
}
"""Six letters and a space are as long as ``Bearer`` and a space: who merely cuts off seven characters is found."""
UNKNOWN = {
    "a token never issued": "Bearer {unknown}",
    "a token altered near its end": "Bearer {altered:last}",
    "a token altered near its start": "Bearer {altered:first}",
    "a token altered in the middle": "Bearer {altered:middle}",
    "a token cut short": "Bearer {truncated}",
    "a token with more characters": "Bearer {extended}",
    "a token in swapped letter case": "Bearer {swapcase}",
    "a word for a token": "Bearer null",
    "a self-made token without a signature": "Bearer {unsigned}",
    "a self-made token under another token's signature": "Bearer {resigned}",
}


@pytest.mark.clause("auth.required")
def test_without_authorization_nothing_is_answered(service: Service) -> None:
    """Several queries, each just answered with a token; more than once, with and without an app key."""
    queries = service.data.varied_queries()
    clause, note = "auth.required", "no Authorization header"
    requests = [Request.of(query, clause, credential=Credential.NONE, note=note) for query in queries]
    requests += [
        Request.of(query, clause, credential=Credential.NONE, app_key=AppKey.ABSENT, note=f"{note} and no app key")
        for query in queries[:2]
    ]
    service.query("query.independent", *service.sample_for_profile(*queries, smoke=0, full=3))
    service.ask(*service.sample_for_profile(*requests, *requests, smoke=1, full=8))


@pytest.mark.clause("auth.bearer-format")
def test_only_bearer_space_token_is_taken(service: Service) -> None:
    """The good token in other formats."""
    formats = service.sample_for_profile(*FORMATS.items(), smoke=1)
    service.ask(*(_given(template, "auth.bearer-format", note) for note, template in formats))


@pytest.mark.clause("auth.scheme-case")
@pytest.mark.full
def test_the_letter_case_of_the_scheme_is_observed(service: Service) -> None:
    """`bearer` and the good token."""
    (exchange,) = service.ask(_given("bearer {token}", "auth.scheme-case", "the scheme in lower case"))
    service.observe("auth.scheme-case", outcome_against(exchange, service, like={}, words="taken"))


@pytest.mark.clause("auth.unknown-token")
def test_unknown_and_altered_tokens_are_refused(service: Service) -> None:
    """Tokens that were never issued, each tried on two queries."""
    kinds = service.sample_for_profile(*UNKNOWN.items(), smoke=1)
    requests = [_given(template, "auth.unknown-token", note) for note, template in kinds]
    deep = [_given(template, "auth.unknown-token", note, {"limit": 50, "offset": 50}) for note, template in kinds]
    service.ask(*requests, *service.sample_for_profile(*deep, smoke=0, full=2))


@pytest.mark.clause("auth.refusal-status")
def test_the_status_of_refused_credentials_is_observed(service: Service) -> None:
    """401 or 403, for which kind of bad credentials: read from the refusals of the run."""
    for exchange in service.state.exchanges:
        request = exchange.request
        if request.credential in (Credential.NONE, Credential.GIVEN) and exchange.status in (401, 403):
            kind = "missing" if request.credential is Credential.NONE else request.clauses[0].partition(".")[2]
            service.observe("auth.refusal-status", f"{kind}: {exchange.status}")
    if "auth.refusal-status" not in service.state.answers:
        service.ask(Request.of({}, "auth.required", credential=Credential.NONE, note="no Authorization header"))
        service.observe("auth.refusal-status", read_answer(service.state.exchanges[-1]).signature)


@pytest.mark.clause("answer.status", "auth.refusal-status")
@pytest.mark.full
def test_good_tokens_are_always_taken(service: Service) -> None:
    """A token that was refused now and then while it was young is looked at again when it is older."""
    service.flaky_auth.recheck(service.ask, service.client.sleep)


@pytest.mark.clause("auth.app-key-optional")
@pytest.mark.full
def test_the_app_key_changes_nothing(service: Service) -> None:
    """The same queries with and without X-APP-Key."""
    if service.client.target.credentials.app_key is None:
        service.not_verified("auth.app-key-optional", "no app key is configured: set LINEMAN_APP_KEY")
        return
    queries = service.sample_for_profile(*service.data.varied_queries(), smoke=1, full=3)
    clause = "auth.app-key-optional"
    service.confirm(
        lambda: same_answers(
            service.own_answers(clause, queries, "with X-APP-Key"),
            service.ask(
                *(Request.of(query, clause, app_key=AppKey.ABSENT, note="without X-APP-Key") for query in queries)
            ),
            clause,
            parameter="X-APP-Key",
            volatile=service.model.volatile,
        ),
        clause,
        "app_key_changes_nothing",
    )


@pytest.mark.clause("auth.foreign-app-key")
@pytest.mark.full
def test_a_foreign_app_key_opens_nothing(service: Service) -> None:
    """Nobody's key, and the other tenant's where it is known: refused, or the same records as ever."""
    keys = [AppKey.UNKNOWN]
    second = service.client.target.second
    if second is not None and second.app_key is not None:
        keys.append(AppKey.SECOND)
    queries = service.sample_for_profile(*service.data.varied_queries(), smoke=1, full=3)
    foreign_keys(service, keys, queries)


@pytest.mark.clause("auth.tenant-isolation")
@pytest.mark.full
def test_two_tenants_never_see_each_others_records(service: Service) -> None:
    """The second tenant's answers to the queries of the first, in turn."""
    second = service.client.target.second
    if second is None or not second.usable:
        reason = "no second tenant is configured: set LINEMAN_SECOND_APP_KEY and LINEMAN_SECOND_APP_SECRET"
        service.not_verified("auth.tenant-isolation", reason)
        return
    queries = [*service.data.text_queries(), {"limit": 100, "offset": 100}, *service.data.varied_queries()]
    queries = service.sample_for_profile(*queries, smoke=1, full=4)
    disjoint_tenants(service, queries)


@pytest.mark.clause("auth.expired-token")
@pytest.mark.full
def test_an_expired_token_is_refused(service: Service, early_token: ShortLivedToken) -> None:
    """A token with a lifetime of one second, used while it lived, and again after its end."""
    if not early_token.expire(service):
        service.not_verified("auth.expired-token", early_token.reason)
        return
    note = past_its_end(service.client.target.token_leeway)
    requests = [
        _given("Bearer {short}", "auth.expired-token", note, query) for query in ({}, {"limit": 5, "offset": 5})
    ]
    service.ask(*requests)


def _given(template: str, clause: str, note: str, query: Query | None = None) -> Request:
    return Request.of(query or {}, clause, credential=Credential.GIVEN, authorization=template, note=note)
