"""Checks on what every answer must be, whatever was asked: status, JSON, types, data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import blake2b
from typing import Any

from lineman.contract.answer import MISSING, documented
from lineman.contract.checks.base import Case, check, status_list
from lineman.contract.finding import Finding
from lineman.contract.operation import document
from lineman.contract.operation_parts import OperationDocument
from lineman.contract.schema import Schema
from lineman.message import Message
from lineman.text import clip, compact


@check("answer.status", where=lambda case: case.targets_operation and case.is_answered)
def status_is_documented(case: Case) -> Iterator[Finding]:
    """Every status is one that the page lists; a gateway's own are no verdict."""
    status = case.answer.status
    if status is None or documented(status):
        return
    yield case.finding(
        "answer.status",
        Message.of("The answer has status {status}, which the page does not document.", status=status),
        f"one of {status_list()}",
        status,
        parameter="status",
        constraint="documented",
        observed=str(status),
    )


def _is_operations_200(case: Case) -> bool:
    return case.targets_operation and case.answer.status == 200


def _is_whole_200(case: Case) -> bool:
    response = case.exchange.response
    return _is_operations_200(case) and response is not None and not response.truncated


@check("answer.json", where=_is_whole_200)
def body_is_json(case: Case) -> Iterator[Finding]:
    """A 200 is UTF-8 and strictly valid JSON, an object."""
    response = case.exchange.response
    problem = case.answer.problem
    if problem is None and not isinstance(case.answer.value, dict):
        problem = "not an object"
    if problem is None or response is None:
        return
    yield case.finding(
        "answer.json",
        Message.of("The body of a 200 is not a JSON object: {problem}.", problem=problem),
        "a JSON object in UTF-8",
        response.body[:200].decode("utf-8", "replace"),
        parameter="body",
        constraint="valid JSON",
        observed=problem.split(":")[0].split(" at ")[0],
    )


def _is_object_200(case: Case) -> bool:
    return _is_operations_200(case) and isinstance(case.answer.value, dict)


@check("answer.json", where=_is_object_200)
def content_type_is_json(case: Case) -> Iterator[Finding]:
    """A 200 says that it is JSON, and in UTF-8 where it names a character set."""
    response = case.exchange.response
    header = (response.header("content-type") if response else None) or ""
    media_type, _, parameters = header.partition(";")
    media_type = media_type.strip().lower()
    charset = parameters.lower().partition("charset=")[2].split(";")[0].strip().strip('"')
    if (media_type.endswith(("/json", "+json"))) and charset in {"", "utf-8", "utf8", "us-ascii"}:
        return
    yield case.finding(
        "answer.json",
        Message.of("A 200 with JSON in it has the Content-Type {header}.", header=compact(header))
        if header
        else Message.of("A 200 with JSON in it has no Content-Type."),
        "Content-Type: application/json",
        header,
        parameter="Content-Type",
        constraint="application/json",
        observed=_kind_of_type(media_type, charset),
    )


_KNOWN_TYPES = frozenset(
    {"", *(f"text/{kind}" for kind in ("html", "plain", "xml", "javascript", "json"))}
    | {f"application/{kind}" for kind in ("json", "xml", "xhtml+xml", "octet-stream", "javascript", "x-javascript")}
)
_KNOWN_CHARSETS = frozenset(
    {"iso-8859-1", "latin1", "windows-1252", "gbk", "gb2312", "gb18030", "big5", "utf-16", "utf-32", "ascii"}
)
"""What servers really send: a fingerprint names these, and no other word of a target."""


def _kind_of_type(media_type: str, charset: str) -> str:
    if charset not in {"", "utf-8", "utf8"}:
        return f"charset {charset}" if charset in _KNOWN_CHARSETS else "another charset"
    return media_type if media_type in _KNOWN_TYPES else "another type"


def _is_success(case: Case) -> bool:
    """A 200 that does not say that it failed. Its returnCode may be of the wrong type: that is judged, not presumed."""
    value = case.answer.value
    return (
        _is_operations_200(case)
        and isinstance(value, dict)
        and case.answer.return_code in (document().envelope.success, 0, MISSING, None)
    )


@check("answer.carries-data", where=_is_success)
def success_carries_data(case: Case) -> Iterator[Finding]:
    """A success has data with a total and a list: without them nothing can be learned from it."""
    data, names = case.answer.data, document().envelope
    inside = data if isinstance(data, dict) else {}
    lacking = (
        [names.data] if data in (MISSING, None) else [n for n in (names.total, names.rows) if inside.get(n) is None]
    )
    for name in lacking:
        there = name in (case.answer.value if name == names.data else inside)
        yield case.finding(
            "answer.carries-data",
            Message.of("A success carries no {name}: it is null.", name=name)
            if there
            else Message.of("A success carries no {name}: it is missing.", name=name),
            {names.code: names.success, names.data: {names.total: "a number", names.rows: "a list"}},
            _shortened(case.answer.value),
            parameter=name,
            constraint="present",
            observed="null" if there else "absent",
        )


@check("answer.schema", where=_is_object_200)
def members_have_their_types(case: Case) -> Iterator[Finding]:
    """Every documented member, in every record, has its type and stays within its enumeration."""
    yield from _envelope_findings(case, case.answer.value)
    seen: set[tuple[str, str, str]] = set()
    for position, row in enumerate(_rows(case.answer.data)[:_JUDGED_ROWS]):
        for problem in record_problems(row):
            if problem[:3] not in seen:
                seen.add(problem[:3])
                member = f"{document().envelope.rows}[].{problem[0]}"
                yield _schema_finding(case, member, problem, f"record {position + 1}: ", row)


def _rows(data: Any) -> list[Any]:
    rows = data.get(document().envelope.rows) if isinstance(data, dict) else data
    return rows if isinstance(rows, list) else []


def _envelope_findings(case: Case, value: dict[str, Any]) -> Iterator[Finding]:
    names = document().envelope
    data = value.get(names.data)
    members: dict[str, Any] = {n: value[n] for n in (names.code, names.message) if n in value}
    for problem in _problems("envelope", members):
        yield _schema_finding(case, problem[0], problem, "", value)
    if data is not None and not isinstance(data, dict):
        yield _schema_finding(case, names.data, (names.data, "type", type(data).__name__, "an object"), "", value)
    elif data is not None:
        inside = {n: data[n] for n in (names.total, names.rows) if data.get(n) is not None}
        list_alone: dict[str, Any] = {names.rows: []} if isinstance(inside.get(names.rows), list) else {}
        for problem in _problems("data", inside | list_alone):  # the records come later
            yield _schema_finding(case, problem[0], problem, "", inside)


Problem = tuple[str, str, str, Any]
"""Member, keyword broken, class of the value seen, what the schema wants."""


def _schema_finding(case: Case, member: str, problem: Problem, place: str, shown: Any) -> Finding:
    name, keyword, seen, wanted = problem
    value = shown.get(name, MISSING) if isinstance(shown, dict) else shown
    return case.finding(
        "answer.schema",
        _schema_sentence(problem, place + member, value),
        {member: wanted},
        _shortened(shown),
        parameter=member,
        constraint=keyword,
        observed=seen if keyword != "enum" else "outside the enumeration",
    )


_TYPE_WORDS = {"dict": "object", "list": "array", "str": "string", "NoneType": "null", "bool": "boolean"}


def _schema_sentence(problem: Problem, member: str, value: Any) -> Message:
    """The sentence in the words of JSON and of the page: the value, and what is documented."""
    _, keyword, seen, wanted = problem
    if keyword == "required":
        return Message.of("{member} is missing.", member=member)
    documented = wanted if isinstance(wanted, list) else [wanted]
    if keyword == "enum":
        values = ", ".join(compact(one) for one in documented)
        return Message.of(
            "{member} is {value}; documented: {values}.", member=member, value=_shorten(value), values=values
        )
    if keyword == "type":
        types = " or ".join(map(str, documented)).removeprefix("an ")
        seen = _TYPE_WORDS.get(seen, seen)
        return Message.of("{member} has the type {seen}; documented: {types}.", member=member, seen=seen, types=types)
    rule = f"{keyword} {compact(wanted)}"
    return Message.of("{member} is {value}; documented: {rule}.", member=member, value=_shorten(value), rule=rule)


def _shorten(value: Any) -> str:
    return "missing" if value is MISSING else clip(compact(value), 80)


_KEPT_ROWS = 65_536
_JUDGED_ROWS = 1_000
"""Records of one answer that are held to the schema: ten times the largest page, which has a clause of its own."""
_judged_rows: dict[tuple[OperationDocument, bytes], tuple[Problem, ...]] = {}
"""What is wrong with records that were seen, by a digest: the same ones come in answer after answer."""


def record_problems(record: Any) -> tuple[Problem, ...]:
    """What the document says is wrong with one record: member, keyword, class of the value, what is wanted."""
    text = json.dumps(record, sort_keys=True)
    key = (document(), blake2b(text.encode(), digest_size=16).digest())
    found = _judged_rows.get(key)
    if found is None:
        if len(_judged_rows) >= _KEPT_ROWS:
            _judged_rows.clear()
        found = _judged_rows[key] = _row_problems(record)
    return found


def _row_problems(row: Any) -> tuple[Problem, ...]:
    if not isinstance(row, dict):
        return (("", "type", type(row).__name__, "an object"),)
    return tuple(_problems("record", row))


def _problems(part: str, value: dict[str, Any]) -> Iterable[Problem]:
    contract = document()
    for error in _schema(contract, part).errors(value):
        if error.keyword == "required":
            for name in sorted(set(error.wanted) - set(value)):
                yield (name, "required", "absent", "present")
            continue
        member = str(error.path[0]) if error.path else ""
        if error.keyword == "maxItems" or (member == contract.envelope.rows and len(error.path) > 1):
            continue  # the page cap and the records have checks of their own
        yield (member, error.keyword, _class_of(error.value), error.wanted)


def _class_of(value: Any) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return "null" if value is None else names.get(type(value), type(value).__name__)


@cache
def _schema(contract: OperationDocument, part: str) -> Schema:
    if part == "record":
        return Schema(contract.record_schema)
    schema = contract.success_schema if part == "envelope" else contract.data_schema
    properties = dict(schema["properties"])
    if part == "envelope":  # any return code has the documented type; which one it must be is another clause
        properties[contract.envelope.code] = {"type": "string"}
    else:
        properties[contract.envelope.rows] = {"type": "array"}
    return Schema({"type": "object", "properties": properties})


def _shortened(value: Any) -> Any:
    """The value with long lists cut to their first two rows: evidence for people."""
    if isinstance(value, dict):
        return {name: _shortened(inner) for name, inner in value.items()}
    if isinstance(value, list) and len(value) > 2:
        return [*value[:2], f"... and {len(value) - 2} more"]
    return value
