"""A sandbox in this process, with a clock of our own and a caller for each of its tenants."""

from __future__ import annotations

import asyncio
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from lineman.sandbox import SandboxOptions, create_app, credentials

QUERY_PATH = "/apiaccess/rest/cc-management/v1/accessCodeInfo/queryAccessCodeList"
TOKEN_PATH = "/apigovernance/api/oauth/tokenByAkSk"


@dataclass(frozen=True)
class Ask:
    """One request. ``authorization`` may hold {token}, {expired} and more; ``key`` may hold {key}, {other}."""

    body: Any = field(default_factory=dict)
    method: str = "POST"
    path: str = QUERY_PATH
    authorization: str | None = "Bearer {token}"
    key: str | None = None
    content_type: str | None = "application/json"
    times: int = 1

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def lookalikes(token: str) -> dict[str, str]:
    """Tokens that were never issued, and that look like the given one; of a JWT other parts are exchanged."""
    middle = len(token) // 2
    letter = "A" if token[middle] != "A" else "B"
    names = {"middle": token[:middle] + letter + token[middle + 1 :], "letters": "kL_9" * 12}
    header, point, rest = token.partition(".")
    payload, _, signature = rest.partition(".")
    if not point:
        return names | dict.fromkeys(("unsigned", "payload", "signature"), "never.never.issued")
    none, other = (urlsafe_b64encode(text).decode().rstrip("=") for text in (b'{"alg":"none"}', b'{"tenant":1,"x":1}'))
    return names | {
        "unsigned": f"{none}.{payload}.",
        "payload": f"{header}.{other}.{signature}",
        "signature": f"{header}.{payload}.{signature[::-1]}",
    }


@dataclass
class Impatient:
    """The application for a caller who leaves at once where no answer comes, and notes status 599."""

    app: Any

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        begun = asked = False

        async def received() -> Any:
            nonlocal asked
            if asked and not begun:
                return {"type": "http.disconnect"}
            message = await receive()
            asked = not message.get("more_body", False)
            return message

        async def sent(message: Any) -> None:
            nonlocal begun
            begun = True
            await send(message)

        await self.app(scope, received, sent)
        if not begun:
            await send({"type": "http.response.start", "status": 599, "headers": []})
            await send({"type": "http.response.body", "body": b""})


class Box:
    """A sandbox and its two tenants, each with a valid token; ``names`` fill the braces of an :class:`Ask`."""

    def __init__(self, **options: Any) -> None:
        self.options = SandboxOptions(**options)
        self.now = 1_000_000.0
        self.app = create_app(self.options, clock=lambda: self.now)
        first, second = credentials(self.options)
        self.names = {"key": first.app_key, "other": second.app_key}
        self.names["expired"] = self.token(1, {"X-Token-Expire": "5"})
        self.now += 10
        self.names["token"] = self.token(1)
        self.names["second"] = self.token(2)
        token = self.names["token"]
        swapped = next(letter for letter in "ABC" if letter not in (token[0], token[-1]))
        self.names |= {"altered_end": token[:-1] + swapped, "altered_start": swapped + token[1:]}
        self.names |= {"folded": token.swapcase(), "longer": token + "x", "never": "x" * len(token)}
        self.names |= lookalikes(token)
        self.now += 5  # some sandboxes need a moment until a token is good

    def token(self, tenant: int, headers: dict[str, str] | None = None) -> str:
        reply = self.ask_token(tenant, headers)
        assert reply.status_code == 200, reply.text
        text: str = reply.json()["AccessToken"]
        return text

    def ask_token(self, tenant: int, headers: dict[str, str] | None = None, **changes: Any) -> httpx.Response:
        mine = credentials(self.options)[tenant - 1]
        body = {"app_key": mine.app_key, "app_secret": mine.app_secret, **changes}
        return asyncio.run(self._together([httpx.Request("POST", self.url(TOKEN_PATH), json=body, headers=headers)]))[0]

    def ask(self, *requests: Ask) -> list[httpx.Response]:
        """The answers to asks that are sent at the same time."""
        return asyncio.run(self._together([self._request(request) for request in requests]))

    def query(self, query: Any = None, **fields: Any) -> httpx.Response:
        return self.ask(Ask(query if query is not None else {}, **fields))[0]

    def records(self, query: dict[str, Any] | None = None, **fields: Any) -> list[dict[str, Any]]:
        reply = self.query(query, **fields)
        assert reply.status_code == 200, reply.text
        records: list[dict[str, Any]] = reply.json()["data"]["calledRouteList"]
        return records

    def total(self, query: dict[str, Any] | None = None) -> int:
        return int(self.query(query).json()["data"]["total"])

    def everything(self, **fields: Any) -> list[dict[str, Any]]:
        """All records, if they are no more than 200."""
        return self.records({}, **fields) + self.records({"offset": 100}, **fields)

    @staticmethod
    def url(path: str) -> str:
        return f"http://sandbox{path}"

    def _request(self, request: Ask) -> httpx.Request:
        headers = {
            "Content-Type": request.content_type,
            "Authorization": request.authorization,
            "X-APP-Key": request.key,
        }
        given = {name: value.format(**self.names) for name, value in headers.items() if value is not None}
        return httpx.Request(request.method, self.url(request.path), content=request.content, headers=given)

    async def _together(self, requests: list[httpx.Request]) -> list[httpx.Response]:
        transport = httpx.ASGITransport(Impatient(self.app))
        return list(await asyncio.gather(*(self._send(transport, request) for request in requests)))

    @staticmethod
    async def _send(transport: httpx.ASGITransport, request: httpx.Request) -> httpx.Response:
        response = await transport.handle_async_request(request)
        response.request = request
        await response.aread()
        return response


@pytest.fixture
def box() -> Iterator[Callable[..., Box]]:
    """Builds sandboxes, and frees them."""
    built: list[Box] = []

    def build(**options: Any) -> Box:
        built.append(Box(**options))
        return built[-1]

    yield build
    for each in built:
        each.app.state.service.close()


@pytest.fixture
def ask() -> type[Ask]:
    """The class of requests, for tests that send unusual ones."""
    return Ask
