"""The ground floor."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime

import pytest

from lineman.exchange import (
    Credential,
    Exchange,
    FailureKind,
    Operation,
    Phases,
    Request,
    Response,
    SentRequest,
    TransportFailure,
)


def exchange(response: Response | None = None, failure: TransportFailure | None = None) -> Exchange:
    return Exchange(
        number=1,
        request=Request.of({}),
        operation=Operation.QUERY,
        sent=SentRequest("POST", "http://h/", (), b"{}"),
        started=datetime(2026, 1, 1, tzinfo=UTC),
        phases=Phases(),
        response=response,
        failure=failure,
    )


def test_an_ask_of_a_query_encodes_it_and_keeps_it() -> None:
    query = {"description": "热线 \ud800", "limit": 5}
    request = Request.of(query, "filter.any-text", "limit.page-size", credential=Credential.NONE, retry=False)
    assert request.body is not None
    assert json.loads(request.body.decode("utf-8", "surrogatepass")) == query
    assert (request.query, request.clauses) == (query, ("filter.any-text", "limit.page-size"))
    assert (request.credential, request.retry) == (Credential.NONE, False)


def test_exchanges_do_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        exchange().number = 2  # type: ignore[misc]  # that is what is tested


def test_the_status_is_the_answer_s() -> None:
    assert exchange(Response(404, (), b"", 0)).status == 404
    assert exchange(failure=TransportFailure(FailureKind.CUT, "cut")).status is None


def test_headers_are_found_whatever_their_case() -> None:
    response = Response(200, (("X-A", "1"), ("x-a", "2")), b"", 0)
    assert response.header("x-A") == "1"
    assert response.header("X-B") is None
