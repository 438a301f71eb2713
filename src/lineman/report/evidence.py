"""The exchanges of a run, packed into the page: compressed, opened one block at a time, bounded in size.

A page of a full run stays under 2 MB and one of a deep run under 5 MB. Where bodies do not fit, they are cut
more tightly, those of exchanges that show a violation last; the page says so.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lineman.report.run import ExchangeRecord, Run

BLOCK = 100
"""Exchanges in one compressed block."""
_BODY_CAPS = (65_536, 16_384, 4_096, 1_024, 256, 0)
_SHOWN_BODY_CAP = 65_536
_FULL_BUDGET = 1_400_000
_DEEP_BUDGET = 4_000_000
_MANY = 1_000


@dataclass(frozen=True, slots=True)
class Evidence:
    """Base64 of gzip of JSON: an index of all exchanges and the exchanges themselves in blocks."""

    index: str
    blocks: tuple[str, ...]
    body_cap: int
    """Characters of a body that the page keeps, for exchanges that show no violation."""
    cut: int
    """How many bodies the page holds only in part."""


def pack(run: Run) -> Evidence:
    """Pack the exchanges of a run within the page's budget."""
    budget = _DEEP_BUDGET if len(run.exchanges) > _MANY else _FULL_BUDGET
    shown = {number for violation in run.violations for number in violation.exchanges}
    for cap in _BODY_CAPS:
        evidence = _pack(run.exchanges, shown, cap)
        if sum(map(len, evidence.blocks)) + len(evidence.index) <= budget:
            break
    return evidence


def _pack(exchanges: list[ExchangeRecord], shown: set[int], cap: int) -> Evidence:
    rows = [_row(exchange, _SHOWN_BODY_CAP if exchange.number in shown else cap) for exchange in exchanges]
    blocks = tuple(_squeeze(rows[at : at + BLOCK]) for at in range(0, len(rows), BLOCK))
    return Evidence(
        index=_squeeze([_entry(exchange) for exchange in exchanges]),
        blocks=blocks,
        body_cap=cap,
        cut=sum(row["cut"] for row in rows),
    )


def _squeeze(value: Any) -> str:
    text = json.dumps(value, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode("ascii"), compresslevel=9, mtime=0)).decode("ascii")


def _entry(exchange: ExchangeRecord) -> list[Any]:
    """One line of the index: what a list of exchanges shows."""
    milliseconds = round(exchange.phases.get("total", 0.0) * 1000, 1)
    outcome = exchange.status if exchange.status is not None else (exchange.failure or "no answer")[:80]
    return [exchange.number, exchange.method, outcome, milliseconds, exchange.clauses, exchange.note[:120]]


def _row(exchange: ExchangeRecord, cap: int) -> dict[str, Any]:
    row = exchange.model_dump(mode="json")
    was_cut = exchange.cut
    for member in ("request_body", "response_body"):
        body = row[member]
        if body is not None and len(body) > cap:
            row[member] = body[:cap]
            was_cut = True
    row["cut"] = was_cut
    return row


def named(exchanges: Iterable[ExchangeRecord]) -> dict[int, ExchangeRecord]:
    """Exchanges by number."""
    return {exchange.number: exchange for exchange in exchanges}
