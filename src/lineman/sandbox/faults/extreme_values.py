"""Faults of numbers and forms that nobody expects, where the documentation names a number or a text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from lineman.sandbox.faults.base import every_nth, fault, is_success
from lineman.sandbox.pipeline import ENCODE, REFUSE, Call, Reply, Step

_DIGITS = b"9" * 400
_MEMBERS = ("total", "mediatypeId", "numCallAttr")
_VALUES: Mapping[str, tuple[bytes, str, str, str]] = MappingProxyType(
    {
        "400-digits": (_DIGITS, "a number of 400 digits", "total.counts-matches", "answer.schema"),
        "1e400": (b"1e400", "1e400", "total.counts-matches", "answer.schema"),
        "minus-1e400": (b"-1e400", "-1e400", "answer.schema", "answer.schema"),
        "huge-fraction": (b"0." + _DIGITS, "a fraction of 400 digits", "answer.schema", "answer.schema"),
        "tiny": (b"1e-400", "1e-400", "answer.schema", "answer.schema"),
        "negative": (b"-1", "-1", "total.counts-matches", "answer.schema"),
        "nan": (b"NaN", "NaN", "answer.json", "answer.json"),
        "infinity": (b"Infinity", "Infinity", "answer.json", "answer.json"),
        "leading-zero": (b"007", "007", "answer.json", "answer.json"),
        "hexadecimal": (b"0x10", "0x10", "answer.json", "answer.json"),
        "true": (b"true", "true", "answer.schema", "answer.schema"),
        "false": (b"false", "false", "answer.schema", "answer.schema"),
        "list": (b"[[[]]]", "a list", "answer.schema", "answer.schema"),
        "object": (b'{"value":1}', "an object", "answer.schema", "answer.schema"),
        "digits-as-text": (b'"' + _DIGITS + b'"', "a text of 400 digits", "answer.schema", "answer.schema"),
    }
)
"""Name to how it is written, how it is said, and the clause that it breaks as total and in a record."""
_REPRESENTATIVES = frozenset(
    (
        "total-400-digits",
        "total-1e400",
        "total-nan",
        "total-true",
        "total-negative",
        "total-object",
        "mediatypeid-400-digits",
        "mediatypeid-1e400",
        "mediatypeid-true",
        "numcallattr-true",
        "numcallattr-infinity",
    )
)


def _with_member(reply: Reply, member: str, value: bytes) -> Reply:
    """The reply with the first such member's number replaced."""
    pattern = rb'("%s":)(-?\d+)' % member.encode()
    return replace(reply, body=re.sub(pattern, lambda match: match[1] + value, reply.body, count=1))


def _declare(member: str, value: str) -> None:
    written, words, of_total, of_record = _VALUES[value]
    name = f"{member.lower()}-{value}"

    @fault(
        ENCODE,
        of_total if member == "total" else of_record,
        name,
        f"Writes {words} for the first {member}.",
        representative=name in _REPRESENTATIVES,
    )
    def hook(call: Call, proceed: Step[Reply]) -> Reply:
        reply = proceed(call)
        return _with_member(reply, member, written) if is_success(call) else reply


for _member in _MEMBERS:
    for _value in _VALUES:
        _declare(_member, _value)


def _twice(name: str, member: str, words: str, *, other: bytes) -> None:
    """Declare the fault of a member that stands twice in one object."""

    @fault(ENCODE, "answer.json", f"{name}-twice", f"Writes {words} twice in one object.", sole=True)
    def hook(call: Call, proceed: Step[Reply]) -> Reply:
        reply = proceed(call)
        if not is_success(call):
            return reply
        before = f'"{member}":'.encode()
        return replace(reply, body=reply.body.replace(before, before + other + b"," + before, 1))


_twice("total", "total", "total", other=b"0")
_twice("id", "id", "a record's id", other=b'"1"')
_twice("code", "accessCode", "a record's accessCode", other=b'"0"')
_twice("return-code", "returnCode", "returnCode", other=b'"1"')
_twice("list", "calledRouteList", "calledRouteList", other=b"[]")


@fault(ENCODE, "answer.json", "gzip-in-name-only", "Says gzip for answers of more than 8192 bytes that are none.")
def gzip_in_name_only(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    return reply.with_header("content-encoding", "gzip") if len(reply.body) > 8192 else reply


@fault(ENCODE, "answer.json", "random-content-type", "Names another Content-Type in every answer.")
def random_content_type(call: Call, proceed: Step[Reply]) -> Reply:
    serial = call.service.memory["content-type"] = call.service.memory.get("content-type", 0) + 1
    return proceed(call).with_header("content-type", f"application/x-{serial}")


@fault(ENCODE, "answer.json", "deeply-nested", "Has an undocumented member of 100,000 nested lists, never closed.")
def deeply_nested(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    if not is_success(call) or not every_nth(call, "deeply-nested", 5):
        return reply
    return replace(reply, body=b'{"nested":' + b"[" * 100_000 + b"," + reply.body[1:])


@fault(
    REFUSE,
    "error.no-internals",
    "inside-in-long-refusal",
    "Shows a frame behind 60,000 letters where it refuses a parameter.",
    sole=True,
    representative=False,
)
def inside_in_long_refusal(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    if call.refusal is None or call.refusal.kind != "request":
        return reply
    text = f"Failed at {'x' * 60_000}" + "\\n\\tat com.vendor.ccm.Codes.query(Codes.java:87)"
    return replace(reply, body=b'{"returnCode":"100001","description":"' + text.encode() + b'"}')
