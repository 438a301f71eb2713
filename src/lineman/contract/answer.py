"""An answer read: what its bytes say, without a judgement.

Reading never fails: whatever came, an :class:`Answer` says how far it could be understood.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lineman.contract.caching import ReadOnce
from lineman.contract.finding import Record
from lineman.contract.operation import document
from lineman.exchange import Exchange, Response
from lineman.json_text import parse_json

MISSING: Any = object()
"""Stands for a member that is not there, where None would mean JSON's null."""

OUTAGE_STATUSES = frozenset({429, 502, 503, 504})
"""A gateway's words about itself, no verdict on the service (``design.md``)."""

_CODE_DIGITS = 6
"""Digits of a returnCode that is one of a service's list of codes, and no number of a moment."""
_SHOWN_CODE = 40
"""Characters of a returnCode that are shown: the documented one has a single character."""
_MOST = 2**53
"""What stands for a total beyond it, the largest number that every reader of JSON keeps exact."""

MAX_DEPTH = 64
"""Levels of JSON nesting that are read; the documented answer has five."""
_DEEP = f"nested deeper than {MAX_DEPTH} levels"


class AnswerKind(StrEnum):
    """What kind of answer it is."""

    SUCCESS = "success"
    """Status 200 with returnCode "0", or an answer that carries data under another 2xx or returnCode."""
    REFUSAL = "refusal"
    """One of the three documented ways to refuse: 400, 500, or 200 with a returnCode other than "0"."""
    UNAUTHORISED = "unauthorised"
    """401 or 403."""
    NOT_FOUND = "not-found"
    """404."""
    OUTAGE = "outage"
    """429, 502, 503, 504."""
    NO_ANSWER = "no-answer"
    """A transport failure."""
    OTHER = "other"
    """An undocumented status, or a 200 that cannot be read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, as far as it can be understood.

    ``value`` is the parsed body (:data:`MISSING` where it is no JSON at all), ``problem`` why it is not valid JSON.
    ``total`` is an integer where the answer gives one (236.0 counts as 236; 2**53 stands for all beyond it).
    It is read from what arrived, secrets and all: what is shown of it goes through the exchange's redaction.
    """

    status: int | None
    kind: AnswerKind
    value: Any = field(repr=False)
    problem: str | None
    return_code: Any
    data: Any = field(repr=False)
    total: int | None
    raw_total: Any
    records: tuple[Record, ...] = field(repr=False)
    has_list: bool
    count: int
    """How many records came: ``records`` are the first of them, where there are more than any page may have."""
    shown_code: str = ""
    """The returnCode as JSON, without secrets and cut."""

    @property
    def succeeded(self) -> bool:
        """True for status 200 with returnCode "0"."""
        return self.status == 200 and self.return_code == document().envelope.success

    @property
    def signature(self) -> str:
        """How the answer says what it says, in a few words: ``200 returnCode "0"``, ``403 html``."""
        if self.status is None:
            return "no answer"
        if isinstance(self.value, dict) and self.return_code is not MISSING:
            return f"{self.status} {document().envelope.code} {self.shown_code}"
        return str(self.status)

    @property
    def kind_of_signature(self) -> str:
        """The same for a fingerprint: a returnCode that is none of a few digits is no word of ours."""
        plain = self.shown_code.strip('"')
        if self.signature == str(self.status) or (plain.isdecimal() and plain.isascii() and len(plain) <= _CODE_DIGITS):
            return self.signature
        return f"{self.status} with another {document().envelope.code}" if self.status else self.signature


_MOST_ROWS = 5_000
"""Records of an answer that are kept, 50 times the documented maximum: several answers are compared at a time."""


def _read(exchange: Exchange) -> Answer:
    response = exchange.judged
    if response is None:
        return Answer(None, AnswerKind.NO_ANSWER, MISSING, None, MISSING, MISSING, None, MISSING, (), False, 0)
    value, problem = _parse(response)
    envelope = value if isinstance(value, dict) else {}
    names = document().envelope
    return_code = envelope.get(names.code, MISSING)
    data = envelope.get(names.data, MISSING)
    inside = data if isinstance(data, dict) else {}
    rows = inside.get(names.rows, data if isinstance(data, list) else MISSING)
    count = 0
    records: tuple[Record, ...] = ()
    if isinstance(rows, list):
        count = sum(isinstance(row, dict) for row in rows)
        del rows[_MOST_ROWS:]
        records = tuple(row for row in rows if isinstance(row, dict))
    raw_total = inside.get(names.total, MISSING)
    form = _form(response.status, return_code, value)
    return Answer(
        response.status, form, value, problem, return_code, data, _count(raw_total), raw_total, records,
        isinstance(inside.get(names.rows), list), count, _show_code(return_code, exchange),
    )  # fmt: skip


_MOST_KEPT = 32_000_000
"""Bytes that the answers read may take together: a whole run against an honest target, and a few of the largest."""
_VALUE = 90
"""Bytes that Python takes for one value of a JSON text, beside its letters: measured with records and with numbers."""


def _weight(exchange: Exchange, answer: Answer) -> int:
    response = exchange.judged
    if response is None or answer.value is MISSING:
        return _VALUE
    body = response.body
    whole = len(body) + _VALUE * (1 + body.count(b",") + body.count(b":") + body.count(b"["))
    return whole * len(answer.records) // answer.count if answer.count > _MOST_ROWS else whole


read_answer = ReadOnce(_read, _weight, _MOST_KEPT)
"""Read the answer of an exchange."""


def _kind_of(exchange: Exchange) -> AnswerKind:
    return read_answer(exchange).kind


answer_kind = ReadOnce(_kind_of, lambda exchange, kind: 1, 10_000)
"""The kind of an exchange's answer: the conclusion asks for it again and again, and the answer may be large."""


def _show_code(return_code: Any, exchange: Exchange) -> str:
    if return_code is MISSING:
        return ""
    return exchange.redaction.text(json.dumps(return_code, ensure_ascii=False))[:_SHOWN_CODE]


def holds_records(answer: Answer) -> bool:
    """True where any record is found anywhere in the body, whatever the envelope around it."""
    if answer.records:
        return True
    contract = document()
    signs = {contract.identity, next(iter(contract.filters.values())).member}
    return any(signs <= node.keys() for node in _objects(answer.value))


def _objects(value: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            found.append(node)
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return found


def _form(status: int, return_code: Any, value: Any) -> AnswerKind:
    if status in OUTAGE_STATUSES:
        return AnswerKind.OUTAGE
    if status in (401, 403):
        return AnswerKind.UNAUTHORISED
    if status == 404:
        return AnswerKind.NOT_FOUND
    if status in (400, 500):
        return AnswerKind.REFUSAL
    if status == 200 and isinstance(value, dict):
        if return_code == document().envelope.success:
            return AnswerKind.SUCCESS
        return AnswerKind.REFUSAL if isinstance(return_code, str) else AnswerKind.OTHER
    return AnswerKind.OTHER


def _count(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not math.isfinite(value) or value != int(value):
        return None
    return max(-_MOST, min(int(value), _MOST))


def _parse(response: Response) -> tuple[Any, str | None]:
    """Parse leniently and say what is not valid: the records of a slightly broken answer are still evidence."""
    problem = None
    try:
        text = response.body.decode("utf-8")
    except UnicodeDecodeError as error:
        problem = f"not UTF-8: byte 0x{response.body[error.start]:02X} at {error.start}"
        text = response.body.decode("utf-8", "surrogateescape")
    if text.startswith("\ufeff"):
        problem = problem or "begins with a byte order mark"
        text = text.removeprefix("\ufeff")
    text = text.lstrip(" \t\r\n")
    try:
        parsed = parse_json(text)
    except RecursionError:
        return MISSING, _DEEP
    except ValueError as error:
        return MISSING, problem or f"not JSON: {error}"
    if isinstance(parsed.value, dict | list) and _too_deep(parsed.value):
        return MISSING, _DEEP
    if text[parsed.end :].strip(" \t\r\n"):
        problem = problem or "more text after the JSON value"
    if parsed.constants:
        problem = problem or f"{parsed.constants[0]} is not JSON"
    if parsed.repeated:
        problem = problem or f"a member stands twice in one object: {parsed.repeated[0]}"
    return parsed.value, problem


def _too_deep(value: Any) -> bool:
    """Whether there are containers in one another beyond MAX_DEPTH: level by level, because there may be many."""
    level = [value]
    for _ in range(MAX_DEPTH):
        inside = (node.values() if isinstance(node, dict) else node for node in level)
        level = [one for values in inside for one in values if isinstance(one, dict | list)]
        if not level:
            return False
    return True


def documented(status: int) -> bool:
    """True for a status that the page lists."""
    return status in document().statuses


_SIGNS = (b"<html", b"<!doctype")


def is_html(exchange: Exchange) -> bool:
    """Is the answer's body an HTML page, whatever its Content-Type says? JSON is none, whatever its texts hold."""
    if exchange.response is None or read_answer(exchange).value is not MISSING:
        return False
    body = exchange.response.body.lower()
    return any(sign in body for sign in _SIGNS)


def leads_elsewhere(exchange: Exchange) -> bool:
    """Is the answer a page in place of a success, or a redirect?"""
    status = exchange.response.status if exchange.response else 0
    return 300 <= status < 400 or (200 <= status < 300 and is_html(exchange))
