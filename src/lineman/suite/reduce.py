"""Smaller versions of a query, the boldest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def smaller_queries(query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield queries that are smaller than ``query``: a parameter less, a shorter text, a smaller number."""
    for name in query:
        yield {other: value for other, value in query.items() if other != name}
    for name, value in query.items():
        for smaller in _smaller_values(name, value):
            yield {**query, name: smaller}


def _smaller_values(name: str, value: Any) -> Iterator[Any]:
    if isinstance(value, str):
        yield from _shorter_texts(value)
    elif name == "limit" and isinstance(value, int) and not isinstance(value, bool):
        yield from (candidate for candidate in (1, 2, 101) if 0 < candidate < value and not value <= 100 < candidate)


def _shorter_texts(text: str) -> Iterator[str]:
    half = len(text) // 2
    for candidate in (text[:half], text[half:], text[1:], text[:-1]):
        if candidate and candidate != text:
            yield candidate
