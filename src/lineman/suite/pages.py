"""Pages for people where an answer of the operation was due."""

from __future__ import annotations

from lineman.contract.answer import MISSING, read_answer
from lineman.exchange import Exchange

_SIGNS = (b"<html", b"<!doctype")


def is_page(exchange: Exchange) -> bool:
    """Is the answer's body an HTML page, whatever its Content-Type says? JSON is none, whatever its texts hold."""
    if exchange.response is None or read_answer(exchange).value is not MISSING:
        return False
    body = exchange.response.body.lower()
    return any(sign in body for sign in _SIGNS)


def leads_elsewhere(exchange: Exchange) -> bool:
    """Is the answer a page in place of a success, or a redirect?"""
    status = exchange.response.status if exchange.response else 0
    return 300 <= status < 400 or (200 <= status < 300 and is_page(exchange))
