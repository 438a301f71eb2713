"""The client for callers without an event loop."""

from __future__ import annotations

import asyncio
import threading

import httpx
import pytest

from lineman.client import BlockingClient, TimeSpent, TokenRefused
from lineman.exchange import Exchange, Request
from lineman.secret import Secret
from lineman.target import Credentials, Target

from .harness import CREDENTIALS, PATHS, FakeClock, Vendor, answer


def blocking(vendor: Vendor, seen: list[Exchange] | None = None) -> BlockingClient:
    return BlockingClient(
        Target.of("http://127.0.0.1", CREDENTIALS),
        paths=PATHS,
        transport=httpx.MockTransport(vendor),
        clock=FakeClock(),
        on_exchange=seen.append if seen is not None else None,
    )


def test_it_does_what_the_client_does() -> None:
    seen: list[Exchange] = []
    with blocking(Vendor(), seen) as client:
        first = client.send(Request.of({}))
        rest = client.send_all(Request.of({"limit": limit}) for limit in range(3))
        issued = client.fresh_token(5)
        before = client.clock.monotonic()
        client.sleep(30)
        assert client.clock.monotonic() == before + 30
    assert [exchange.number for exchange in [first, *rest]] == [1, 3, 4, 5]
    assert issued is not None
    assert client.statistics.requests == len(seen) == 6
    assert client.target.name == "127.0.0.1"
    assert client.redactor.text(issued.value.reveal()) == "[redacted:token]"


def test_errors_come_through() -> None:
    with blocking(Vendor(token_answers=[answer({}, 403)])) as client, pytest.raises(TokenRefused):
        client.send(Request.of({}))


def test_closing_ends_the_thread_and_may_be_repeated() -> None:
    client = blocking(Vendor())
    client.send(Request.of({}))
    client.close()
    client.close()
    assert "lineman-client" not in {thread.name for thread in threading.enumerate()}
    with pytest.raises(RuntimeError, match="closed"):
        client.send(Request.of({}))


def test_an_interrupt_cancels_what_is_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """The future is made to raise as it does when the user presses Ctrl-C while the caller waits."""
    entered, cancelled = threading.Event(), threading.Event()

    async def never(request: httpx.Request) -> httpx.Response:
        entered.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return answer({})

    client = BlockingClient(
        Target.of("http://127.0.0.1", CREDENTIALS), paths=PATHS, transport=httpx.MockTransport(never)
    )
    submit = asyncio.run_coroutine_threadsafe

    def interrupted(work: object, loop: asyncio.AbstractEventLoop) -> object:
        future = submit(work, loop)  # type: ignore[arg-type, var-annotated]  # passed on as it came
        entered.wait(5)

        def press(timeout: float | None = None) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(future, "result", press)
        return future

    with monkeypatch.context() as patch:
        patch.setattr("lineman.client.blocking.asyncio.run_coroutine_threadsafe", interrupted)
        with pytest.raises(KeyboardInterrupt):
            client.send(Request.of({}))
    assert cancelled.wait(5)
    client.close()


def test_the_end_of_the_time_allowed_cancels_what_is_on_its_way() -> None:
    cancelled = threading.Event()

    async def never(request: httpx.Request) -> httpx.Response:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        raise AssertionError

    target = Target.of("http://127.0.0.1", Credentials(token=Secret("PLANTED-ready-token")))
    with BlockingClient(target, paths=PATHS, transport=httpx.MockTransport(never), max_seconds=0.01) as client:
        with pytest.raises(TimeSpent, match=r"time of 0\.01 seconds is spent: allow more with --max-time"):
            client.send(Request.of({}))
        assert cancelled.wait(30)


def test_nothing_is_sent_after_the_time_allowed() -> None:
    vendor, clock = Vendor(), FakeClock()
    target = Target.of("http://127.0.0.1", Credentials(token=Secret("PLANTED-ready-token")))
    transport = httpx.MockTransport(vendor)
    with BlockingClient(target, paths=PATHS, transport=transport, clock=clock, max_seconds=60.0) as client:
        client.send(Request.of({}))
        client.sleep(60.0)
        with pytest.raises(TimeSpent):
            client.send(Request.of({}))
    assert len(vendor.query_requests) == 1
