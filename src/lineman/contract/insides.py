"""What a service's inside looks like where it shows in an answer: stack traces of every runtime, database queries.

The expressions are RE2's, which takes time linear in the text whatever the text is: it is a target's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import re2

SEPARATOR = "\x00"
"""Stands between texts that have nothing to do with each other: no expression reaches over it."""
LOOKED_AT = 131_072
"""Characters of an answer's texts that are searched: a trace of hundreds of frames. Of more, the beginning and the end
are."""
_AHEAD, _BEHIND = 60, 120
"""Characters shown around what was found."""

_LINE = r"(?:^|[\s\x00>|])"
"""What may stand before a frame."""
_PLACE = r"[^\s()\x00]+"
"""A file, with its folders."""
_FRAMES = (
    # Python
    r"Traceback \(most recent call last\)",
    r'File "[^"\x00\n]{1,300}", line \d+',
    r"\b(?:Key|Type|Value|Attribute|Index|ZeroDivision|Operational|Programming|Recursion)Error\b\s*[:(]",
    # Java, Kotlin, Scala
    rf"{_LINE}at (?:[\w$<>/@-]+\.)+[\w$<>]+\((?:[^()\x00]{{1,200}}\.(?:java|kt|scala|groovy|clj):\d+"
    r"|Native Method|Unknown Source)\)",
    r"\bCaused by: (?:[\w$]+\.)+[\w$]+",
    r"\.\.\. \d+ (?:more|common frames omitted)\b",
    r"\b(?:[a-z]\w*\.){2,}[A-Z]\w*(?:Exception|Error)\b",
    r"\b(?:Nested|Runtime|NullPointer|IllegalArgument|IllegalState|SQLSyntaxError|NumberFormat|ClassCast)Exception\b",
    r"\b(?:Array)?IndexOutOfBoundsException\b",
    r"\bException in thread\b",
    # .NET
    rf"{_LINE}at [^\x00\n]{{1,300}}\) in [^\x00\n]{{1,300}}:line \d+",
    r"\bSystem\.(?:[A-Z]\w*\.)*[A-Z]\w*Exception\b",
    # Node
    rf"{_LINE}at (?:async |new )?(?:[\w$.<>]+ )?(?:\[as [\w$.]+\] )?\(?{_PLACE}\.[cm]?[jt]sx?:\d+:\d+\)?",
    rf"{_LINE}at (?:async |new )?[\w$.<>]+ (?:\[as [\w$.]+\] )?\((?:<anonymous>|native)\)",
    rf"{_LINE}at async [\w$.]+ \(index \d+\)",
    rf"{_LINE}at (?:async |new )?[\w$.<>]+ \[as [\w$.]+\]",
    rf"{_LINE}at (?:async |new )[\w$.<>]+ \({_PLACE}:\d+(?::\d+)?\)",
    r"\(?node:[\w/]+:\d+:\d+\)?",
    # PHP
    r"\bPHP (?:Fatal|Parse|Recoverable fatal) error",
    r"\.php(?:\(\d+\)|:\d+|(?:</b>)? on line (?:<b>)?\d+)",
    r"#\d+ (?:/[^\s()\x00]{1,300}\(\d+\)|\{main\})",
    # Ruby
    r"\.rb:\d+(?::in\b|\b)",
    r"\bNoMethodError\b|\bundefined (?:local variable or )?method [`'‘]",
    # Rust
    r"thread '[^'\x00]*' (?:\(\d+\) )?panicked at",
    r"\bcalled `(?:Option|Result)::\w+\(\)`",
    r"\.rs:\d+:\d+",
    r"\b(?:rust_begin_unwind|core::panicking::|std::panicking::)",
    # Erlang, Elixir
    r'\{file,"[^"\x00]{1,200}"\},\{line,\d+\}',
    r"\{(?:badarg|badmatch|badarith|function_clause|case_clause|undef),[\[{]",
    r"\*\* (?:\((?:[A-Z]\w*\.)*[A-Z]\w*\)|exception (?:error|exit|throw):)",
    r"\.(?:erl|exs?):\d+\b",
    # Go
    r"\bgoroutine \d+ \[",
    r"\bpanic: runtime error:",
    # Perl, Lua, Swift, C++
    r" at [^\s\x00]{1,200}\.p[lm] line \d+",
    r"\.lua:\d+:|\bstack traceback:",
    r"\.swift(?::\d+|, line \d+)",
    r"#\d+\s+0x[0-9a-fA-F]{4,16} in ",
    # any of them
    r"\.(?:py|java|kt|go|php|cpp|cs):\d+\b",
)
_QUERIES_IN_CAPITALS = (  # nobody writes a sentence with these words in capitals
    r"\bSELECT\b[^\x00]{1,300}?\bFROM\b",
    r"\bUPDATE\b\s+[^\s\x00]+\s+\bSET\b",
    r"\bDELETE\s+FROM\b|\bINSERT\s+INTO\b",
    r"\bWHERE\b[^\x00]{1,200}?(?:\bLIKE\b|\bAND\b|=)",
)
_NAME = r"(?:\w+[._]\w+|[`\"\[]\w+)"
"""A table's name that is no word of a sentence."""
_COLUMN = r"[\w.\"`]+"
_QUERIES = (
    rf"(?i)\bselect\b[^\x00]{{1,300}}?\bfrom\s+{_NAME}",
    rf"(?i)\bdelete\s+from\s+{_NAME}",
    rf"(?i)\bupdate\s+{_NAME}\s+set\b",
    r"(?i)\bselect\s+(?:distinct\s+)?(?:\*|count\s*\(|[a-z]\w{0,64}\.[a-z]\w{0,64}(?:\s+as\b|\s*,))",
    rf"(?i)\bselect\s+{_COLUMN}(?:\s*,\s*{_COLUMN})+\s+from\b",
    r"(?i)\bupdate\s+\w+\s+set\s+\w+\s*=",
    rf"(?i)\bwhere\s+{_NAME}\s*(?:=|[<>]|i?like\b|in\s*\()",
    r"(?i)\bwhere\s+[\w.\"`\[\]]+\s*(?:=|<>|i?like\b)\s*(?:'|\?|%s|[$:@]\w)",
    r"(?i)\binsert\s+into\s+[^\s\x00]+\s*\([^\x00]{1,200}?\bvalues\b",
)
_PLAIN_TABLE = (
    r"(?i)\bselect\b[^\x00]{1,300}?\bfrom\s+(\w+)(?:\s+\w+)?\s+"
    r"(?:(?:order|group)\s+by|limit\s+\d|(?:inner|left|right)\s+join)\b"
)
_NO_TABLES = frozenset(("the", "a", "an", "this", "that", "these", "those", "your", "our", "its"))
"""Words after which a sentence goes on where a query would name its table."""
_COMPLAINTS = (
    r"(?i)SQLSTATE|\bORA-\d{5}\b|\bnear \"[^\"\x00]*\": syntax error|error in your SQL syntax",
    r"(?i)\bno such (?:column|table)\b|\bunterminated quoted string\b|\binvalid input syntax for (?:type )?\w",
    r"### (?:Error querying database|SQL:)|\bMongo(?:Server)?Error\b|\bdb\.\w+\.(?:find|aggregate)\(",
)


_OPTIONS = re2.Options()
_OPTIONS.max_mem = 64 << 20
"""Bytes for the states of an expression: with too few RE2 falls back to a reading that is ten times slower."""


def _compiled(*expressions: str) -> Any:
    """All of them as one expression, so that a text is read once."""
    return re2.compile("|".join(f"(?:{expression})" for expression in expressions), _OPTIONS)


_TRACE = _compiled(*_FRAMES)
_QUERY = _compiled(*_QUERIES_IN_CAPITALS, *_QUERIES, *_COMPLAINTS)
_QUERY_OF_PLAIN_TABLE = re2.compile(_PLAIN_TABLE, _OPTIONS)


def inside_shown(text: str) -> Iterator[tuple[str, str]]:
    """Each kind of inside that a text shows, and where it stands."""
    text = _bounded(text)
    for name, found in (("a stack trace", _TRACE.search(text)), ("a database query", _query(text))):
        if found:
            yield name, _surroundings(text, *found.span())


def _bounded(text: str) -> str:
    """The part that is looked at; lone surrogates, which RE2 does not read, are replaced."""
    if len(text) > LOOKED_AT:
        text = text[: LOOKED_AT * 3 // 4] + SEPARATOR + text[-LOOKED_AT // 4 :]
    return text.encode("utf-8", "replace").decode("utf-8")


def _query(text: str) -> Any:
    named = (match for match in _QUERY_OF_PLAIN_TABLE.finditer(text) if match[1].lower() not in _NO_TABLES)
    return _QUERY.search(text) or next(named, None)


def _surroundings(text: str, start: int, end: int) -> str:
    start, end = max(0, start - _AHEAD), end + _BEHIND
    shown = text[start:end].replace(SEPARATOR, " ")
    return f"{'…' if start else ''}{shown}{'…' if end < len(text) else ''}"
