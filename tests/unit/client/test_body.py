"""Bounds on bodies and on the depth of JSON."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest

from lineman.client.body import BoundedBody, BrokenEncodingError

TEXT = json.dumps({"calledRouteList": [{"accessCode": str(number)} for number in range(500)]}).encode()


def bare_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


def read(data: bytes, encoding: str | None, limit: int = 1_000_000, step: int = 7) -> BoundedBody:
    body = BoundedBody(limit, encoding)
    for start in range(0, len(data), step):
        if not body.feed(data[start : start + step]):
            break
    return body


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        (None, TEXT),
        ("identity", TEXT),
        ("gzip", gzip.compress(TEXT)),
        ("X-GZIP", gzip.compress(TEXT)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", bare_deflate(TEXT)),
        ("gzip", b""),
    ],
)
@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_whole_bodies(encoding: str | None, data: bytes, step: int) -> None:
    body = read(data, encoding, step=step)
    assert body.finish() == (TEXT if data else b"")
    assert (body.truncated, body.received) == (False, len(data))
    assert body.decoded == (len(TEXT) if data else 0)


def test_a_body_of_exactly_the_bound_is_whole() -> None:
    body = read(b"x" * 100, None, limit=100)
    assert (body.finish(), body.truncated) == (b"x" * 100, False)


def test_one_byte_more_is_truncated() -> None:
    body = read(b"x" * 101, None, limit=100)
    assert (body.finish(), body.truncated) == (b"x" * 100, True)


def test_a_bomb_stops_at_the_bound() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    body = read(bomb, "gzip", limit=100_000, step=len(bomb))
    assert len(body.finish()) == 100_000
    assert body.truncated
    assert body.decoded < 300_000, "no more was decompressed than needed"


@pytest.mark.parametrize(
    ("encoding", "data", "message"),
    [
        ("gzip", TEXT, "the gzip stream is broken"),
        ("gzip", gzip.compress(TEXT)[:-20], "ends before its end mark"),
        ("deflate", b"\x78\x9cgarbage", "the deflate stream is broken"),
        ("br", b"anything", "'br' was not asked for"),
    ],
)
def test_broken_encodings(encoding: str, data: bytes, message: str) -> None:
    with pytest.raises(BrokenEncodingError, match=message):
        read(data, encoding).finish()
