"""Certificates are read whether they verify or not."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from lineman.monitor.probe.certificate import read_certificate

pytestmark = pytest.mark.anyio


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def bundle(authority: trustme.CA) -> Iterator[Path]:
    with authority.cert_pem.tempfile() as path:
        yield Path(path)


@asynccontextmanager
async def tls_server(certificate: trustme.LeafCert) -> AsyncIterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)

    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await reader.read()
        writer.close()

    running = await asyncio.start_server(close, "127.0.0.1", 0, ssl=context)
    try:
        yield running.sockets[0].getsockname()[1]
    finally:
        running.close()
        await running.wait_closed()


async def test_a_good_certificate(authority: trustme.CA, bundle: Path) -> None:
    expiry = datetime.now(UTC).replace(microsecond=0) + timedelta(days=12)
    async with tls_server(authority.issue_cert("localhost", "127.0.0.1", not_after=expiry)) as port:
        facts = await read_certificate("127.0.0.1", port, "localhost", verify=bundle)
    assert facts.verified
    assert facts.reason == ""
    assert facts.not_after == expiry
    assert facts.names == ("localhost", "127.0.0.1")
    assert "trustme" in facts.issuer


async def test_an_expired_certificate(authority: trustme.CA, bundle: Path) -> None:
    expiry = datetime(2020, 1, 2, tzinfo=UTC)
    issued = authority.issue_cert("localhost", not_before=datetime(2020, 1, 1, tzinfo=UTC), not_after=expiry)
    async with tls_server(issued) as port:
        facts = await read_certificate("127.0.0.1", port, "localhost", verify=bundle)
    assert not facts.verified
    assert "expired" in facts.reason
    assert facts.not_after == expiry


async def test_an_unknown_authority_and_a_foreign_name(authority: trustme.CA, bundle: Path) -> None:
    async with tls_server(authority.issue_cert("localhost")) as port:
        unknown = await read_certificate("127.0.0.1", port, "localhost")
        foreign = await read_certificate("127.0.0.1", port, "elsewhere.example", verify=bundle)
    assert not unknown.verified
    assert unknown.reason
    assert not foreign.verified
    assert "elsewhere.example" in foreign.reason


async def test_nobody_listens() -> None:
    running = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = running.sockets[0].getsockname()[1]
    running.close()
    await running.wait_closed()
    with pytest.raises(OSError, match=str(port)):
        await read_certificate("127.0.0.1", port)
