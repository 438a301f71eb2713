"""A query read: what the documentation promises for it before any answer is known.

Every parameter is valid, promised to be refused, or left open. A query with nothing refused and nothing open is
*specified*: it must succeed, and its answer can be predicted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lineman.contract.operation import document
from lineman.exchange import Request

UNSPECIFIED = "unspecified"
"""A doubt that no clause names: a filter of a type that the page does not give."""


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A query as the documentation reads it.

    ``filters`` holds the documented filters that are set, ``limit`` and ``offset`` the values given (None where
    absent or unusable).
    ``invalid`` are promised clauses because of which it must be refused; ``unspecified`` silent clauses on which its
    answer depends.
    """

    filters: Mapping[str, Any] = field(default_factory=dict)
    limit: int | None = None
    offset: int | None = None
    invalid: tuple[str, ...] = ()
    unspecified: tuple[str, ...] = ()
    query: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_specified(self) -> bool:
        return not self.invalid and not self.unspecified

    @property
    def page_size(self) -> int:
        """The limit in force: the default where there is none, at most the page's maximum."""
        paging = document().paging
        limit = paging.size_default if self.limit is None else self.limit
        return min(limit, paging.size_maximum)

    @property
    def start(self) -> int:
        paging = document().paging
        if self.offset is None or (self.offset < 0 and paging.negative_start_is_default):
            return paging.start_default
        return self.offset

    @property
    def filter_key(self) -> tuple[tuple[str, Any], ...]:
        """The filters alone, hashable: questions with the same key page through the same answer."""
        return tuple(sorted(self.filters.items()))

    @property
    def filter_names(self) -> str:
        return "+".join(name for name in document().filters if name in self.filters) or "none"


def parse_request_body(request: Request) -> ParsedQuery | None:
    """Read an ask's query; None where its body is no JSON object of ours."""
    return None if request.query is None else parse_query(request.query)


def parse_query(query: Mapping[str, Any]) -> ParsedQuery:
    """Read a query."""
    doubts: list[str] = []
    refused: list[str] = []
    filters = {name: query[name] for name in document().filters if _filter_is_set(name, query, doubts)}
    paging = document().paging
    limit = _integer(paging.size, "limit", query, refused, doubts)
    offset = _integer(paging.start, "offset", query, refused, doubts)
    if limit is not None and limit < 0:
        doubts.append("limit.negative")
    if any(name not in document().body_members for name in query):
        doubts.append("request.unknown-property")
    doubts.extend(_offset_doubts(limit, offset))
    return ParsedQuery(filters, limit, offset, tuple(refused), tuple(dict.fromkeys(doubts)), query)


def _filter_is_set(name: str, query: Mapping[str, Any], doubts: list[str]) -> bool:
    if name not in query:
        return False
    value = query[name]
    if value is None:
        doubts.append("request.null-property")
        return False
    one = document().filters[name]
    if one.kind == "text":
        if not isinstance(value, str) or not is_text(value):
            doubts.append(UNSPECIFIED)
            return False
        if value == "":
            doubts.append("filter.empty-text")
            return False
        return True
    if isinstance(value, bool) or not isinstance(value, int):
        doubts.append(UNSPECIFIED)
        return False
    if value not in one.values:
        doubts.append(one.undocumented_clause)
    return True


def is_text(value: str) -> bool:
    """Lone surrogates are no Unicode text, and are not promised to work."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _integer(name: str, area: str, query: Mapping[str, Any], refused: list[str], doubts: list[str]) -> int | None:
    """The number under ``name``; ``area`` is the part of the catalogue whose clauses speak of it."""
    if name not in query:
        return None
    value = query[name]
    if value is None:
        doubts.append("request.null-property")
    elif isinstance(value, int) and not isinstance(value, bool):
        return value
    elif isinstance(value, float) or (isinstance(value, str) and _like_a_number(value)):
        doubts.append("limit.coercion")
    else:
        refused.append(f"{area}.type")
    return None


def _like_a_number(text: str) -> bool:
    """True for texts that a lenient reader may take for a number, or for nothing at all: "10", " 7", "10abc",
    "1e3", "".
    """
    stripped = text.strip().lstrip("+-.")
    return not stripped or stripped[0].isdigit() or stripped.lower() in {"nan", "inf", "infinity"}


def _offset_doubts(limit: int | None, offset: int | None) -> list[str]:
    if offset is None or offset == 0:
        return []
    paging = document().paging
    if offset < 0:
        return [] if paging.negative_start_is_default else ["offset.negative"]
    doubts = [] if paging.allows(offset) else ["offset.over-maximum"]
    size = paging.size_default if limit is None else min(limit, paging.size_maximum)
    if size <= 0 or offset % size != 0:
        doubts.append("offset.misaligned")
    return doubts
