"""The table of requests: what each asked for, what came back, and what it is evidence of.

A row's words (``limit=101``, ``status=400``, ``shows=limit.clamp``) are what a reader searches for and what the
exercise map and the evidence link to: a tile's number and the rows behind its link are the same requests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from lineman.contract.operation import document
from lineman.contract.query import parse_query
from lineman.report.run import ExchangeRecord, Run, State
from lineman.text import clip

COLUMNS = {
    "number": "No.",
    "limit": "limit",
    "offset": "offset",
    "filters": "Filters",
    "token": "Token",
    "status": "Status",
    "records": "Records",
    "total": "Total",
    "time": "Time",
    "clause": "Clause",
    "verdict": "Verdict",
}
"""Name in the address and heading, in the order of a row; the words to search for stand behind them."""
_LONGEST = 160
_LONGEST_VALUE = 24
"""Characters of a value, as ``run.json``'s ``tested`` cuts them."""


def request_rows(run: Run) -> list[list[Any]]:
    """One row a request, in the order of :data:`COLUMNS`; None where a request or an answer has nothing of the kind."""
    broken, held = _evidence(run)
    return [_row(one, broken.get(one.number, []), one.number in held) for one in run.exchanges]


def link_to_rows(word: str) -> str:
    """The address of the rows that have this word (``limit=101``)."""
    return f"#rq={quote(_joined(word), safe='')}"


def _joined(word: str) -> str:
    """A word without blanks, which would part it in a search."""
    return re.sub(r"\s+", "_", word)


def _evidence(run: Run) -> tuple[dict[int, list[tuple[str, bool]]], set[int]]:
    """Numbers of exchanges to the broken clauses that they show (and whether that is waived); those that show a
    promise held.
    """
    broken: dict[int, list[tuple[str, bool]]] = {}
    for violation in run.violations:
        for number in violation.exchanges:
            shown = broken.setdefault(number, [])
            if (violation.clause, violation.waived) not in shown:
                shown.append((violation.clause, violation.waived))
    held = {number for clause in run.clauses if clause.state is State.HELD for number in clause.exchanges}
    return broken, held


def _row(exchange: ExchangeRecord, broken: list[tuple[str, bool]], held: bool) -> list[Any]:
    asked = _asked(exchange)
    outcome = exchange.status if exchange.status is not None else clip(exchange.failure or "no answer", 80)
    records, total = _answered(exchange)
    clauses = "; ".join(filter(None, (", ".join(exchange.clauses), clip(exchange.note, 120))))
    return [
        exchange.number,
        asked.get("limit"),
        asked.get("offset"),
        asked.get("filters"),
        _token(exchange),
        outcome,
        records,
        total,
        round(exchange.phases.get("total", 0.0) * 1000, 1),
        clauses,
        _verdict(broken, held),
        [_joined(word) for word in _words(exchange, asked, broken, held)],
    ]


def _asked(exchange: ExchangeRecord) -> dict[str, Any]:
    """Limit, offset and filters as sent; ``combination`` names the filters as the exercise map does."""
    if exchange.operation != "query":
        return {}
    query = _object(exchange.request_body)
    if query is None:
        return {"filters": "body is no JSON object"}
    paging = document().paging
    filters = [f"{name} {json.dumps(query[name], ensure_ascii=False)}" for name in document().filters if name in query]
    return {
        "limit": _value(query, paging.size),
        "offset": _value(query, paging.start),
        "filters": clip(", ".join(filters), _LONGEST) if filters else None,
        "combination": parse_query(query).filter_names,
    }


def _value(query: dict[str, Any], name: str) -> Any:
    return json.dumps(query[name], ensure_ascii=False)[:_LONGEST_VALUE] if name in query else None


def _object(text: str | None) -> dict[str, Any] | None:
    try:
        found = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _token(exchange: ExchangeRecord) -> str:
    if exchange.operation != "query":
        return "asks for one"
    key = "" if exchange.app_key in {"own", exchange.credential} else f", app key {exchange.app_key}"
    return f"{exchange.credential}{key}"


def _answered(exchange: ExchangeRecord) -> tuple[Any, Any]:
    """How many records the answer has, and its total; ``cut`` where only a part of it is kept."""
    if exchange.operation != "query":
        return None, None
    if exchange.cut:
        return "cut", "cut"
    names = document().envelope
    answer = _object(exchange.response_body)
    data = (answer or {}).get(names.data)
    if not isinstance(data, dict):
        return None, None
    rows, total = data.get(names.rows), data.get(names.total)
    said = total if isinstance(total, int | None) else clip(json.dumps(total, ensure_ascii=False), _LONGEST_VALUE)
    return (len(rows) if isinstance(rows, list) else None), said


def _verdict(broken: list[tuple[str, bool]], held: bool) -> str | None:
    open_ones = [clause for clause, waived in broken if not waived]
    if open_ones:
        return f"broken: {', '.join(open_ones)}"
    if broken:
        return f"waived: {', '.join(clause for clause, _ in broken)}"
    return "held" if held else None


def _words(
    exchange: ExchangeRecord, asked: dict[str, Any], broken: list[tuple[str, bool]], held: bool
) -> Iterator[str]:
    if exchange.operation == "query":
        yield f"status={exchange.status or 'no answer'}"
        yield f"token={exchange.credential}"
    if "combination" in asked:
        paging = document().paging
        yield f"{paging.size}={asked['limit'] or 'absent'}"
        yield f"{paging.start}={asked['offset'] or 'absent'}"
        yield f"filters={asked['combination']}"
    yield from (f"for={clause}" for clause in exchange.clauses)
    yield from (f"shows={clause}" for clause, _ in broken)
    yield f"verdict={(_verdict(broken, held) or 'none').partition(':')[0]}"
