"""Bounds on what a target may make lineman hold: bytes of a body, and depth of a JSON text."""

from __future__ import annotations

import zlib
from typing import Protocol

_STEP = 64 * 1024


class BrokenEncodingError(Exception):
    """A body is not what its Content-Encoding says."""


class _Decoder(Protocol):
    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes: ...

    @property
    def unconsumed_tail(self) -> bytes: ...

    @property
    def eof(self) -> bool: ...


class BoundedBody:
    """Takes a body in as it comes, decompresses it, and stops at ``limit`` bytes before or after decompression."""

    def __init__(self, limit: int, encoding: str | None) -> None:
        self._limit = limit
        self._encoding = (encoding or "").strip().lower()
        self._decoder: _Decoder | None = None
        self._parts = bytearray()
        self.received = 0
        """Bytes as they came over the wire."""
        self.decoded = 0
        """Bytes after decompression, as far as read."""
        self.truncated = False

    def feed(self, data: bytes) -> bool:
        """Take the next piece; False where the bound is reached and no more is wanted.

        Raises:
            BrokenEncodingError: the piece cannot be decompressed.
        """
        self.received += len(data)
        if self._encoding in ("", "identity"):
            self._keep(data)
        else:
            self._decompress(data)
        if self.received > self._limit:
            self.truncated = True
        return not self.truncated

    def finish(self) -> bytes:
        """The body, at most ``limit`` bytes of it.

        Raises:
            BrokenEncodingError: the compressed stream ended too early.
        """
        if not self.truncated and self._decoder is not None and not self._decoder.eof:
            raise BrokenEncodingError(f"the {self._encoding} stream ends before its end mark")
        return bytes(self._parts)

    def _keep(self, data: bytes) -> None:
        self.decoded += len(data)
        room = self._limit - len(self._parts)
        self._parts += data[:room]
        if len(data) > room:
            self.truncated = True

    def _decompress(self, data: bytes) -> None:
        if not data:
            return
        decoder = self._decoder = self._decoder or self._new_decoder(data)
        while data and not self.truncated:
            try:
                self._keep(decoder.decompress(data, _STEP))
            except zlib.error as error:
                raise BrokenEncodingError(f"the {self._encoding} stream is broken: {error}") from None
            data = decoder.unconsumed_tail

    def _new_decoder(self, data: bytes) -> _Decoder:
        if self._encoding in ("gzip", "x-gzip"):
            return zlib.decompressobj(16 + zlib.MAX_WBITS)
        if self._encoding == "deflate":
            # Both the wrapped form of the standard and the bare one of old servers are met in practice.
            wrapped = data[0] & 0x0F == 8 and (len(data) < 2 or (data[0] * 256 + data[1]) % 31 == 0)
            return zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)
        raise BrokenEncodingError(f"Content-Encoding {self._encoding!r} was not asked for (only gzip and deflate are)")
