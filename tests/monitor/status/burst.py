"""Readers who hammer: many requests over a few connections that stay open, as fast as they are answered."""

from __future__ import annotations

import asyncio
from collections import Counter

CONNECTIONS = 32


def burst(port: int, path: str, number: int) -> Counter[int]:
    """Ask a path of this machine so many times; return how often each status came."""
    return asyncio.run(_burst(port, path, number))


async def _burst(port: int, path: str, number: int) -> Counter[int]:
    counts = [number // CONNECTIONS + (index < number % CONNECTIONS) for index in range(CONNECTIONS)]
    found = await asyncio.gather(*(_reader(port, path, count) for count in counts))
    return sum(found, Counter[int]())


async def _reader(port: int, path: str, count: int) -> Counter[int]:
    statuses = Counter[int]()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n".encode()
    for _ in range(count):
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        await reader.readexactly(int(head.partition("content-length:")[2].split("\r\n")[0]))
        statuses[int(head.split()[1])] += 1
    writer.close()
    await writer.wait_closed()
    return statuses
