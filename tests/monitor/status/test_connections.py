"""The page's server in bad company: half-open connections, many readers, foreign names, and caches."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator, Mapping

import httpx
import pytest
from prometheus_client import CollectorRegistry
from starlette.types import Receive, Scope, Send

from lineman.monitor.status.live import PageResponse
from lineman.monitor.web.app import Views, WebServer, application
from lineman.monitor.web.connections import Connections
from lineman.monitor.web.guard import Guard

SAFE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


def views(body: bytes = b"x" * 2_000) -> Views:
    def page(_: str, __: Mapping[str, str]) -> PageResponse:
        return PageResponse(body)

    return Views(CollectorRegistry(), lambda: (True, {}), page)


@contextlib.contextmanager
def served(**limits: float) -> Iterator[WebServer]:
    server = WebServer("127.0.0.1:0", views(), (), Connections(**limits))  # type: ignore[arg-type]
    server.start()
    try:
        yield server
    finally:
        server.stop()


def get(
    path: str,
    given: Views | None = None,
    method: str = "GET",
    hosts: tuple[str, ...] = (),
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(application(given or views(), hosts))
        async with httpx.AsyncClient(transport=transport, base_url="http://monitor") as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(ask())


def half_open(server: WebServer, number: int) -> list[socket.socket]:
    found = []
    for _ in range(number):
        one = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        one.sendall(b"GET / HTTP/1.1\r\nHost: loc")
        found.append(one)
    return found


def test_six_hundred_half_open_connections_do_not_make_it_unhealthy() -> None:
    with served() as server:
        waiting = half_open(server, 600)
        assert httpx.get(f"http://127.0.0.1:{server.port}/healthz", timeout=60).status_code == 200
        for one in waiting:
            one.close()


def test_where_there_is_no_room_the_one_that_waited_longest_gives_way() -> None:
    with served(most=40) as server:
        waiting = half_open(server, 20)
        answers = []
        for _ in range(200):
            answers.append(httpx.get(f"http://127.0.0.1:{server.port}/healthz", timeout=60).status_code)
            if answers[-1] == 200:
                break
        assert answers[-1] == 200
        assert set(answers) <= {200, 503}
        for one in waiting:
            one.close()


def test_a_head_that_does_not_come_to_its_end_has_a_deadline() -> None:
    with served(head_seconds=0.2) as server:
        (one,) = half_open(server, 1)
        assert one.recv(100) == b""
        one.close()


def test_a_second_head_on_the_same_connection_has_one_too() -> None:
    with served(head_seconds=0.2) as server, socket.create_connection(("127.0.0.1", server.port), timeout=60) as one:
        one.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        first = one.recv(10_000)
        one.sendall(b"GET / HT")
        while (part := one.recv(10_000)) != b"":
            first += part
    assert first.startswith(b"HTTP/1.1 200")


def test_too_many_readers_are_asked_to_come_again_and_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def ask() -> list[int]:
        going = asyncio.Event()

        async def slow(_: Scope, __: Receive, send: Send) -> None:
            await going.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        transport = httpx.ASGITransport(Guard(slow, most=5))
        async with httpx.AsyncClient(transport=transport, base_url="http://monitor") as client:
            asking = {asyncio.create_task(client.get("/")) for _ in range(20)}
            refused: set[asyncio.Task[httpx.Response]] = set()
            while len(refused) < 15:
                done, _ = await asyncio.wait(asking - refused, return_when=asyncio.FIRST_COMPLETED)
                refused |= done
            assert {one.result().headers["retry-after"] for one in refused} == {"1"}
            going.set()
            return [answer.status_code for answer in await asyncio.gather(*asking)]

    with caplog.at_level(logging.WARNING):
        found = asyncio.run(ask())
    assert (found.count(200), found.count(503)) == (5, 15)
    assert [record for record in caplog.records if record.name.startswith(("lineman", "uvicorn"))] == []


def test_what_is_no_http_leaves_no_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with served() as server, socket.create_connection(("127.0.0.1", server.port), timeout=60) as one:
        one.sendall(b"\x16\x03\x01 not http\r\n\r\n")
        assert one.recv(100).startswith(b"HTTP/1.1 400")
    assert [record for record in caplog.records if record.name.startswith(("lineman", "uvicorn"))] == []


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:9469", "[::1]:9469", "localhost", "lineman", "10.1.2.3", "monitor.ns.svc:9469", "status.example.com"],
)
def test_its_own_names(host: str) -> None:
    assert get("/", hosts=("status.example.com",), headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:9469", "127.0.0.1.evil.example", "localhost.evil.example"]
)
@pytest.mark.parametrize("path", ["/", "/metrics", "/healthz"])
def test_a_foreign_name_is_refused_with_what_to_do(host: str, path: str) -> None:
    answer = get(path, hosts=("status.example.com",), headers={"Host": host})
    assert answer.status_code == 421
    assert "add the name to hosts in [monitor]" in answer.text
    assert get(path, hosts=("*",), headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("path", "method"), [("/", "GET"), ("/healthz", "GET"), ("/no/such", "GET"), ("/", "POST"), ("/metrics", "PUT")]
)
def test_every_answer_has_the_same_headers(path: str, method: str) -> None:
    answer = get(path, method=method)
    assert {name: answer.headers[name] for name in SAFE} == SAFE
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_what_has_not_changed_is_not_sent_again() -> None:
    first = get("/")
    again = get("/", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    changed = get("/", views(b"y" * 2_000), headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
