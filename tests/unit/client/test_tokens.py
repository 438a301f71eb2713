"""Getting, keeping and renewing tokens."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from lineman.client import BudgetSpent, CredentialMissing, TokenRefused, TokenUnavailable
from lineman.client.tokens import TokenAnswer
from lineman.exchange import AppKey, Credential, Operation, Request
from lineman.secret import Secret
from lineman.target import Credentials

from .harness import KEY, SECOND_TOKEN, SECRET, TOKEN, Vendor, answer, setting

pytestmark = pytest.mark.anyio


async def test_the_first_ask_gets_a_token_with_key_and_secret() -> None:
    vendor = Vendor()
    test = setting(vendor)
    exchange = await test.client.send(Request.of({}))
    request = vendor.token_requests[0]
    assert exchange.status == 200
    assert request.content == f'{{"app_key":"{KEY}","app_secret":"{SECRET}"}}'.encode()
    assert request.headers["X-Token-Expire"] == "600"
    assert request.headers["Content-Type"] == "application/json"
    assert vendor.query_requests[0].headers["X-APP-Key"] == KEY
    assert [seen.operation for seen in test.exchanges] == [Operation.TOKEN, Operation.QUERY]
    assert exchange.token is not None
    assert test.exchanges[0].token is None


async def test_one_token_serves_many_asks_however_many_wait() -> None:
    vendor = Vendor()
    test = setting(vendor)
    exchanges = await test.client.send_all([Request.of({"limit": limit}) for limit in range(20)])
    assert {exchange.status for exchange in exchanges} == {200}
    assert len(vendor.token_requests) == 1
    assert test.client.statistics.token_requests == 1
    assert test.client.statistics.token_renewals == 0


@pytest.mark.parametrize(
    ("expires", "still_good", "renewed"),
    [("600", 539, 541), (600, 539, 541), ("100", 49, 51), (None, 539, 541), ("soon", 539, 541), ("-5", 539, 541)],
)
async def test_it_is_renewed_a_minute_early_or_at_half_its_life(
    expires: Any, still_good: float, renewed: float
) -> None:
    vendor = Vendor(expires=expires)
    test = setting(vendor)
    await test.client.send(Request.of({}))
    test.clock.seconds = 1000.0 + still_good
    await test.client.send(Request.of({}))
    assert len(vendor.token_requests) == 1
    test.clock.seconds = 1000.0 + renewed
    await test.client.send(Request.of({}))
    assert len(vendor.token_requests) == 2
    assert test.client.statistics.token_renewals == 1


async def test_a_401_renews_once_and_the_ask_is_sent_again() -> None:
    vendor = Vendor()
    test = setting(vendor)
    await test.client.send(Request.of({}))
    vendor.accepted.clear()
    exchange = await test.client.send(Request.of({}))
    assert exchange.status == 200
    assert exchange.attempt == 3
    assert [seen.status for seen in test.exchanges] == [200, 200, 401, 401, 200, 200]


async def test_many_refused_at_once_lead_to_one_renewal() -> None:
    vendor = Vendor()
    test = setting(vendor)
    await test.client.send(Request.of({}))
    vendor.accepted.clear()
    exchanges = await test.client.send_all([Request.of({"limit": limit}) for limit in range(10)])
    assert {exchange.status for exchange in exchanges} == {200}
    assert len(vendor.token_requests) == 2


async def test_a_renewal_that_does_not_help_is_not_repeated_soon() -> None:
    vendor = Vendor(queries=lambda request: answer({}, 401))
    test = setting(vendor)
    for _ in range(5):
        assert (await test.client.send(Request.of({}))).status == 401
    assert len(vendor.token_requests) == 2


async def test_a_token_operation_that_gives_the_same_token_is_not_asked_again_soon() -> None:
    vendor = Vendor(tokens=[TOKEN] * 9, queries=lambda request: answer({}, 401))
    test = setting(vendor)
    for _ in range(5):
        assert (await test.client.send(Request.of({}))).status == 401
    assert (len(vendor.token_requests), len(vendor.query_requests)) == (2, 6)  # the first one when it was older, too


async def test_a_token_that_is_known_after_some_seconds_is_waited_for_once() -> None:
    vendor = Vendor()

    def known_later(request: httpx.Request) -> httpx.Response:
        return answer({"returnCode": "0"}, 200 if test.clock.seconds >= 1004.0 else 401)

    vendor.queries = known_later
    test = setting(vendor)
    exchanges = await test.client.send_all([Request.of({"limit": limit}) for limit in range(3)])
    assert {exchange.status for exchange in exchanges} == {200}
    assert test.clock.seconds == 1005.0
    assert len(vendor.token_requests) == 1


async def test_a_probe_does_not_wait_for_a_token_to_be_known() -> None:
    test = setting(Vendor(queries=lambda request: answer({}, 401)), settle=0.0)
    assert (await test.client.send(Request.of({}))).status == 401
    assert test.clock.slept == []


@pytest.mark.parametrize(
    ("expires", "seconds"),
    [
        ("600", 600.0),
        (600, 600.0),
        (600.5, 600.5),
        (" 90 ", 90.0),
        ("1795793925", None),
        (1795793925000, None),
        ("2026-11-27T15:30:00+00:00", None),
        (True, None),
        (None, None),
        ([600], None),
        ({}, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("1e400", None),
        ("9" * 400, None),
        (int("9" * 400), None),
        (-600, None),
        ("-0", None),
        (0, None),
    ],
)
def test_a_lifetime_is_a_number_of_seconds_or_unknown(expires: Any, seconds: float | None) -> None:
    body = json.dumps({"AccessToken": TOKEN, "Expires": expires}).encode()
    read = TokenAnswer.read(body)
    assert read.expires == seconds
    assert read.token == Secret(TOKEN)


@pytest.mark.parametrize("number", [b"1e400", b"-1e400", b"9" * 5000, b"NaN", b"0." + b"1" * 9000, b"1e" + b"9" * 50])
def test_no_number_keeps_a_token_from_being_read(number: bytes) -> None:
    read = TokenAnswer.read(b'{"AccessToken": "%s", "Expires": %s}' % (TOKEN.encode(), number))
    assert read.token == Secret(TOKEN)
    assert read.expires is None or number.startswith(b"0.")


@pytest.mark.parametrize(
    "refused",
    [
        Request.of({}, credential=Credential.NONE),
        Request.of({}, credential=Credential.GIVEN, authorization="Bearer {token}"),
        Request.of({}, app_key=AppKey.UNKNOWN),
    ],
)
async def test_an_ask_that_wants_to_be_refused_renews_nothing(refused: Request) -> None:
    vendor = Vendor(queries=lambda request: answer({}, 401))
    test = setting(vendor)
    assert (await test.client.send(refused)).status == 401
    assert len(vendor.query_requests) == 1


async def test_a_ready_token_is_used_and_never_renewed() -> None:
    vendor = Vendor()
    test = setting(vendor, Credentials(KEY, Secret(SECRET), Secret("ready-token-123")))
    assert (await test.client.send(Request.of({}))).status == 401
    assert vendor.query_requests[0].headers["Authorization"] == "Bearer ready-token-123"
    assert vendor.token_requests == []


async def test_tenants_have_tokens_of_their_own() -> None:
    vendor = Vendor(tokens=[TOKEN, SECOND_TOKEN])
    test = setting(vendor, second=Credentials("second-key-98765", Secret("second-secret-98765")))
    await test.client.send(Request.of({}))
    exchange = await test.client.send(Request.of({}, credential=Credential.SECOND))
    sent = vendor.query_requests[1].headers
    assert (sent["Authorization"], sent["X-APP-Key"]) == (f"Bearer {SECOND_TOKEN}", "second-key-98765")
    assert ("Authorization", "Bearer $LINEMAN_SECOND_TOKEN") in exchange.sent.headers
    assert ("X-APP-Key", "$LINEMAN_SECOND_APP_KEY") in exchange.sent.headers
    await test.client.send(Request.of({}, app_key=AppKey.SECOND))
    assert vendor.query_requests[2].headers["X-APP-Key"] == "second-key-98765"


async def test_a_short_lived_token_leaves_the_kept_one_alone() -> None:
    vendor = Vendor()
    test = setting(vendor)
    await test.client.send(Request.of({}))
    vendor.expires = "7"
    issued = await test.client.fresh_token(5)
    assert issued is not None
    assert (issued.lifetime, issued.expires, issued.expired_at) == (5, 7.0, 1008.0)
    assert vendor.token_requests[1].headers["X-Token-Expire"] == "5"
    short = await test.client.send(Request.of({}, credential=Credential.GIVEN, authorization="Bearer {short}"))
    own = await test.client.send(Request.of({}))
    assert [request.headers["Authorization"] for request in vendor.query_requests[1:]] == [
        "Bearer PLANTED.token-number-two-x",
        f"Bearer {TOKEN}",
    ]
    assert (short.status, own.status) == (200, 200)
    assert ("Authorization", "Bearer $LINEMAN_SHORT_TOKEN") in short.sent.headers


async def test_without_key_and_secret_there_is_no_short_lived_token() -> None:
    assert await setting(Vendor(), Credentials(token=Secret(TOKEN))).client.fresh_token(5) is None


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_refused_key_and_secret(status: int) -> None:
    vendor = Vendor(token_answers=[answer({}, status), answer({}, status)])
    test = setting(vendor)
    with pytest.raises(TokenRefused, match=f"http://127.0.0.1/token refused app key and secret with status {status}"):
        await test.client.send(Request.of({}))
    with pytest.raises(TokenRefused):
        await test.client.send(Request.of({}))
    assert len(vendor.token_requests) == 1, "a refusal is remembered for a while"
    test.clock.seconds += 31
    with pytest.raises(TokenRefused):
        await test.client.send(Request.of({}))
    assert len(vendor.token_requests) == 2
    assert vendor.query_requests == []


async def test_all_who_waited_learn_of_one_refusal() -> None:
    vendor = Vendor(token_answers=[answer({}, 403)])
    test = setting(vendor)
    results = await asyncio.gather(*(test.client.send(Request.of({})) for _ in range(5)), return_exceptions=True)
    assert [type(result) for result in results] == [TokenRefused] * 5
    assert len(vendor.token_requests) == 1


@pytest.mark.parametrize(
    "given",
    [
        answer({"AccessToken": ""}),
        answer({"AccessToken": 12}),
        answer(["AccessToken"]),
        answer({"AccessToken": "two words"}),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, text="[" * 100_000),
        answer({}, 404),
        answer({}, 302, Location="http://elsewhere/"),
    ],
)
async def test_an_answer_without_a_token(given: httpx.Response) -> None:
    with pytest.raises(TokenUnavailable, match="check the token URL"):
        await setting(Vendor(token_answers=[given])).client.send(Request.of({}))


async def test_token_requests_are_retried() -> None:
    vendor = Vendor(token_answers=[answer({}, 500), answer({}, 429, Retry_After="3"), httpx.ConnectError("no")])
    test = setting(vendor)
    assert (await test.client.send(Request.of({}))).status == 200
    assert test.client.statistics.token_requests == 4
    assert test.client.statistics.retries == 3


async def test_token_requests_are_not_retried_for_ever() -> None:
    vendor = Vendor(token_answers=[answer({}, 503)] * 3)
    test = setting(vendor)
    with pytest.raises(TokenUnavailable, match=r"out of order \(status 503\)"):
        await test.client.send(Request.of({}))
    assert test.client.statistics.token_requests == 3
    assert (await test.client.send(Request.of({}))).status == 200, "an outage is not remembered"


async def test_token_requests_count_against_the_budget() -> None:
    vendor = Vendor()
    test = setting(vendor, max_requests=1)
    with pytest.raises(BudgetSpent, match="the budget of 1 requests is spent"):
        await test.client.send(Request.of({}))
    assert vendor.query_requests == []


@pytest.mark.parametrize(
    ("asked", "missing"),
    [
        (Request.of({}), "LINEMAN_APP_KEY"),
        (Request.of({}, credential=Credential.SECOND), "LINEMAN_SECOND_APP_KEY"),
        (Request.of({}, app_key=AppKey.SECOND, credential=Credential.NONE), "LINEMAN_SECOND_APP_KEY"),
        (Request.of({}, credential=Credential.GIVEN, authorization="Bearer {short}"), "fresh_token"),
        (Request.of({}, credential=Credential.GIVEN, authorization="Bearer {second}"), "LINEMAN_SECOND_TOKEN"),
    ],
)
async def test_a_missing_credential_is_named(asked: Request, missing: str) -> None:
    test = setting(Vendor(), Credentials())
    with pytest.raises(CredentialMissing, match=missing):
        await test.client.send(asked)
    assert test.exchanges == []


async def test_a_token_that_was_good_for_a_while_is_tried_again_before_another_is_asked_for() -> None:
    """Who refuses it once and takes it at the next try is moody; the exchange says so."""
    statuses = iter([200, 200, 401, 200, 200])
    vendor = Vendor(queries=lambda request: answer({}, next(statuses)))
    test = setting(vendor)
    await test.client.send(Request.of({}))
    test.clock.seconds += 1
    first = await test.client.send(Request.of({}))
    test.clock.seconds += 5
    moody = await test.client.send(Request.of({}))
    later = await test.client.send(Request.of({}))
    assert [exchange.status for exchange in (first, moody, later)] == [200, 200, 200]
    assert [exchange.token_age_when_refused for exchange in (first, moody, later)] == [None, 6.0, None]
    assert len(vendor.token_requests) == 1
