"""Seeded access codes, realistic and awkward at once.

Codes have leading zeros, share prefixes, and turn up inside longer codes, descriptions and service numbers;
descriptions hold every kind of text that breaks careless filters. The same seed gives the same records.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple


class Record(NamedTuple):
    """One access code as its tenant configured it; the members in the order of Table 3."""

    id: str
    access_code: str
    media_type: int
    service_number: str | None
    description: str | None
    call_attribute: int | None


EXAMPLE = Record("1124167935465633793", "9911411", 5, None, None, 3)
"""The record in the example of the vendor's page. It belongs to tenant one."""

MEDIA_TYPES = (5, 2, 53, 18, 19)
_MEDIA_WEIGHTS = (40, 22, 18, 11, 9)
_ID_PRIME = 99_999_989
_ID_STRIDE = 73_687_871

_PLAIN = (
    "Customer service hotline",
    "customer care, night shift",
    "SALES hotline",
    "Sales line north",
    "sales line south",
    "access code for billing",
    "Billing and invoices",
    "Technical support level 1",
    "Technical support level 2",
    "Emergency hotline",
    "test line, do not use",
    "Claims and returns",
)
_AWKWARD = (
    "客户服务热线",
    "售后热线 北京",
    "上海 售后 hotline",
    "カスタマーサポート",
    "고객 서비스",
    "100% refund line",
    "50%_off campaign",
    "snake_case_queue",
    "snakeXcaseXqueue",
    "[VIP] gold members",
    "(VIP) silver members",
    "O'Brien's pizza line",
    'the "quoted" line',
    "back\\slash \\ office",
    "C:\\new\\table",
    "a.*b regex-like (a|b)+?",
    "'; DROP TABLE access_code; --",
    "<b>bold</b> & <script>alert(1)</script>",
    "😀 smiling support 👩‍👩‍👧",
    "🔥 hot-line 🔥",
    "Café Zürich",
    "Cafe\u0301 Zu\u0308rich",
    "İstanbul çağrı merkezi",
    "Straße STRASSE",
    "עברית שירות",
    "tab\tand\nnewline",
    "  two  spaces  ",
    "*wild* what?",
    "{json: true}",
    "null",
    "0",
    "routes to the regional overflow desk; staffed on weekdays from 08:00 to 18:00, else by the night desk",
    "",
)


def generate(count: int, seed: int, tenant: int) -> Iterator[Record]:
    """Yield ``count`` records of one tenant; ids are unique across tenants, and follow no order."""
    source = random.Random(f"lineman/{seed}/{tenant}/records")  # noqa: S311 - test data, not secrets
    start = source.randrange(_ID_PRIME)
    example_at = min(count - 1, 40) if tenant == 1 else -1
    before = ""
    for index in range(count):
        if index == example_at:
            yield EXAMPLE
            continue
        key = (start + index * _ID_STRIDE) % _ID_PRIME
        record = _record(source, index, f"{tenant + 1}{key:08d}{source.randrange(10**10):010d}")
        if index % 24 == 23:
            record = record._replace(access_code=f"{before}0")
        before = record.access_code
        yield record


def lengthened(record: Record) -> Record:
    """The record with a description of thousands of characters, where it has one."""
    if not record.description:
        return record
    return record._replace(description=f"{record.description} {'… long text 长文本 ' * 300}{record.access_code}")


def marked_up(record: Record) -> Record:
    """The record with a whole HTML page for a description; only the documented example stays as it is."""
    if record == EXAMPLE:
        return record
    return record._replace(description=f"<!DOCTYPE html><html><body>{record.description or ''}</body></html>")


def replacement_text(serial: int) -> str:
    """A description that no record ever had before."""
    return f"changed {serial:06d} ✎ access code"


def added_record(serial: int, seed: int, tenant: int) -> Record:
    """A record for a moving list, with an id that was never used."""
    source = random.Random(f"lineman/{seed}/{tenant}/added/{serial}")  # noqa: S311 - test data, not secrets
    return _record(source, 100 + serial, f"9{tenant}{serial:017d}")


def _record(source: random.Random, index: int, identity: str) -> Record:
    code = _code(source, index)
    media_type = MEDIA_TYPES[index % 5] if index < 10 else source.choices(MEDIA_TYPES, _MEDIA_WEIGHTS)[0]
    attribute = source.choices((1, 2, 3), (5, 2, 3))[0]
    return Record(
        identity, code, media_type, _service_number(source, code), _description(source, index, code), attribute
    )


def _code(source: random.Random, index: int) -> str:
    """Mostly digits; now and then the characters that a keypad and a careless operator add."""
    number = source.randrange(10**7)
    kind = index % 8
    if kind == 0:
        code = f"00{number % 100_000:05d}"
    elif kind == 1:
        code = f"99114{number % 10_000:04d}"
    elif kind == 2:
        code = f"400{number:07d}"
    elif kind == 3:
        code = f"95{number % 1000:03d}"
    elif kind == 4 and index % 3 == 0:
        code = ("*{}#", "{}%", "vip_{}", "VIP-{}", "[{}]", "{}\\1")[index // 8 % 6].format(number % 10_000)
    else:
        code = f"{number:07d}"
    return code if EXAMPLE.access_code not in code else "0" + code.replace(EXAMPLE.access_code, "9911412")


def _service_number(source: random.Random, code: str) -> str | None:
    draw = source.random()
    if draw < 0.35:
        return None
    return f"400{code}" if draw < 0.5 else f"4008{source.randrange(10**6):06d}"


def _description(source: random.Random, index: int, code: str) -> str | None:
    draw = source.random()
    if index >= 2 * len(_AWKWARD) * (index % 2) and draw < 0.15:
        return None
    if index % 2:
        text = _AWKWARD[index // 2 % len(_AWKWARD)]
        return text if draw < 0.8 or not text else f"{text} {index % 97}"
    text = source.choice(_PLAIN)
    if draw < 0.35:
        return f"{text} ({code})"
    return text if draw < 0.7 else f"{text} {source.randrange(1000):03d}"
