"""Waiting for a fresh deployment, on a clock that the test holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from lineman.secret import Secret
from lineman.suite.waiting import PAUSE, wait_until_up
from lineman.target import Credentials, Target


class FakeClock:
    """Sleeping takes no time."""

    def __init__(self) -> None:
        self.spent = 0.0

    def monotonic(self) -> float:
        return self.spent

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.spent)

    async def sleep(self, seconds: float) -> None:
        self.spent += seconds


def wait(*answers: httpx.Response | Exception, seconds: float = 60) -> tuple[bool, list[str], float]:
    """Wait for a service that gives these answers and then the last one for ever; whether, what was said, how long."""
    left = list(answers)

    def answer(_: httpx.Request) -> httpx.Response:
        one = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(one, Exception):
            raise one
        return one

    said: list[str] = []
    clock = FakeClock()
    target = Target.of("http://127.0.0.1:9", Credentials(token=Secret("t" * 20)))
    up = wait_until_up(target, seconds, said.append, transport=httpx.MockTransport(answer), clock=clock)
    return up, said, clock.spent


REFUSED = httpx.ConnectError("connection refused")
GOOD = httpx.Response(200, json={"returnCode": "0", "returnDesc": "", "data": [], "total": 0})


def test_it_waits_until_the_service_itself_answers() -> None:
    """When nobody listens, then a gateway answers for it, and then the service, then each reason is said once."""
    up, said, spent = wait(REFUSED, REFUSED, httpx.Response(503, text="starting"), GOOD)
    assert up
    assert len(said) == 2
    assert spent == pytest.approx(3 * PAUSE)


def test_it_gives_up_in_time() -> None:
    up, said, spent = wait(REFUSED, seconds=9)
    assert not up
    assert said
    assert spent <= 9


@pytest.mark.parametrize("status", [200, 400, 401, 404, 500])
def test_any_answer_of_the_service_is_enough(status: int) -> None:
    up, said, _ = wait(httpx.Response(status, json={"returnCode": "1", "returnDesc": "no"}))
    assert (up, said) == (True, [])
