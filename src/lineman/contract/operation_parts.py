"""What is known of an operation: its parameters, filters, paging, the names in its answers. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One documented part of the query: a member of the body, or a header.

    ``minimum``, ``maximum`` and ``default`` are None where the documentation gives none; ``enum`` is empty where any
    value of the type will do. ``page_maximum`` is the most records on one page whatever was asked for (``limit`` only).
    """

    name: str
    location: str  # "body" or "header"
    type: str
    required: bool
    minimum: int | None
    maximum: int | None
    default: int | str | None
    enum: tuple[int | str, ...]
    page_maximum: int | None
    description: str


@dataclass(frozen=True, slots=True)
class Filter:
    """A member of the query that narrows the list."""

    name: str
    member: str
    """The record's member that it looks at."""
    kind: Literal["text", "enum"]
    fuzzy: bool
    """True for a text that need only stand somewhere in the record's; False where it must be the record's value."""
    clause: str
    """The clause that says what it finds."""
    undocumented_clause: str
    """The clause about values that no table names; empty for texts."""
    values: tuple[int, ...]
    """What may be asked for; empty for texts."""
    answer_values: tuple[int, ...]
    """What records may have, which can be more; empty for texts."""


@dataclass(frozen=True, slots=True)
class Paging:
    """How a page of the list is chosen: the names of the two members, and their bounds."""

    size: str
    start: str
    size_default: int
    size_maximum: int
    """The most records on one page: larger sizes are valid and behave as this one."""
    start_default: int
    start_maximum: int | None
    """None where the documentation gives none."""
    negative_start_is_default: bool
    """True where a negative start is documented to count as the default; otherwise it is an open question."""

    @property
    def names(self) -> tuple[str, str]:
        return self.size, self.start

    @property
    def reach(self) -> int | None:
        """How many records documented pages reach; None where that has no bound."""
        return None if self.start_maximum is None else self.start_maximum + self.size_maximum

    def allows(self, start: int) -> bool:
        """True for a start that is documented."""
        return start >= 0 and (self.start_maximum is None or start <= self.start_maximum)

    def page(self, size: int | None = None, start: int | None = None) -> dict[str, int]:
        """The members of a query that ask for this page."""
        asked = {self.size: size, self.start: start}
        return {name: value for name, value in asked.items() if value is not None}


@dataclass(frozen=True, slots=True)
class EnvelopeNames:
    """The names of an answer's members, and the return code that stands for success."""

    code: str
    success: str
    message: str
    data: str
    rows: str
    total: str


@dataclass(frozen=True, eq=False)
class OperationDocument:
    """The contract. Schemas are JSON Schema 2020-12 with their references resolved, ready for a validator."""

    version: str
    """Version of our document."""
    documentation_date: str
    """Date of the vendor's page from which it was written, such as ``2023-09-27``."""
    sha256: str
    """Digest of the file, in hexadecimal."""
    query_path: str
    token_path: str
    parameters: Mapping[str, Parameter]
    """Every member of the query's body and both of its headers, by name."""
    filters: Mapping[str, Filter]
    """The members of the query that narrow the list, in the document's order."""
    paging: Paging
    envelope: EnvelopeNames
    identity: str
    """The record's member that tells one record from another."""
    value_names: Mapping[str, Mapping[int, str]]
    """Members of a record with an enumeration, and what its values stand for."""
    token_lifetime_maximum: int
    """Longest lifetime of a token that may be asked for, in seconds."""
    statuses: tuple[int, ...]
    """Every status that the query may answer with, ascending."""
    example_request: JsonObject
    example_request_text: str
    """The example request as the page has it, blanks included."""
    example_response: JsonObject
    query_schema: JsonObject
    """Body of a query."""
    answer_schema: JsonObject
    """Any body of a 200: a success, or a refusal by another return code than the one for success."""
    success_schema: JsonObject
    """Body of a 200 that answers the query: the return code for success and a page of records."""
    envelope_schema: JsonObject
    """JSON body of an error status."""
    data_schema: JsonObject
    """The page of records in a success."""
    record_schema: JsonObject
    token_schema: JsonObject
    """Body of the token operation's 200."""
    raw: JsonObject
    """The whole document as parsed, references unresolved. Shared: copy before changing anything."""

    @cached_property
    def text_filters(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.filters.values() if one.kind == "text")

    @cached_property
    def enum_filters(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.filters.values() if one.kind == "enum")

    @cached_property
    def fuzzy_filters(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.filters.values() if one.fuzzy)

    @cached_property
    def example_filters(self) -> JsonObject:
        """The filters of the example request."""
        return {name: value for name, value in self.example_request.items() if name in self.filters}

    @cached_property
    def body_members(self) -> frozenset[str]:
        return frozenset(one.name for one in self.parameters.values() if one.location == "body")

    @property
    def envelope_members(self) -> tuple[str, ...]:
        return tuple(self.success_schema["properties"])

    @property
    def data_members(self) -> tuple[str, ...]:
        return tuple(self.data_schema["properties"])

    @property
    def record_members(self) -> tuple[str, ...]:
        return tuple(self.record_schema["properties"])

    @cached_property
    def shown_members(self) -> tuple[str, ...]:
        """The members of a record that a query looks at, its identity first."""
        return (self.identity, *dict.fromkeys(one.member for one in self.filters.values()))
