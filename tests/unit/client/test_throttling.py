"""A rate limit that does not say 429 is known by its dependence on time; a service's own refusals are left alone."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from lineman.exchange import Request
from lineman.secret import Secret
from lineman.target import Credentials

from .harness import FakeClock, Setting, answer, setting

pytestmark = pytest.mark.anyio
READY = Credentials(token=Secret("ready-token-123"))
OK = {"returnCode": "0"}
PAGE = "<html><body>Please slow down</body></html>"
NEUTRAL = Request.of({"limit": 1})


def page(status: int) -> httpx.Response:
    """A page for people."""
    return httpx.Response(status, content=PAGE, headers={"Content-Type": "text/html"})


def limiter(clock: FakeClock, most: int, refusal: Callable[[], httpx.Response]) -> Callable[..., httpx.Response]:
    """Let so many requests of a second pass, and refuse the others."""
    passed: list[float] = []

    def handle(request: httpx.Request) -> httpx.Response:
        passed[:] = [moment for moment in passed if clock.seconds - 1.0 < moment]
        if len(passed) >= most:
            return refusal()
        passed.append(clock.seconds)
        return answer(OK)

    return handle


async def asked(test: Setting, count: int) -> list[int | None]:
    """The final statuses of so many queries, after one that was answered."""
    test.client.neutral = lambda: NEUTRAL
    await test.client.send(NEUTRAL)
    exchanges = await test.client.send_all([Request.of({"limit": number}) for number in range(2, count + 2)])
    return [exchange.status for exchange in exchanges]


@pytest.mark.parametrize("refusal", [lambda: page(403), lambda: answer({"error_code": "X"}, 403), lambda: page(200)])
async def test_requests_that_a_hidden_limit_refused_are_answered_later(
    refusal: Callable[[], httpx.Response],
) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        return limited(request)

    test = setting(handle, READY)
    limited = limiter(test.clock, 5, refusal)
    assert await asked(test, 30) == [200] * 30
    statistics = test.client.statistics
    assert statistics.hidden_limits > 0
    assert statistics.hidden_limit.startswith(str(refusal().status_code))
    assert not any(exchange.response and exchange.response.body == PAGE.encode() for exchange in test.exchanges[-1:])


async def test_a_service_that_refuses_one_query_is_taken_at_its_word() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        return page(403) if b'"limit":7' in request.content else answer(OK)

    test = setting(handle, READY)
    assert (await asked(test, 10)).count(403) == 1
    assert test.client.statistics.hidden_limit == ""


async def test_refusals_now_and_then_are_no_limit() -> None:
    count = 0

    def handle(request: httpx.Request) -> httpx.Response:
        nonlocal count
        count += 1
        return page(403) if count % 9 == 0 else answer(OK)

    test = setting(handle, READY)
    await asked(test, 30)
    assert test.client.statistics.hidden_limit == ""


async def test_before_any_answer_a_refusal_costs_no_time() -> None:
    test = setting(lambda request: page(403), READY)
    exchange = await test.client.send(Request.of({}))
    assert exchange.status == 403
    assert test.clock.slept == []
