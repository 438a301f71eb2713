"""Generated requests: from the data seen by Hypothesis, from the OpenAPI document by Schemathesis.

Both are drawn first and sent afterwards, together: a slow target is not asked one query at a time, and the same seed
gives the
same requests whatever the answers are. What differs is made smaller by our own reducer, which knows what is small here.
"""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from lineman.contract.operation import document
from lineman.contract.query import parse_query
from lineman.exchange import Request
from lineman.suite.queries import QueryBuilder

_PAGE = " page"
"""Stands for a page's number until it is turned into an offset; no member of a query begins with a blank."""
_STRIDE = 5
"""How far the next combination begins to look behind the one before: prime to most numbers of queries drawn."""
_DRAWS = 2
"""Examples drawn for each one wanted: many repeat each other."""


def generated_queries(data: QueryBuilder, seed_: int, count: int) -> list[dict[str, Any]]:
    """Draw ``count`` different valid queries from the records seen, filters that hit and filters that nearly do."""
    strategy = _queries(data)
    return _distinct(lambda keep: _draw(strategy, keep, seed_, count * _DRAWS), count)


def most_telling(
    queries: Sequence[dict[str, Any]], asked: Collection[frozenset[str]], count: int
) -> list[dict[str, Any]]:
    """Of the queries drawn, ``count`` that tell most: every combination of parameters that was not ``asked`` yet.

    A combination that was not drawn is a drawn query without its other parameters. What room is left has further ones.
    """
    names = sorted({name for query in queries for name in query})
    seen = set(asked)
    telling: list[dict[str, Any]] = []
    for size in range(1, len(names) + 1):
        for combination in map(frozenset, itertools.combinations(names, size)):
            first = _STRIDE * len(telling) % max(1, len(queries))  # not always the same one, for its values count, too
            query = None if combination in seen else _projected([*queries[first:], *queries[:first]], combination)
            if query is not None:
                telling.append(query)
    others = [query for query in queries if query not in telling]
    return [*telling, *others][:count]


def _projected(queries: Sequence[dict[str, Any]], combination: frozenset[str]) -> dict[str, Any] | None:
    """The first drawn query that has these parameters, without its others; None where none makes a valid query."""
    for query in queries:
        if combination <= query.keys():
            cut = {name: value for name, value in query.items() if name in combination}
            if parse_query(cut).is_specified:
                return cut
    return None


@lru_cache(maxsize=8)
def schema_queries(seed_: int, count: int) -> tuple[Request, ...]:
    """Draw ``count`` different bodies from the OpenAPI document, half of them valid, half broken."""
    from schemathesis.generation import GenerationMode  # noqa: PLC0415 - half a second, best spent between answers

    operation = _operation()
    requests: dict[bytes, Request] = {}
    for mode, wanted in ((GenerationMode.POSITIVE, count // 2), (GenerationMode.NEGATIVE, count)):
        strategy = operation.as_strategy(generation_mode=mode)
        cases: list[Any] = []
        _draw(strategy, cases.append, seed_, count * _DRAWS)
        for case in cases:
            request = _request_for(case.body)
            if request is not None and request.body is not None and len(requests) < wanted:
                requests.setdefault(request.body, request)
    return tuple(requests.values())


def _operation() -> Any:
    import schemathesis  # noqa: PLC0415 - half a second, best spent between answers

    schema = schemathesis.openapi.from_dict(copy.deepcopy(document().raw))
    return schema[document().query_path]["POST"]


def _request_for(body: Any) -> Request | None:
    """The request for a generated body; None for one that JSON cannot say."""
    clause = "request.malformed-json"
    if isinstance(body, bytes):
        parsed = _parsed(body)
        if isinstance(parsed, dict):
            return Request.of(parsed, "answer.status", note="drawn from the document")
        return Request((clause,), body=body, note="drawn from the document", retry=False)
    try:
        encoded = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError):
        return None
    if isinstance(body, dict):
        return Request.of(body, "answer.status", note="drawn from the document")
    return Request((clause,), body=encoded, note="drawn from the document", retry=False)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _draw(strategy: st.SearchStrategy[Any], keep: Callable[[Any], object], seed_: int, count: int) -> None:
    @seed(seed_)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(value: Any) -> None:
        keep(value)

    collect()


def _distinct(draw: Callable[[Callable[[Any], object]], None], count: int) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    draw(lambda query: found.setdefault(json.dumps(query, sort_keys=True), query))
    return list(found.values())[:count]


def _queries(data: QueryBuilder) -> st.SearchStrategy[dict[str, Any]]:
    """Valid queries around the boundaries of the documentation and of the data."""
    contract = document()
    totals = sorted({1, 2, len(data.records) - 1, len(data.records), len(data.records) + 1, *data.types.values()})
    limits = st.sampled_from([1, 2, 3, 5, 9, 10, 20, 25, 50, 99, 100, 101, 250, 1000, *(t for t in totals if t > 0)])
    optional: dict[str, st.SearchStrategy[Any]] = {
        **{name: st.sampled_from(contract.filters[name].values) for name in contract.enum_filters},
        contract.paging.size: limits,
        _PAGE: st.integers(1, 12),
    }
    for name in contract.text_filters:
        texts = _texts(data, name)
        if texts is not None:
            optional[name] = texts
    return st.fixed_dictionaries({}, optional=optional).map(_with_offset)


def _texts(data: QueryBuilder, name: str) -> st.SearchStrategy[str] | None:
    member = document().filters[name].member
    values = [str(record[member]) for record in (*data.with_text(name), *data.deepest_with(name))]
    if not values:
        return None
    whole = st.sampled_from(values)
    part = whole.flatmap(_part)
    near = st.tuples(part, st.sampled_from("0Zq")).map("".join)
    return st.one_of(part, part, part, whole, near)


def _part(text: str) -> st.SearchStrategy[str]:
    if len(text) < 2:
        return st.just(text)
    start = st.integers(0, len(text) - 1)
    return start.flatmap(lambda i: st.integers(i + 1, min(len(text), i + 6)).map(lambda j: text[i:j]))


def _with_offset(drawn: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a page number into the offset that the documentation gives for it, where that is within its range."""
    paging = document().paging
    query = {name: value for name, value in drawn.items() if name != _PAGE}
    size = min(query.get(paging.size, paging.size_default), paging.size_maximum)
    offset = size * (drawn.get(_PAGE, 1) - 1)
    raw = query.get(paging.size, size)
    if _PAGE in drawn and paging.allows(offset) and offset % raw == 0:
        query[paging.start] = offset
    return query
