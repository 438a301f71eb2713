"""One request and what became of it: the ground floor, which imports nothing of lineman's.

An :class:`Ask` is what a caller wants sent; an :class:`Exchange` is what went over the wire and what
came back. Exchanges are immutable and show no secret: the client redacts what they show, and what arrived is kept
beside it in a form that cannot be printed or written.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, TypeAlias, final

Query: TypeAlias = Mapping[str, Any]


HEADER_VARIABLE = "LINEMAN_HEADER_"
"""Beginning of the shell variables that stand, wherever a request is shown, for headers of a target's settings."""
_PACKED_FROM = 128 * 1024
"""Bytes of a body that is worth compressing: five times the documented page of 100 records."""


class Credential(StrEnum):
    """What an ask carries as its Authorization header."""

    VALID = "valid"
    """The target's own token, renewed when it must be."""
    SECOND = "second"
    """The second tenant's token."""
    NONE = "none"
    """No Authorization header at all."""
    GIVEN = "given"
    """The header text in :attr:`Ask.authorization`, whose placeholders stand for tokens."""


class AppKey(StrEnum):
    """What an ask carries as its X-APP-Key header."""

    OWN = "own"
    """The key of the credential's own tenant, or no header where the target has no key configured."""
    ABSENT = "absent"
    SECOND = "second"
    """The other tenant's key."""
    UNKNOWN = "unknown"
    """A well-formed key that belongs to nobody."""


class Operation(StrEnum):
    QUERY = "query"
    TOKEN = "token"  # noqa: S105  # the name of an operation


@dataclass(frozen=True, slots=True)
class Request:
    """A request that somebody wants sent, before authentication, pacing and retries.

    ``body`` is sent as it is. ``query`` is the JSON object that ``body`` encodes, where it does encode one:
    judges read it. ``path`` is a suffix in place of the operation's own path, for unknown-path asks.
    ``clauses`` are the ids of the clauses that the ask bears on. ``retry`` is False for an ask that may itself provoke
    a failure: then the first answer, cut or timeout is the evidence, and only a 429 makes the client ask again.

    ``authorization`` is a template, so that no ask holds a secret. The client puts these in at sending time:

    ========================== ==========================================================
    ``{token}``                the target's own token
    ``{altered:first}``        that token with one character changed, a quarter in (also ``middle`` and ``last``)
    ``{truncated}``            without its last quarter
    ``{extended}``             with eight more characters
    ``{swapcase}``             upper case turned into lower case, and the other way round
    ``{unsigned}``             a JSON Web Token that says the same without a signature, algorithm ``none``
    ``{resigned}``             a JSON Web Token of another content under that token's signature
    ``{unknown}``              a token of the same form that was never issued
    ``{short}``                the short-lived token that ``fresh_token`` got last
    ``{second}``               the second tenant's token
    ========================== ==========================================================
    """

    clauses: tuple[str, ...]
    body: bytes | None = b"{}"
    query: Query | None = None
    method: str = "POST"
    path: str | None = None
    content_type: str | None = "application/json"
    credential: Credential = Credential.VALID
    authorization: str | None = None
    app_key: AppKey = AppKey.OWN
    note: str = ""
    retry: bool = True

    @classmethod
    def of(cls, query: Query, *clauses: str, **fields: Any) -> Request:
        """Build the ask for a JSON query; ``fields`` are any other fields of :class:`Ask`."""
        body = json.dumps(query, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        return cls(clauses=clauses, body=body, query=query, **fields)


@dataclass(frozen=True, slots=True)
class Phases:
    """Seconds that each phase of an exchange took; None where the phase was not reached or not needed."""

    resolve: float | None = None
    connect: float | None = None
    tls: float | None = None
    send: float | None = None
    wait: float | None = None
    receive: float | None = None
    total: float = 0.0
    """From the first phase to the last, the token's time and pacing excluded."""


@dataclass(frozen=True, slots=True)
class SentRequest:
    """What went over the wire, with secrets already replaced."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Response:
    """An answer. ``body`` is decompressed and bounded; ``size`` is its whole length in bytes, as far as read."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    size: int
    truncated: bool = False
    """True where lineman stopped reading at its own bound."""
    http_version: str = "HTTP/1.1"

    def header(self, name: str) -> str | None:
        """The first header of that name, letter case ignored."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def kept(self) -> int:
        """Bytes of memory that the body takes."""
        return len(self.body)


class PackedResponse(Response):
    """The same, with its body compressed until somebody reads it: a run keeps hundreds of them."""

    __slots__ = ("_packed",)
    _packed: bytes

    def __init__(
        self,
        status: int,
        headers: tuple[tuple[str, str], ...],
        body: bytes,
        size: int,
        truncated: bool = False,
        http_version: str = "HTTP/1.1",
    ) -> None:
        members = {"status": status, "headers": headers, "size": size, "truncated": truncated}
        for name, value in (members | {"http_version": http_version, "_packed": zlib.compress(body, 1)}).items():
            object.__setattr__(self, name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy elsewhere is an ordinary one."""
        members = (self.status, self.headers, self.body, self.size, self.truncated, self.http_version)
        return Response, members

    @property
    def body(self) -> bytes:
        """The body as it was."""
        return zlib.decompress(self._packed)

    @property
    def kept(self) -> int:
        """Bytes of memory that the compressed body takes."""
        return len(self._packed)


def packed(response: Response) -> Response:
    """The response in the form that takes less memory."""
    if len(response.body) < _PACKED_FROM:
        return response
    smaller = PackedResponse(
        response.status, response.headers, response.body, response.size, response.truncated, response.http_version
    )
    return smaller if smaller.kept < len(response.body) // 2 else response


@final
class Arrived:
    """A response as it arrived, secrets and all: what is judged, and never shown.

    It shows its status and size only, wherever Python would print it. A pickle has None in its place, because a pickle
    is a file.
    """

    __slots__ = ("__response",)

    def __init__(self, response: Response) -> None:
        self.__response = response

    def reveal(self) -> Response:
        """The response itself, for a judge to read; whatever is said of it goes through :meth:`Redaction.text`."""
        return self.__response

    def __repr__(self) -> str:
        return f"[as it arrived: {self.__response.status}, {self.__response.size} bytes]"

    def __copy__(self) -> Arrived:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Arrived:
        return self

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return type(None), ()


class Redaction(Protocol):
    """What the client knows of secrets, for those who show what a target said."""

    @property
    def found_any(self) -> bool:
        """False as long as nothing that arrived had a secret in it, so that there is nothing to take out."""
        ...

    def text(self, text: str) -> str:
        """The text without secrets."""
        ...

    def weak_secrets(self, content: bytes) -> tuple[str, ...]:
        """Kinds of secrets too short to be distinguished from words, that are words of their own in the content."""
        ...


class NoSecrets:
    """There are none to take out: for exchanges that no client made."""

    found_any = False

    def text(self, text: str) -> str:
        return text

    def weak_secrets(self, content: bytes) -> tuple[str, ...]:
        return ()


class FailureKind(StrEnum):
    """Why there is no answer."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    CUT = "cut"
    """The connection ended before the answer was whole."""
    PROTOCOL = "protocol"
    """What came is not HTTP, or its headers are beyond bounds, or its encoding is broken."""
    TOKEN = "token"  # noqa: S105  # the name of a kind of failure
    """No token could be had, so nothing was sent."""
    ABANDONED = "abandoned"
    """lineman itself stopped waiting, because the run ended."""


@dataclass(frozen=True, slots=True)
class TransportFailure:
    kind: FailureKind
    message: str
    status: int | None = None
    """Status of the answer that broke off, where its head had come."""
    phase: str | None = None
    """The phase that time ran out in (``resolve``, ``connect``, ``tls``, ``send``, ``wait``); None for the body."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Exchange:
    """One attempt at one ask. Exactly one of ``response`` and ``failure`` is set.

    ``number`` counts from 1 in the order of asking, retries included. ``ask`` is shared by all attempts at it.
    """

    number: int
    request: Request
    operation: Operation
    sent: SentRequest
    started: datetime
    phases: Phases
    response: Response | None = None
    failure: TransportFailure | None = None
    attempt: int = 1
    finished_at: float = 0.0
    """Seconds on the client's monotonic clock, comparable among exchanges of one client."""
    started_at: float = 0.0
    token: Phases | None = None
    """The time that getting a token took, where this exchange had to wait for one."""
    token_age_when_refused: float | None = None
    """Seconds for which the token had been good when the same request was refused at the try before, if it was."""
    leaked_secrets: tuple[str, ...] = field(default=())
    """Kinds of secret (``token``, ``app_secret``) that the answer gave back and that redaction replaced, where they
    are long enough to be nothing else."""
    arrived: Arrived | None = field(default=None, repr=False)
    """The response before redaction, where redaction changed it."""
    redaction: Redaction = field(default_factory=NoSecrets, repr=False)

    @property
    def judged(self) -> Response | None:
        """The response as it arrived: for judging. ``response`` is for showing."""
        return self.response if self.arrived is None else self.arrived.reveal()

    @property
    def status(self) -> int | None:
        return self.response.status if self.response else None
