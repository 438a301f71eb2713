"""Other versions of a query: smaller ones, and ones that tell one cause from another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lineman.contract.operation import document
from lineman.contract.oracle.comparison import is_special_text, limit_clause, offset_clause
from lineman.contract.query import ParsedQuery


def smaller_queries(query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield queries that are smaller than ``query``: a parameter less, a shorter text, a smaller number."""
    for name in query:
        yield {other: value for other, value in query.items() if other != name}
    for name, value in query.items():
        for smaller in _smaller_values(name, value):
            yield {**query, name: smaller}


def explicit_query(clause: str, asked: ParsedQuery) -> dict[str, Any] | None:
    """The same query with the value that a default, or anything above the maximum, is promised to behave as."""
    paging = document().paging
    if clause in ("limit.default", "limit.clamp"):
        return {**asked.query, **paging.page(paging.size_maximum)}
    return {**asked.query, **paging.page(start=paging.start_default)} if clause == "offset.default" else None


def counterfactuals(asked: ParsedQuery) -> Iterator[tuple[str, dict[str, Any], str]]:
    """For each parameter the query with another, harmless value of it, and the clause that its own value is about."""
    contract = document()
    paging = contract.paging
    for name, value in asked.query.items():
        other: Any
        if name == paging.size and asked.limit is not None:
            other, clause = (paging.size_maximum - 1 if value == paging.size_maximum else 10), limit_clause(value)
        elif name == paging.start and asked.offset:
            other, clause = paging.start_default, offset_clause(value)
        elif name in contract.enum_filters:
            one = contract.filters[name]
            other, clause = next(t for t in one.values if t != value), one.clause
        elif name in contract.text_filters and is_special_text(str(value)):
            other, clause = "line", "filter.any-text"
        else:
            continue
        yield name, {**asked.query, name: other}, clause


def with_companions(asked: ParsedQuery) -> dict[str, Any] | None:
    """The query with every parameter that it leaves out, as the example has them; None where it has them all."""
    example = document().example_request
    added = {name: value for name, value in example.items() if name not in asked.query}
    start = document().paging.start
    if start in added:
        added[start] = document().paging.start_default
    return {**asked.query, **added} if added else None


def _smaller_values(name: str, value: Any) -> Iterator[Any]:
    paging = document().paging
    most = paging.size_maximum
    if isinstance(value, str):
        yield from _shorter_texts(value)
    elif name == paging.size and isinstance(value, int) and not isinstance(value, bool):
        yield from (smaller for smaller in (1, 2, most + 1) if smaller < value and (smaller > most) == (value > most))
    elif name == paging.start and value:
        yield paging.start_default


def _shorter_texts(text: str) -> Iterator[str]:
    half = len(text) // 2
    for candidate in (text[:half], text[half:], text[1:], text[:-1]):
        if candidate and candidate != text:
            yield candidate
