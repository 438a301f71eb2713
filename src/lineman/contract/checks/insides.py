"""What a service's inside looks like in a text: stack traces and database queries, and not sentences about them."""

from __future__ import annotations

import re
from collections.abc import Iterator

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
