"""Checks that no answer shows the service's inside, nor a secret."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from lineman.contract.checks.base import Case, check
from lineman.contract.finding import Finding
from lineman.contract.operation import document

_TRACE = re.compile(
    r"Traceback \(most recent call last\)"
    r'|File "[^"]+", line \d+'
    r"|(?:^|\s|\\n|\\t|>)at (?:[\w$<>]+\.)+[\w$<>]+\([^)]*"
    r"(?:\.java:\d+|Native Method|Unknown Source|\.js:\d+[^)]*|\.kt:\d+)\)"
    r"|at [^\s(]* ?\(?[^\s()]+\.(?:js|ts):\d+:\d+\)?"
    r"|(?:^|\s|\\n|>)at (?:[\w`<>]+\.)+[\w`<>]+\([^)]*\) in [^:]{0,3}:?[^:]{1,200}:line \d+"
    r"|\bSystem\.(?:[A-Z]\w*\.)*[A-Z]\w*Exception\b"
    r"|\.php(?:\(\d+\)| on line \d+)"
    r"|goroutine \d+ \["
    r"|(?:[a-z]\w*\.){2,}[A-Z]\w*(?:Exception|Error)\b"
    r"|\b(?:Nested|Runtime|NullPointer|IllegalArgument|IllegalState)Exception\b"
    r"|\b(?:SQLSyntaxError|NumberFormat|ClassCast|(?:Array)?IndexOutOfBounds)Exception\b"
    r"|\bException in thread\b|\.(?:py|java|go|rb|php):\d+\b|#\d+ /\S+\(\d+\)"
    r"|\b(?:Key|Type|Value|Attribute|Index|ZeroDivision|Operational|Programming|Recursion)Error\b\s*[:(]"
)
_SHOUTED = re.compile(
    r"\bSELECT\b.{1,300}?\bFROM\b|\bUPDATE\b\s+\S+\s+\bSET\b|\bDELETE\s+FROM\b|\bINSERT\s+INTO\b"
    r"|\bWHERE\b.{1,200}?(?:\bLIKE\b|\bAND\b|=)",
    re.DOTALL,
)
"""Nobody writes a sentence with these words in capitals."""
_TABLE = r"(?:\w+[._]\w+|[`\"\[]\w+)"
"""A name that is no word of a sentence."""
_WRITTEN_SMALL = re.compile(
    rf"\bselect\b.{{1,300}}?\bfrom\s+{_TABLE}|\bdelete\s+from\s+{_TABLE}|\bupdate\s+{_TABLE}\s+set\b"
    r"|\bselect\s+(?:distinct\s+)?(?:\*|count\s*\(|[a-z]\w*\.[a-z]\w*(?:\s+as\b|\s*,))"
    r"|\bselect\s+[\w.\"`]+(?:\s*,\s*[\w.\"`]+)+\s+from\b|\bupdate\s+\w+\s+set\s+\w+\s*="
    r"|\bselect\b.{1,300}?\bfrom\s+(?!(?:the|an?|this|that|these|those|your|our|its)\b)\w+(?:\s+\w+)?"
    r"\s+(?:(?:order|group)\s+by|limit\s+\d|(?:inner|left|right)\s+join)\b"
    rf"|\bwhere\s+{_TABLE}\s*(?:=|[<>]|i?like\b|in\s*\()"
    r"|\bwhere\s+[\w.\"`\[\]]+\s*(?:=|<>|i?like\b)\s*(?:'|\?|%s|[$:@]\w)"
    r"|\binsert\s+into\s+\S+\s*\(.{1,200}?\bvalues\b",
    re.DOTALL | re.IGNORECASE,
)
_COMPLAINT = re.compile(
    r"SQLSTATE|\bORA-\d{5}\b|\bnear \"[^\"]*\": syntax error|error in your SQL syntax"
    r"|\bno such (?:column|table)\b|\bunterminated quoted string\b",
    re.IGNORECASE,
)
_KINDS = {"a stack trace": (_TRACE,), "a database query": (_SHOUTED, _WRITTEN_SMALL, _COMPLAINT)}


def inside_shown(text: str) -> Iterator[tuple[str, str]]:
    """Each kind of inside that a text shows, and where it stands."""
    for name, patterns in _KINDS.items():
        match = next(filter(None, (pattern.search(text) for pattern in patterns)), None)
        if match:
            yield name, _surroundings(text, match)


def _surroundings(text: str, match: re.Match[str]) -> str:
    start, end = max(0, match.start() - 60), match.end() + 120
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"


_MARKER = re.compile(r"\[redacted:([a-z_-]+)\]")
_MIN_ECHO = 12
"""Shorter presented credentials are words that may stand in any message."""


@check("error.no-internals")
def answer_shows_no_internals(case: Case) -> Iterator[Finding]:
    """No stack trace and no query outside the records; what the request itself said does not count."""
    for name, shown in inside_shown(_outside_records(case)):
        yield case.finding(
            "error.no-internals",
            f"An answer {case.answer.signature} shows {name}.",
            "nothing of the service's inside",
            shown,
            parameter="body",
            constraint="no internals",
            observed=name,
        )


@check("error.no-internals")
def answer_shows_no_secret(case: Case) -> Iterator[Finding]:
    """No token and no secret comes back, in the body or in a header."""
    response = case.exchange.response
    if response is None:
        return
    kinds = set(case.exchange.leaked_secrets)
    kinds.update(_MARKER.findall(response.body.decode("utf-8", "replace")))
    if _presented_credential_comes_back(case, response.body):
        kinds.add("presented token")
    for kind in sorted(kinds - {"app_key"}):
        yield case.finding(
            "error.no-internals",
            f"An answer {case.answer.signature} gives back a secret ({kind}).",
            "no token and no secret",
            response.body[:300].decode("utf-8", "replace"),
            parameter="secret",
            constraint="not shown",
            observed=kind,
        )


def _presented_credential_comes_back(case: Case, body: bytes) -> bool:
    given = case.exchange.request.authorization or ""
    credential = given.rpartition(" ")[2]
    return len(credential) >= _MIN_ECHO and "{" not in credential and credential.encode() in body


def _outside_records(case: Case) -> str:
    response = case.exchange.response
    if response is None:
        return ""
    value = case.answer.value
    if isinstance(value, dict):
        text = json.dumps(_without_records(value), ensure_ascii=False)
    else:
        text = response.body[:65536].decode("utf-8", "replace")
    for said in _said(case):
        text = text.replace(said, "").replace(json.dumps(said, ensure_ascii=False)[1:-1], "")
    return text


def _without_records(value: dict[str, Any]) -> dict[str, Any]:
    names = document().envelope
    data = value.get(names.data)
    if isinstance(data, dict):
        return {**value, names.data: {name: inner for name, inner in data.items() if name != names.rows}}
    return {**value, names.data: None} if isinstance(data, list) else value


def _said(case: Case) -> list[str]:
    request = case.exchange.request
    texts = [value for value in (request.query or {}).values() if isinstance(value, str)]
    if request.body:
        texts.append(request.body.decode("utf-8", "replace"))
    return sorted((text for text in texts if len(text) > 2), key=len, reverse=True)
