"""Rate, concurrency, budget, rate limits, outages: how politely and how stubbornly the client sends."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable

import httpx
import pytest

from lineman.client import BudgetSpent, TargetDown, TargetUnreachable, TokenRefused
from lineman.client.retry import backoff, retry_after
from lineman.exchange import FailureKind, Request, Response
from lineman.secret import Secret
from lineman.target import Credentials

from .harness import FakeClock, Vendor, answer, setting

pytestmark = pytest.mark.anyio
READY = Credentials(token=Secret("ready-token-123"))
OK = {"returnCode": "0"}


def script(*answers: httpx.Response | Exception) -> Callable[[httpx.Request], httpx.Response]:
    """Give these answers one after the other, and the last one for ever."""
    left = list(answers)

    def handle(request: httpx.Request) -> httpx.Response:
        given = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(given, Exception):
            raise given
        return httpx.Response(given.status_code, headers=given.headers, content=given.content)

    return handle


async def test_requests_start_at_the_rate() -> None:
    test = setting(script(answer(OK)), READY, rate=10.0, concurrency=4)
    await test.client.send_all([Request.of({"limit": limit}) for limit in range(11)])
    began = sorted(exchange.started_at for exchange in test.exchanges)
    assert began[-1] - began[0] >= 1.0 - 1e-6
    assert all(later - earlier >= 0.1 - 1e-6 for earlier, later in itertools.pairwise(began))
    assert test.client.statistics.paced_seconds > 0


async def test_no_more_are_in_flight_than_allowed() -> None:
    in_flight = most = 0

    async def handle(request: httpx.Request) -> httpx.Response:
        nonlocal in_flight, most
        in_flight += 1
        most = max(most, in_flight)
        for _ in range(5):
            await asyncio.sleep(0)
        in_flight -= 1
        return answer(OK)

    test = setting(handle, READY, concurrency=3)
    await test.client.send_all([Request.of({}) for _ in range(12)])
    assert most == 3


async def test_results_and_numbers_follow_the_order_of_the_asks() -> None:
    async def handle(request: httpx.Request) -> httpx.Response:
        for _ in range(0 if b"1" in request.content else 10):
            await asyncio.sleep(0)
        return answer(request.content.decode())

    test = setting(handle, READY)
    requests = [Request.of({"limit": limit}) for limit in range(4)]
    exchanges = await test.client.send_all(requests)
    assert [exchange.request for exchange in exchanges] == requests
    assert [exchange.number for exchange in exchanges] == [1, 2, 3, 4]
    assert test.exchanges[0].number == 2


async def test_the_budget_counts_retries() -> None:
    test = setting(script(answer({}, 503)), READY, max_requests=2)
    with pytest.raises(BudgetSpent) as caught:
        await test.client.send(Request.of({}))
    assert caught.value.budget == 2
    assert [exchange.attempt for exchange in test.exchanges] == [1, 2]
    assert test.client.statistics.requests == 2


async def test_a_rate_limit_is_obeyed_by_everybody_and_halves_the_rate() -> None:
    test = setting(script(answer({}, 429, Retry_After="7"), answer(OK)), READY, rate=10.0, concurrency=1)
    exchanges = await test.client.send_all([Request.of({}), Request.of({"limit": 1}), Request.of({"limit": 2})])
    assert {exchange.status for exchange in exchanges} == {200}
    limited, *others = test.exchanges
    assert limited.status == 429
    assert min(exchange.started_at for exchange in others) >= limited.finished_at + 7
    gaps = [later.started_at - earlier.started_at for earlier, later in itertools.pairwise(others)]
    assert min(gaps) > 0.15, "half the rate, or slower"
    assert test.client.statistics.rate_limited == 1


async def test_the_rate_recovers_slowly() -> None:
    test = setting(script(answer({}, 429), answer(OK)), READY, rate=10.0)
    for _ in range(150):
        await test.client.send(Request.of({}))
    began = [exchange.started_at for exchange in test.exchanges]
    assert began[3] - began[2] > 0.3
    assert began[-1] - began[-2] == pytest.approx(0.1)


async def test_a_rate_limit_slows_down_an_unlimited_client_too() -> None:
    test = setting(script(*[answer(OK)] * 8, answer({}, 429, Retry_After="0"), answer(OK)), READY)
    for _ in range(12):
        await test.client.send(Request.of({}))
    assert test.exchanges[7].started_at == test.exchanges[0].started_at
    assert test.exchanges[11].started_at > test.exchanges[10].started_at
    for _ in range(700):
        await test.client.send(Request.of({}))
    assert test.exchanges[-1].started_at == test.exchanges[-2].started_at


async def test_a_rate_limit_without_end_is_returned() -> None:
    test = setting(script(answer({}, 429, Retry_After="1")), READY)
    exchange = await test.client.send(Request.of({}))
    assert (exchange.status, exchange.attempt) == (429, 6)


async def test_nobody_waits_for_a_rate_limit_for_ever() -> None:
    test = setting(script(answer({}, 429, Retry_After="3600")), READY)
    exchange = await test.client.send(Request.of({}))
    assert (exchange.status, exchange.attempt) == (429, 3)
    assert exchange.finished_at - test.exchanges[0].started_at == pytest.approx(120)


async def test_an_ask_that_may_provoke_is_still_repeated_after_a_rate_limit() -> None:
    test = setting(script(answer({}, 429, Retry_After="1"), answer({}, 503)), READY)
    exchange = await test.client.send(Request.of({}, retry=False))
    assert (exchange.status, exchange.attempt) == (503, 2)


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_an_outage_is_retried_with_growing_waits(status: int) -> None:
    test = setting(script(answer({}, status), answer({}, status), answer(OK)), READY)
    exchange = await test.client.send(Request.of({}, "limit.zero"))
    assert (exchange.status, exchange.attempt) == (200, 3)
    assert [seen.status for seen in test.exchanges] == [status, status, 200]
    assert all(seen.request is exchange.request for seen in test.exchanges)
    first, second = test.clock.slept
    assert second > first > 0
    assert test.client.statistics.retries == test.client.statistics.outages == 2
    assert test.client.statistics.backoff_seconds == pytest.approx(first + second)


async def test_an_outage_says_how_long_to_wait() -> None:
    test = setting(script(answer({}, 503, Retry_After="20"), answer(OK)), READY)
    await test.client.send(Request.of({}))
    assert test.clock.slept == [20.0]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ConnectError("refused"), FailureKind.CONNECT),
        (httpx.ConnectTimeout("slow"), FailureKind.TIMEOUT),
        (httpx.ReadError("reset"), FailureKind.CUT),
        (httpx.RemoteProtocolError("Server disconnected without sending a response."), FailureKind.CUT),
    ],
)
async def test_failures_of_the_transport_are_retried(error: Exception, kind: FailureKind) -> None:
    test = setting(script(error), READY)
    exchange = await test.client.send(Request.of({}))
    assert exchange.failure is not None
    assert (exchange.failure.kind, exchange.attempt, exchange.response) == (kind, 3, None)
    assert test.client.statistics.transport_failures == 3


@pytest.mark.parametrize(
    "given", [answer({}, 500), answer({}, 404), answer({}, 302, Location="/x"), httpx.RemoteProtocolError("garbage")]
)
async def test_what_is_an_answer_of_the_service_is_not_retried(given: httpx.Response | Exception) -> None:
    test = setting(script(given), READY)
    assert (await test.client.send(Request.of({}))).attempt == 1
    assert len(test.exchanges) == 1


async def test_an_ask_that_may_provoke_an_outage_is_not_retried() -> None:
    test = setting(script(httpx.ConnectError("refused")), READY, concurrency=1)
    for _ in range(12):
        assert (await test.client.send(Request.of({}, retry=False))).attempt == 1


async def test_a_cut_connection_is_tried_again_even_for_an_ask_that_may_provoke_it() -> None:
    test = setting(script(httpx.ReadError("reset")), READY, concurrency=1)
    for _ in range(12):
        assert (await test.client.send(Request.of({}, retry=False))).attempt == 3


async def test_a_target_that_stays_down_is_given_up() -> None:
    test = setting(script(answer({}, 503)), READY, base_url="http://127.0.0.1:8080")
    for _ in range(7):
        await test.client.send(Request.of({}))
    with pytest.raises(
        TargetDown, match=r"http://127\.0\.0\.1:8080 is down: 8 requests in a row .*status 503"
    ) as caught:
        await test.client.send(Request.of({}))
    assert not isinstance(caught.value, TargetUnreachable)
    assert len(test.exchanges) == 24


async def test_a_target_that_falls_over_is_left_alone_soon_by_many_asks_at_once() -> None:
    test = setting(script(answer({}, 503)), READY)
    with pytest.raises(TargetDown, match="8 requests in a row"):
        await test.client.send_all([Request.of({"limit": limit}) for limit in range(200)])
    most = 3 * 16 + 7  # three attempts of each ask in flight, and a first one of those that took a place left by seven
    assert len(test.exchanges) <= most


async def test_one_answer_ends_the_row() -> None:
    outage, fine = [answer({}, 503)] * 21, answer(OK)
    test = setting(script(*outage, fine, *outage, fine), READY)
    for _ in range(16):
        await test.client.send(Request.of({}))
    assert test.exchanges[-1].status == 200


async def test_a_target_that_was_never_reached_is_given_up_soon() -> None:
    test = setting(script(httpx.ConnectError("Connection refused")), READY)
    await test.client.send(Request.of({}))
    await test.client.send(Request.of({}))
    with pytest.raises(TargetUnreachable, match=r"cannot be reached: no connection to 127\.0\.0\.1:80 .*firewall"):
        await test.client.send(Request.of({}))


async def test_what_was_sent_is_recorded_when_the_budget_ends() -> None:
    async def handle(request: httpx.Request) -> httpx.Response:
        for _ in range(20):
            await asyncio.sleep(0)
        return answer(OK)

    test = setting(handle, READY, max_requests=5, concurrency=3)
    with pytest.raises(BudgetSpent):
        await test.client.send_all([Request.of({}) for _ in range(20)])
    assert [exchange.status for exchange in test.exchanges] == [200] * 5
    assert test.client.statistics.requests == 5


async def test_what_was_sent_is_recorded_when_the_caller_leaves() -> None:
    entered = asyncio.Event()

    async def handle(request: httpx.Request) -> httpx.Response:
        entered.set()
        await asyncio.Event().wait()
        return answer(OK)

    test = setting(handle, READY)
    task = asyncio.create_task(test.client.send(Request.of({})))
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [exchange.failure.kind for exchange in test.exchanges if exchange.failure] == [FailureKind.ABANDONED]


async def test_one_error_cancels_the_other_asks() -> None:
    vendor = Vendor(token_answers=[answer({}, 403)])
    test = setting(vendor, concurrency=2)
    before = asyncio.all_tasks()
    with pytest.raises(TokenRefused):
        await test.client.send_all([Request.of({}) for _ in range(20)])
    assert asyncio.all_tasks() == before


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("12", 12.0),
        ("3600", 60.0),
        ("9" * 400, 60.0),
        ("Thu, 01 Jan 2026 00:00:30 GMT", 30.0),
        ("Thu, 01 Jan 2026 01:00:00 GMT", 60.0),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0.0),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("Thu, 99 Jan 2026 00:00:30 GMT", None),
    ],
)
def test_retry_after_in_both_forms(value: str, seconds: float | None) -> None:
    response = Response(429, (("retry-after", value),), b"", 0)
    assert retry_after(response, FakeClock().now()) == seconds


def test_backoff_is_the_same_every_time_and_differs_between_asks() -> None:
    assert backoff(1, 2) == backoff(1, 2)
    assert len({backoff(number, 1) for number in range(50)}) > 40
    assert all(0.25 <= backoff(number, 1) <= 0.375 for number in range(50))
    assert backoff(3, 20) == 60.0
