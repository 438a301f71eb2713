"""Honest difficulties of what stands in records: texts that look like a fault, a secret, a command or markup."""

from __future__ import annotations

from collections.abc import Callable

from lineman.sandbox.records import EXAMPLE, Record
from lineman.sandbox.variants.base import Variant

WEAK_SECRET_VARIANT = "weak-secret"  # noqa: S105 - the name of a variant
WEAK_SECRET = "12345678"  # noqa: S105 - what a staging system has, and what codes of records contain by chance
_EVERY = 7
"""One record of so many gets the text."""

_SQL = "select * from hotline where 1=1"
_INSIDES = (
    _SQL,
    "SELECT id, access_code FROM t_access_code WHERE tenant_id = 7",
    "java.lang.NullPointerException: at com.vendor.ccm.Codes.query(Codes.java:87)",
    'Traceback (most recent call last):\n  File "/srv/app.py", line 31, in query\nKeyError: 0',
    "Error: bad input\n    at async AccessCodes.query (/srv/app/routes.js:31:14)",
    "thread 'main' panicked at src/main.rs:2:5",
    "ORA-01722: invalid number",
)
_MARKERS = (
    "[redacted:token]",
    "[redacted]",
    "[redacted:secret] hotline",
    "$LINEMAN_TOKEN",
    "Bearer $LINEMAN_TOKEN",
)
_SECRET_LIKE = (
    "password=hunter2",
    "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg",
    "AKIAIOSFODNN7EXAMPLE",
    "api_key: 0123456789abcdef0123456789abcdef",
    "-----BEGIN PRIVATE KEY----- of the door",
    "token tokens tokenByAkSk",
)
_HOSTILE = (
    "\x1b[2J\x1b]0;owned\x07 red \x1b[31m line",
    "\x9b31m C1 line",
    "build ##[stop-commands]x ##[error]line",
    "::error file=a.py::line\n::stop-commands::x",
    "<img src=x onerror=alert(1)> line",
    "</script><script>alert(2)</script>",
    "@everyone <!channel> <@U123> line",
    "\u202eenil\u202c \u2066line\u2069",
    "line\u2028separator\u2029paragraph",
    "{{7*7}} ${7*7} {% raw %} line",
    '=HYPERLINK("http://example.test","line")',
    "li\u00adne with soft\u00adhyphens",
    "[line](javascript:alert(3)) `code` **bold**",
)
_WIDE = ("ＶＩＰ　ｌｉｎｅ", "ｶｽﾀﾏｰ サポート", "４００－１２３")


def _described(*texts: str) -> Callable[[Record], Record]:
    """Gives the texts, in turn, to one record of seven; which ones depends on their ids."""

    def rewrite(record: Record) -> Record:
        number = int(record.id)
        if record == EXAMPLE or number % _EVERY:
            return record
        return record._replace(description=texts[number // _EVERY % len(texts)])

    return rewrite


def _with_secret_inside(record: Record) -> Record:
    """Codes that contain the weak secret by chance."""
    number = int(record.id)
    if record == EXAMPLE or number % _EVERY:
        return record
    code = f"400{WEAK_SECRET}{number // _EVERY % 10}"
    return record._replace(access_code=code, description=f"line {code}")


def _only_described(record: Record) -> Record:
    return record if record == EXAMPLE else record._replace(description="Same for everybody", service_number=None)


def _huge(record: Record) -> Record:
    """One record with a description of 200,000 letters."""
    if record == EXAMPLE or int(record.id) % 100:
        return record
    return record._replace(description="lorem ipsum 长 " * 14_000)


RECORDS: tuple[Variant, ...] = (
    Variant("sql-descriptions", "A record is described by a line of SQL.", rewrite=_described(_SQL)),
    Variant(
        "inside-like-texts",
        "Records are described by what looks like a service's inside.",
        rewrite=_described(*_INSIDES),
    ),
    Variant(
        "redaction-markers", "Records contain what redaction puts in place of secrets.", rewrite=_described(*_MARKERS)
    ),
    Variant("secret-like-texts", "Records contain what looks like secrets.", rewrite=_described(*_SECRET_LIKE)),
    Variant(
        "hostile-texts", "Records contain commands of terminals, pipelines and pages.", rewrite=_described(*_HOSTILE)
    ),
    Variant("wide-texts", "Records contain letters in full and half width.", rewrite=_described(*_WIDE)),
    Variant("same-descriptions", "Records are described alike, and have no service number.", rewrite=_only_described),
    Variant("huge-description", "Now and then a description has 200,000 letters.", rewrite=_huge),
    Variant(WEAK_SECRET_VARIANT, f"The secret is {WEAK_SECRET}, and codes contain it.", rewrite=_with_secret_inside),
)
