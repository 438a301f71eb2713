"""Pages whose size their own answer contradicts: what the oracle blames on a filter or an offset shows here as well.

Of two faults in one answer the oracle names the first. The clauses about a page's size are then not held: an answer
that has another number of records than its own total leaves speaks against them, whatever else it speaks against.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from lineman.contract.answer import read_answer
from lineman.contract.operation import document
from lineman.contract.oracle.comparison import has_page
from lineman.contract.query import ParsedQuery, parse_request_body
from lineman.exchange import AppKey, Credential, Exchange


def size_contradictions(exchanges: Iterable[Exchange]) -> dict[str, set[int]]:
    """Clause about a page's size to the numbers of the exchanges that speak against it."""
    found: dict[str, set[int]] = defaultdict(set)
    for exchange in exchanges:
        for clause in _contradicted(exchange):
            found[clause].add(exchange.number)
    return dict(found)


def _contradicted(exchange: Exchange) -> Iterator[str]:
    request, asked = exchange.request, parse_request_body(exchange.request)
    own = (request.credential, request.app_key, request.method) == (Credential.VALID, AppKey.OWN, "POST")
    if asked is None or not asked.is_specified or not own or request.path is not None:
        return
    answer = read_answer(exchange)
    if not has_page(answer) or answer.total is None:
        return
    if len(answer.records) != max(0, min(asked.page_size, answer.total - asked.start)):
        yield from _clauses(asked)


def _clauses(asked: ParsedQuery) -> tuple[str, ...]:
    maximum = document().paging.size_maximum
    if asked.limit is None:
        return ("limit.default", "limit.page-size")
    if asked.limit == 0:
        return ("limit.zero",)
    if asked.limit > maximum:
        return ("limit.clamp",)
    return ("limit.maximum", "limit.page-size") if asked.limit == maximum else ("limit.page-size",)
