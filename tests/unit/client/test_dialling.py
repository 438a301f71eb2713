"""Every address gets its chance, and the error that says most of the service is the one that is kept."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading

import pytest

from lineman.client.dialling import addresses, first_connection

pytestmark = pytest.mark.anyio


async def test_a_literal_address_needs_no_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "getaddrinfo")
    assert await addresses("127.0.0.1", 80) == ["127.0.0.1"]
    assert await addresses("::1", 80) == ["::1"]


async def test_a_name_is_looked_up_once_for_all_who_ask_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    both_wait = threading.Event()

    def look_up(host: str, port: int, **_: object) -> list[object]:
        calls.append(host)
        both_wait.wait(30)
        return [(2, 1, 6, "", ("192.0.2.1", port)), (2, 1, 6, "", ("192.0.2.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    tasks = [asyncio.ensure_future(addresses("one.example", 80)) for _ in range(5)]
    await asyncio.sleep(0)
    both_wait.set()
    assert await asyncio.gather(*tasks) == [["192.0.2.1"]] * 5
    assert calls == ["one.example"]


async def test_who_gives_up_takes_nobody_along(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def look_up(host: str, port: int, **_: object) -> list[object]:
        released.wait(30)
        return [(2, 1, 6, "", ("192.0.2.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    first, second = (asyncio.ensure_future(addresses("slow.example", 80)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    released.set()
    assert await second == ["192.0.2.1"]


async def test_a_name_that_does_not_resolve_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    for _ in range(2):
        with pytest.raises(socket.gaierror):
            await addresses("nowhere.example", 80)


async def _connect(address: str) -> str:
    """Connects to addresses that answer, is refused, hangs, or has no route."""
    if address == "hangs":
        await asyncio.Event().wait()
    if address == "refused":
        raise ConnectionRefusedError(errno.ECONNREFUSED, "refused")
    if address == "unreachable":
        raise OSError(errno.ENETUNREACH, "network is unreachable")
    return address


@pytest.mark.parametrize("found", [["good"], ["refused", "good"], ["hangs", "good"], ["unreachable", "hangs", "good"]])
async def test_the_first_address_that_takes_the_connection_wins(found: list[str]) -> None:
    assert await first_connection(found, _connect, stagger=0.0) == "good"


@pytest.mark.parametrize("found", [["unreachable", "refused"], ["refused", "unreachable"]])
async def test_a_refusal_by_any_address_is_the_services(found: list[str]) -> None:
    with pytest.raises(ConnectionRefusedError):
        await first_connection(found, _connect)


async def test_no_route_to_any_address_is_this_machines() -> None:
    with pytest.raises(OSError, match="unreachable"):
        await first_connection(["unreachable", "unreachable"], _connect)
