"""Queries for the last page of what is found, and for pages behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lineman.contract.operation import document
from lineman.contract.oracle.comparison import is_special_text
from lineman.contract.query import parse_query
from lineman.suite.service import Service

_FEW = 20
"""Records that a filter may find for a page behind them to stay below the largest documented offset."""
_MOST = 5
"""Queries for pages behind the last record: of the whole list and of two filters."""


def last_pages(service: Service, filters: dict[str, Any], sizes: Sequence[int]) -> list[dict[str, int]]:
    """The last page of each size of what the filters find, where a documented offset reaches it."""
    prediction = service.model.predict(parse_query(filters))
    total = prediction.total if prediction is not None else None
    if not total:
        return []
    offsets = [(size, (total - 1) // size * size) for size in sizes]
    paging = document().paging
    return [paging.page(size, at) for size, at in offsets if at > 0 and paging.allows(at)]


def pages_beyond(service: Service) -> list[dict[str, Any]]:
    """Queries for pages behind the last record: of the whole list, or of filters that find few."""
    data = service.data
    whole, paging, code = service.listing, document().paging, data.code
    most = paging.size_maximum
    queries: list[dict[str, Any]] = []
    if whole is not None and paging.allows(most) and whole.total < most:
        queries += [paging.page(most, most), paging.page(most // 2, most)]
    codes = [str(r[code.member]) for r in data.spread(data.with_text(code.member, least=2), 4)]
    for text in [text for text in codes if not is_special_text(text)]:
        prediction = service.model.predict(parse_query({code.name: text}))
        if prediction is not None and prediction.exact and 0 < (prediction.total or 0) <= _FEW:
            pages = [(_FEW, _FEW), (prediction.total, prediction.total), (10, 100)]
            queries += [{code.name: text, **paging.page(size, at)} for size, at in pages]
    return queries[:_MOST]
