"""What goes over a real wire: phases, cuts, floods, slow servers and TLS."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from lineman.exchange import Credential, Exchange, FailureKind, Request

from .harness import network_client, server

pytestmark = pytest.mark.anyio
Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n{"returnCode":"0"}'


class Reply:
    """Writes given bytes, and then waits for as long as the client stays where ``hold`` is set."""

    def __init__(self, data: bytes, *, hold: bool = False) -> None:
        self.data = data
        self.hold = hold
        self.served = 0

    async def __call__(self, reader: Reader, writer: Writer) -> None:
        self.served += 1
        writer.write(self.data)
        await writer.drain()
        if self.hold:
            await reader.read()  # the body, until the client leaves
            await reader.read()


async def ask_one(reply: Reply, request: Request | None = None, **settings: object) -> Exchange:
    async with server(reply) as port, network_client(f"http://127.0.0.1:{port}", **settings) as client:
        return await client.send(request or Request.of({}))


async def test_an_answer_and_its_phases() -> None:
    async with server(Reply(OK)) as port, network_client(f"http://localhost:{port}") as client:
        exchange = await client.send(Request.of({}))
    phases = exchange.phases
    assert exchange.response is not None
    assert exchange.response.body == b'{"returnCode":"0"}'
    assert exchange.response.header("content-TYPE") == "application/json"
    parts = [phases.resolve, phases.connect, phases.send, phases.wait, phases.receive]
    assert all(part is not None and part >= 0 for part in parts)
    assert phases.tls is None
    assert sum(part or 0 for part in parts) <= phases.total == exchange.finished_at - exchange.started_at
    assert ("Host", f"localhost:{port}") in exchange.sent.headers


async def test_a_connection_is_used_again() -> None:
    async def twice(reader: Reader, writer: Writer) -> None:
        await reader.readexactly(2)
        writer.write(OK)
        await reader.readuntil(b"\r\n\r\n{}")
        writer.write(OK)

    async with server(twice) as port, network_client(f"http://127.0.0.1:{port}") as client:
        first, second = await client.send(Request.of({})), await client.send(Request.of({}))
    assert first.phases.connect is not None
    assert (second.phases.resolve, second.phases.connect) == (None, None)
    assert second.phases.wait is not None


async def test_no_redirect_is_followed_and_no_cookie_kept() -> None:
    reply = Reply(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n")
    async with server(reply) as port, network_client(f"http://127.0.0.1:{port}") as client:
        first, second = await client.send(Request.of({})), await client.send(Request.of({}))
    assert (first.status, second.status, reply.served) == (302, 302, 2)
    assert "cookie" not in {name.lower() for name, _ in second.sent.headers}


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (b"", FailureKind.CUT, "cut the connection while waiting for the answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", FailureKind.CUT, "cut the connection"),
        (OK[:-5], FailureKind.CUT, "while the body came"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n12\r\n{", FailureKind.CUT, "while the body came"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", FailureKind.PROTOCOL, "does not answer with valid HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, FailureKind.PROTOCOL, "does not answer with valid HTTP"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
            FailureKind.PROTOCOL,
            "is not what its Content-Encoding says (the gzip stream is broken",
        ),
    ],
)
async def test_what_is_no_whole_answer(data: bytes, kind: FailureKind, words: str) -> None:
    exchange = await ask_one(Reply(data), Request.of({}, retry=False))
    assert exchange.response is None
    assert exchange.failure is not None
    assert exchange.failure.kind is kind
    assert words in exchange.failure.message
    assert "127.0.0.1" in exchange.failure.message


async def test_a_cut_is_retried_on_a_new_connection() -> None:
    reply = Reply(b"")
    exchange = await ask_one(reply)
    assert (exchange.attempt, reply.served) == (3, 3)


async def test_a_reset_is_a_cut() -> None:
    async def reset(reader: Reader, writer: Writer) -> None:
        writer.transport.abort()

    async with server(reset) as port, network_client(f"http://127.0.0.1:{port}") as client:
        exchange = await client.send(Request.of({}, retry=False))
    assert exchange.failure is not None
    assert exchange.failure.kind is FailureKind.CUT


async def test_a_compressed_answer() -> None:
    packed = gzip.compress(b'{"returnCode":"0"}' * 10)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    exchange = await ask_one(Reply(head + packed))
    assert exchange.response is not None
    assert (exchange.response.body, exchange.response.size) == (b'{"returnCode":"0"}' * 10, 180)


async def test_a_body_without_end_is_truncated_at_the_bound() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
    exchange = await ask_one(Reply(head + b"x" * 500_000, hold=True), max_body_bytes=4096)
    assert exchange.response is not None
    assert (len(exchange.response.body), exchange.response.truncated) == (4096, True)


async def test_silence_ends_at_the_timeout() -> None:
    exchange = await ask_one(Reply(b"", hold=True), Request.of({}, retry=False), timeout=0.5)
    assert exchange.failure is not None
    assert exchange.failure.kind is FailureKind.TIMEOUT
    assert exchange.failure.message == (
        "no whole answer from 127.0.0.1 within 0.5 s: stopped while waiting for the answer"
    )
    assert exchange.phases.wait is not None
    assert 0 < exchange.phases.wait <= exchange.phases.total


async def test_a_trickle_ends_at_the_timeout() -> None:
    async def trickle(reader: Reader, writer: Writer) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0)

    async with server(trickle) as port, network_client(f"http://127.0.0.1:{port}", timeout=0.1) as client:
        exchange = await client.send(Request.of({}, retry=False))
    assert exchange.failure is not None
    assert exchange.failure.kind is FailureKind.TIMEOUT
    assert "while the body came" in exchange.failure.message


async def test_nobody_listens() -> None:
    async with server(Reply(OK)) as port:
        pass
    async with network_client(f"http://127.0.0.1:{port}") as client:
        exchange = await client.send(Request.of({}))
    assert exchange.failure is not None
    assert exchange.failure.kind is FailureKind.CONNECT
    assert f"no connection to 127.0.0.1:{port} (Connection refused)" in exchange.failure.message
    assert exchange.phases.connect is not None


async def test_a_name_that_does_not_exist() -> None:
    async with network_client("http://no-such-host.invalid", rate=None) as client:
        exchange = await client.send(Request.of({}, retry=False))
    assert exchange.failure is not None
    assert exchange.failure.kind is FailureKind.RESOLVE
    assert "the name no-such-host.invalid cannot be resolved" in exchange.failure.message
    assert exchange.phases.connect is None or exchange.phases.resolve is not None


async def test_a_header_that_http_forbids_fails_as_an_exchange() -> None:
    request = Request.of({}, credential=Credential.GIVEN, authorization="Bearer\x00{token}")
    exchange = await ask_one(Reply(OK), request)
    assert exchange.failure is not None
    assert exchange.failure.kind is FailureKind.PROTOCOL
    assert "cannot be sent" in exchange.failure.message


@contextmanager
def authority() -> Iterator[tuple[trustme.CA, Path]]:
    made = trustme.CA()
    with made.cert_pem.tempfile() as path:
        yield made, Path(path)


def tls(made: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.issue_cert(*names).configure_cert(context)
    return context


async def test_a_certificate_of_the_configured_authority_is_accepted() -> None:
    with authority() as (made, bundle):
        async with (
            server(Reply(OK), ssl=tls(made, "localhost")) as port,
            network_client(f"https://localhost:{port}", verify=bundle) as client,
        ):
            exchange = await client.send(Request.of({}))
    assert exchange.status == 200
    assert exchange.phases.tls is not None


@pytest.mark.parametrize(
    ("name", "known", "advice"),
    [("localhost", False, "set ca to the CA bundle"), ("elsewhere.example", True, "is for other names")],
)
async def test_a_certificate_that_does_not_fit_is_refused(name: str, known: bool, advice: str) -> None:
    with authority() as (made, bundle):
        async with (
            server(Reply(OK), ssl=tls(made, name)) as port,
            network_client(f"https://localhost:{port}", verify=bundle if known else True) as client,
        ):
            exchange = await client.send(Request.of({}, retry=False))
    assert exchange.failure is not None
    assert exchange.failure.kind is FailureKind.TLS
    assert f"no secure connection to localhost:{port}" in exchange.failure.message
    assert advice in exchange.failure.message


async def test_a_port_without_tls() -> None:
    async def answer_anything(reader: Reader, writer: Writer) -> None:
        await reader.read(1)
        writer.write(OK)
        writer.close()

    running = await asyncio.start_server(answer_anything, "127.0.0.1", 0)
    port = running.sockets[0].getsockname()[1]
    async with network_client(f"https://127.0.0.1:{port}") as client:
        exchange = await client.send(Request.of({}, retry=False))
    running.close()
    await running.wait_closed()
    assert exchange.failure is not None
    assert exchange.failure.kind is FailureKind.TLS
    assert "check that the port speaks TLS" in exchange.failure.message
