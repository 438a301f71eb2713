"""What a target sends costs a run a bounded amount of memory, and makes no query that nobody would type."""

from __future__ import annotations

import copy
import json
import pickle
import random
import tracemalloc
from dataclasses import replace

import httpx
import pytest
from hypothesis.internal.charmap import intervals_from_codec

from lineman.client import BlockingClient, Paths
from lineman.client.errors import AnswersTooLarge
from lineman.exchange import PackedResponse, Request, Response, packed
from lineman.secret import Secret
from lineman.suite.isolation import isolated
from lineman.suite.known_records import askable
from lineman.suite.queries import QueryBuilder
from lineman.target import Credentials, Target

SEEDED = random.Random(1)  # noqa: S311 -- reproducible noise, no secret
JSON = (("content-type", "application/json"),)


def test_a_large_body_takes_less_memory_and_is_the_same() -> None:
    response = Response(200, JSON, b'{"description": "hotline"}' * 100_000, 26, truncated=True)
    small = packed(response)
    assert isinstance(small, PackedResponse)
    assert small.kept < len(response.body) / 50
    members = ("status", "headers", "body", "size", "truncated", "http_version")
    assert [getattr(small, name) for name in members] == [getattr(response, name) for name in members]
    assert replace(small, body=b"other").body == b"other"
    assert pickle.loads(pickle.dumps(small)) == copy.deepcopy(small) == response  # noqa: S301 -- written right here


def test_a_small_body_and_one_of_noise_stay_as_they_are() -> None:
    for body in (b"{}" * 100, SEEDED.randbytes(1_000_000)):
        response = Response(200, JSON, body, len(body))
        assert packed(response) is response
        assert response.kept == len(body)


def test_a_run_ends_where_its_answers_become_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineman.client.blocking.MOST_KEPT", 3_000_000)
    noise = SEEDED.randbytes(1_000_000)
    target = Target.of("http://127.0.0.1:9", Credentials(token=Secret("a-ready-token-of-a-test")))
    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=noise))
    with BlockingClient(target, paths=Paths("/query", "/token"), transport=transport) as client:
        for _ in range(3):
            client.send(Request.of({}))
        with pytest.raises(AnswersTooLarge, match="after 3 requests the answers have 3 MB"):
            client.send(Request.of({}))


def test_queries_are_made_of_texts_that_somebody_may_type() -> None:
    records = [{"id": str(n), "accessCode": "4001", "description": "x" * 2_000_000} for n in range(5_000)]
    builder = QueryBuilder(askable(records), SEEDED)
    queries = [*builder.near_misses(), *builder.text_queries(), *builder.unusual_parts(5), builder.one_of_each()]
    assert queries
    assert max(len(json.dumps(query)) for query in queries) < 5_000
    assert len(builder.records) == 1_000


def test_hypothesis_takes_the_table_that_it_is_given() -> None:
    """Where this fails, a new version of Hypothesis looks for another file: name that in isolation.py."""
    with isolated():
        tracemalloc.start()
        encodable, lossy = intervals_from_codec.__wrapped__("utf-8")
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert encodable.intervals == ((0, 0xD7FF), (0xE000, 0x10FFFF))
    assert lossy.intervals == ()
    assert most < 10_000_000, "it tried every character"
