"""From a name to a connection: every address gets its chance, and a resolver that hangs holds nobody else up."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

_STAGGER = 0.25
"""Seconds before the next address is tried beside one that does not answer (RFC 8305, section 5)."""
_TELLING = (errno.ECONNREFUSED, errno.ECONNRESET, errno.EHOSTUNREACH)
"""Errors that say something of the service or its host; the others may be this machine's."""
_Connected = TypeVar("_Connected")
_Found = list[tuple[Any, ...]]
_in_flight: dict[tuple[asyncio.AbstractEventLoop, str, int], asyncio.Future[_Found]] = {}


async def addresses(host: str, port: int) -> list[str]:
    """The addresses of a name in the system's order, without repetition; a literal address is its own.

    The resolver runs in a thread of its own, which no pool and no end of the process waits for; whoever asks for the
    same name meanwhile waits for the same answer.

    Raises:
        OSError: the name cannot be resolved.
        UnicodeError: it is none.
    """
    with contextlib.suppress(ValueError):
        return [str(ipaddress.ip_address(host))]
    loop = asyncio.get_running_loop()
    key = (loop, host, port)
    asked = _in_flight.get(key)
    if asked is None:
        asked = _in_flight[key] = loop.create_future()
        asked.add_done_callback(lambda done: (_in_flight.pop(key, None), done.cancelled() or done.exception()))
        threading.Thread(target=_look_up, args=(*key, asked), name=f"resolve {host}", daemon=True).start()
    found = await asyncio.shield(asked)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _look_up(loop: asyncio.AbstractEventLoop, host: str, port: int, asked: asyncio.Future[_Found]) -> None:
    def answer(found: _Found | None, error: Exception | None) -> None:
        if asked.done():
            return
        if error is not None:
            asked.set_exception(error)
        else:
            asked.set_result(found or [])

    found: _Found | None = None
    problem: Exception | None = None
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        problem = error
    with contextlib.suppress(RuntimeError):  # nobody waits any more: the loop is closed
        loop.call_soon_threadsafe(answer, found, problem)


async def first_connection(
    found: Sequence[str], connect: Callable[[str], Awaitable[_Connected]], stagger: float = _STAGGER
) -> _Connected:
    """Connect to the first address that takes it: the next one is tried when one fails or does not answer at once.

    Raises the error that says most of the service, where every address failed.
    """
    waiting = list(found)
    running: set[asyncio.Task[_Connected]] = set()
    errors: list[Exception] = []
    try:
        while waiting or running:
            if waiting:
                running.add(asyncio.ensure_future(_awaited(connect(waiting.pop(0)))))
            done, running = await asyncio.wait(
                running, timeout=stagger if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            won = [task for task in done if task.exception() is None]
            errors += [error for task in done if isinstance(error := task.exception(), Exception)]
            if won:
                return won[0].result()
    finally:
        for task in running:
            task.cancel()
    raise max(errors, key=_says)


async def _awaited(connecting: Awaitable[_Connected]) -> _Connected:
    return await connecting


def _says(error: Exception) -> int:
    """How much an error says of the service: a refusal most, trouble of this machine's own network least."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, OSError) and found.errno is not None:
            return 2 if found.errno in _TELLING else 0
        found = found.__cause__ or found.__context__
    return 1
