"""Other versions of a query: smaller ones, and ones that tell one cause from another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lineman.contract.operation import document
from lineman.contract.oracle.comparison import CLAUSE_OF_FILTER, is_special_text, limit_clause, offset_clause
from lineman.contract.query import TEXT_FILTERS, ParsedQuery


def smaller_queries(query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield queries that are smaller than ``query``: a parameter less, a shorter text, a smaller number."""
    for name in query:
        yield {other: value for other, value in query.items() if other != name}
    for name, value in query.items():
        for smaller in _smaller_values(name, value):
            yield {**query, name: smaller}


def explicit_query(clause: str, asked: ParsedQuery) -> dict[str, Any] | None:
    """The same query with the value that a default, or anything above the maximum, is promised to behave as."""
    contract = document()
    if clause in ("limit.default", "limit.clamp"):
        return {**asked.query, "limit": contract.limit_maximum}
    return {**asked.query, "offset": contract.offset_default} if clause == "offset.default" else None


def counterfactuals(asked: ParsedQuery) -> Iterator[tuple[str, dict[str, Any], str]]:
    """For each parameter the query with another, harmless value of it, and the clause that its own value is about."""
    contract = document()
    for name, value in asked.query.items():
        other: Any
        if name == "limit" and asked.limit is not None:
            other, clause = (contract.limit_maximum - 1 if value == contract.limit_maximum else 10), limit_clause(value)
        elif name == "offset" and asked.offset:
            other, clause = 0, offset_clause(value)
        elif name == "mediatypeId":
            other = next(t for t in contract.request_media_types if t != value)
            clause = CLAUSE_OF_FILTER[name]
        elif name in TEXT_FILTERS and is_special_text(str(value)):
            other, clause = "line", "filter.any-text"
        else:
            continue
        yield name, {**asked.query, name: other}, clause


def with_companions(asked: ParsedQuery) -> dict[str, Any] | None:
    """The query with every parameter that it leaves out, as the example has them; None where it has them all."""
    example = document().example_request
    added = {name: value for name, value in example.items() if name not in asked.query}
    if "offset" in added:
        added["offset"] = 0
    return {**asked.query, **added} if added else None


def _smaller_values(name: str, value: Any) -> Iterator[Any]:
    if isinstance(value, str):
        yield from _shorter_texts(value)
    elif name == "limit" and isinstance(value, int) and not isinstance(value, bool):
        yield from (smaller for smaller in (1, 2, 101) if smaller < value and (smaller > 100) == (value > 100))
    elif name == "offset" and value:
        yield 0


def _shorter_texts(text: str) -> Iterator[str]:
    half = len(text) // 2
    for candidate in (text[:half], text[half:], text[1:], text[:-1]):
        if candidate and candidate != text:
            yield candidate
