"""Exchanges built by hand, for tests of what judges them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from lineman.exchange import (
    Exchange,
    FailureKind,
    Operation,
    Phases,
    Request,
    Response,
    SentRequest,
    TransportFailure,
)

JSON = (("content-type", "application/json"),)


def record(number: int) -> dict[str, Any]:
    """A record whose identity and code follow from its number."""
    return {"id": str(1000 - number), "accessCode": f"40{number:03}", "mediatypeId": (2, 5, 53)[number % 3]}


def page(records: Sequence[Mapping[str, Any]], total: int, code: str = "0") -> bytes:
    """The documented envelope around a page."""
    return json.dumps({"returnCode": code, "data": {"total": total, "calledRouteList": list(records)}}).encode()


def answered(request: Request, status: int, body: bytes, number: int = 1) -> Exchange:
    """An exchange with this answer."""
    return Exchange(
        number=number,
        request=request,
        operation=Operation.QUERY,
        sent=SentRequest(request.method, "http://target/query", (), request.body),
        started=datetime(2026, 1, 1, tzinfo=UTC),
        phases=Phases(total=0.01),
        response=Response(status, JSON, body, len(body)),
    )


def listed(query: dict[str, Any], count: int, total: int, *clauses: str, number: int = 1) -> Exchange:
    """A successful answer with so many records of so many."""
    return answered(Request.of(query, *clauses), 200, page([record(n) for n in range(count)], total), number)


def cut_off(request: Request, kind: FailureKind = FailureKind.CUT, number: int = 1) -> Exchange:
    """An exchange that no answer came to."""
    return replace(answered(request, 200, b"", number), response=None, failure=TransportFailure(kind, "gone"))
