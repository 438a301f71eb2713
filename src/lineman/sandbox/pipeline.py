"""The stages of the sandbox: named steps, each with one honest implementation that hooks may wrap.

A step takes a :class:`Call` and gives a result. A hook takes the call and the step that it wraps, and gives a result of
the same type: faults, variants and outages are hooks, so the honest code knows none of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from lineman.sandbox.store import Criteria, Selection, Store
from lineman.sandbox.tokens import TokenStore

T = TypeVar("T")
Document: TypeAlias = dict[str, Any]
Step: TypeAlias = Callable[["Call"], T]
Hook: TypeAlias = Callable[["Call", Step[T]], T]

PAGE_SIZE = 100
"""Records on a page when no limit is given, and at most."""
LARGEST_OFFSET = 100


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """The honest "no". ``kind`` is request, credentials, path, method or no-data; ``reason`` says which of its kind."""

    def __init__(self, kind: str, reason: str, message: str) -> None:
        super().__init__(message)
        self.kind, self.reason, self.message = kind, reason, message


@dataclass(frozen=True, slots=True)
class Query:
    """What a request means: filters and the page wanted."""

    criteria: Criteria = field(default_factory=Criteria)
    limit: int = PAGE_SIZE
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back over the wire.

    ``cut`` ends the connection before the body is whole; ``hang`` sends nothing until the caller leaves.
    """

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),)
    cut: bool = False
    hang: bool = False

    def with_header(self, name: str, value: str) -> Reply:
        """The same reply with a header set in place of any of that name."""
        kept = tuple(header for header in self.headers if header[0] != name)
        return replace(self, headers=(*kept, (name, value)))


class SandboxState(Protocol):
    """What a call runs against: one :class:`~lineman.sandbox.state.Sandbox`, which stands above its steps."""

    clock: Callable[[], float]
    """Epoch seconds."""
    memory: dict[str, Any]
    """Where hooks keep what they must remember, each under its own name."""
    queries: int
    """Requests of the query's path until now."""
    tokens: TokenStore
    store: Store

    def dialect(self, clause: str) -> str:
        """The answer that this sandbox gives to an open question."""
        ...

    def step(self, stage: Stage[T]) -> Step[T]:
        """The step with its hooks."""
        ...

    def change(self, serial: int) -> None:
        """Change each tenant's list a little, each number in another way."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """One request on its way through the steps; each step's result is added for those after it."""

    service: SandboxState
    number: int
    """Counts requests of the query's path, from 1."""
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    connection: str = ""
    """The caller's end of the connection, as address and port."""
    tenant: int = 0
    members: Mapping[str, Any] = field(default_factory=dict)
    query: Query = field(default_factory=Query)
    selection: Selection = field(default_factory=lambda: Selection((), 0))
    document: Document = field(default_factory=dict)
    status: int = 200
    refusal: Refusal | None = None

    def run(self, stage: Stage[T]) -> T:
        """The result of a step, with all its hooks."""
        return self.service.step(stage)(self)

    def asking(self, **changes: Any) -> Call:
        """The same call with another limit, offset or criteria."""
        return replace(self, query=replace(self.query, **changes))

    def filtering(self, **changes: Any) -> Call:
        """The same call with other criteria: access_code, media_type, description."""
        return self.asking(criteria=replace(self.query.criteria, **changes))


@dataclass(frozen=True, slots=True)
class Stage(Generic[T]):
    """A step that can be wrapped, by name."""

    name: str


HANDLE: Stage[Awaitable[Reply]] = Stage("handle")
"""The whole of one request, of either operation."""
ROUTE: Stage[str] = Stage("route")
"""Which operation is meant: ``query`` or ``token``; raises Refusal for neither."""
TOKEN: Stage[Reply] = Stage("token")
"""The token operation."""
QUERY: Stage[Reply] = Stage("query")
"""The query operation, from its credentials to its answer."""
AUTHENTICATE: Stage[int] = Stage("authenticate")
"""Whose request it is: 1 or 2."""
DECODE: Stage[Mapping[str, Any]] = Stage("decode")
"""The body's JSON object."""
INTERPRET: Stage[Query] = Stage("interpret")
"""What the object asks for."""
SELECT: Stage[Selection] = Stage("select")
"""The records and the total."""
RENDER: Stage[Document] = Stage("render")
"""The answer of a success, as an object."""
REFUSE: Stage[Reply] = Stage("refuse")
"""The answer to what was refused."""
ENCODE: Stage[Reply] = Stage("encode")
"""An object and a status as bytes."""
STAGES: tuple[Stage[Any], ...] = (
    HANDLE,
    ROUTE,
    TOKEN,
    QUERY,
    AUTHENTICATE,
    DECODE,
    INTERPRET,
    SELECT,
    RENDER,
    REFUSE,
    ENCODE,
)


@dataclass(frozen=True, slots=True)
class StageHook(Generic[T]):
    """A hook and the stage that it wraps."""

    stage: Stage[T]
    hook: Hook[T]


def compose(step: Step[T], hook: Hook[T]) -> Step[T]:
    """The step as the hook lets it be seen."""
    return lambda call: hook(call, step)
