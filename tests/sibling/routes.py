"""A small honest implementation of ``queryCalledRoute``, and faults for it: an httpx transport, without a socket."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

QUERY_PATH = "/apiaccess/rest/cc-management/v1/calledRoute/queryCalledRoute"
TOKEN_PATH = "/apigovernance/api/oauth/tokenByAkSk"
MOST = 100
TYPES = {"devicetype": ("devicetype", (1, 3)), "mediaTypeId": ("mediatypeId", (2, 5, 18, 19, 53))}
EXACT = ("accessCode", "extCode")
FAULTS = (
    "clamp-to-10",
    "ext-code-ignored",
    "ext-code-fuzzy",
    "total-of-page",
    "media-type-ignored",
    "negative-refused",
)

Row = dict[str, Any]


class Refused(Exception):  # noqa: N818 -- it is an answer
    """The request is invalid."""


def routes(count: int = 130, tenant: int = 1) -> list[Row]:
    """The tenant's routes, in the order in which they are listed."""
    words = (
        "skill queue for sales",
        "welcome IVR",
        "skill queue for service 客服",
        "night IVR 100%",
        "VIP skill queue",
    )
    return [
        {
            "id": f"r{tenant}-{number:04}",
            "accessCode": f"400{tenant}{number % 7}88{number % 13:02}",
            "extCode": None if number % 5 == 0 else f"{number % 40:02}{number % 3}",
            "dnid": number,
            "devicetype": 3 if "IVR" in words[number % 5] else 1,
            "deviceId": 1000 + number,
            "deviceDesc": f"{words[number % 5]} {number}",
            "mediatypeId": (2, 5, 5, 53, 18, 19)[number % 6],
            "editable": "true" if number % 2 else "false",
        }
        for number in range(1, count + 1)
    ]


@dataclass
class Routes(httpx.AsyncBaseTransport):
    """Answers queries and issues tokens. ``clock`` gives epoch seconds."""

    clock: Callable[[], float]
    tenants: Mapping[tuple[str, str], list[Row]]
    fault: str = ""
    tokens: dict[str, tuple[list[Row], float]] = field(default_factory=dict)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx."""
        await request.aread()
        if request.url.path == TOKEN_PATH:
            return self._issue(request)
        if request.url.path != QUERY_PATH:
            return _answer(404, "100004", None, "no such path")
        if request.method != "POST":
            return _answer(400, "100005", None, "method not allowed")
        rows = self._rows_of(request)
        if rows is None:
            return _answer(401, "100002", None, "authentication fails")
        try:
            total, page = self._select(rows, _object(request.content))
        except Refused as refusal:
            return _answer(400, "100001", None, str(refusal))
        return _answer(200, "0", {"total": total, "calledRouteList": page}, "success")

    def _issue(self, request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        rows = self.tenants.get((asked.get("app_key"), asked.get("app_secret")))
        if rows is None:
            return _answer(403, "200002", None, "authentication fails")
        lifetime = int(request.headers.get("X-Token-Expire", "600"))
        token, now = secrets.token_hex(24), self.clock()
        self.tokens[token] = (rows, now + lifetime)
        issued = {"AccessToken": token, "ApplyType": "Bearer", "CreateTime": str(int(now)), "Expires": str(lifetime)}
        return httpx.Response(200, json=issued)

    def _rows_of(self, request: httpx.Request) -> list[Row] | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        rows, end = self.tokens.get(token, (None, 0.0))
        return rows if scheme == "Bearer" and self.clock() < end else None

    def _select(self, rows: list[Row], asked: Mapping[str, Any]) -> tuple[int, list[Row]]:
        found = [row for row in rows if all(self._fits(row, name, value) for name, value in asked.items())]
        start, size = _number(asked, "offset", 0), _number(asked, "limit", MOST)
        if size < 0 or (start < 0 and self.fault == "negative-refused"):
            raise Refused("a number is out of range")
        if size > MOST:
            size = 10 if self.fault == "clamp-to-10" else MOST
        page = found[max(0, start) :][:size]
        return len(page) if self.fault == "total-of-page" else len(found), page

    def _fits(self, row: Row, name: str, value: Any) -> bool:
        if value is None:
            return True
        if name in EXACT or name == "deviceDesc":
            if not isinstance(value, str):
                raise Refused(f"{name} is no text")
            return value == "" or self._text_fits(name, value, row[name])
        if name in TYPES:
            member, allowed = TYPES[name]
            if value not in allowed or isinstance(value, bool):
                raise Refused(f"{name} is none of its values")
            return (name == "mediaTypeId" and self.fault == "media-type-ignored") or row[member] == value
        return True

    def _text_fits(self, name: str, wanted: str, text: str | None) -> bool:
        if name == "extCode" and self.fault == "ext-code-ignored":
            return True
        fuzzy = name == "deviceDesc" or (name == "extCode" and self.fault == "ext-code-fuzzy")
        return text is not None and (wanted in text if fuzzy else wanted == text)


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Refused("the body is no JSON") from error
    if not isinstance(value, dict):
        raise Refused("the body is no object")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _number(asked: Mapping[str, Any], name: str, default: int) -> int:
    value = asked.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused(f"{name} is no number")
    return value


def _answer(status: int, code: str, data: Any, description: str) -> httpx.Response:
    body = json.dumps({"returnCode": code, "data": data, "description": description}, ensure_ascii=False).encode()
    return httpx.Response(status, content=body, headers={"Content-Type": "application/json"})
