"""Messages fit for everybody who may see the page: what went wrong, without what a customer's record holds."""

from __future__ import annotations

import re

from lineman.contract.clauses import catalogue
from lineman.times import day_of, format_duration, format_instant

# Where the part of a message ends that may quote a record: before another part of lineman's own, or at the end.
_END = r"(?= after a retry; first: | \[[\w.-]+ \([a-z]+\)(?:, [\w.-]+ \([a-z]+\))*\]$|$)"
_CLAUSE = re.compile(rf"contract broken: ([a-z0-9.-]+): .*?(?: \(and (\d+) more\))?{_END}", re.DOTALL)
_RECORD = re.compile(rf"no record with .*?{_END}", re.DOTALL)
_AMONG = re.compile(r"among the (\d+) records of the answer$")


def public(message: str) -> str:
    """A probe's message without the values of records: a broken clause in words, a missing record as just that."""
    return _RECORD.sub(_missing, _CLAUSE.sub(_broken, message))


def _broken(match: re.Match[str]) -> str:
    more = f" (and {match[2]} more)" if match[2] else ""
    return f"contract broken: “{clause_words(match[1])}”{more}"


def _missing(match: re.Match[str]) -> str:
    found = _AMONG.search(match[0])
    among = f" among the {found[1]} of the answer" if found else ""
    return f"a record that must be there is missing{among}"


def clause_words(clause: str) -> str:
    """A clause in words; its id where the catalogue does not know it; nothing for promises that change all the time."""
    if not clause:
        return "another promise at nearly every check"
    known = catalogue().get(clause)
    return clause if known is None else known.title


def clock_time(instant: int, now: int) -> str:
    """``09:30:00`` within the UTC day of ``now``, the date before it otherwise."""
    return format_instant(instant, "clock" if day_of(instant) == day_of(now) else "short")


def rough(length: int) -> str:
    """Milliseconds in the two largest units: ``2 h 5 min``."""
    return format_duration(length / 1_000, "rough")


def bytes_words(size: int) -> str:
    """``512 kB``, ``1.3 GB``."""
    value, unit = float(size), "bytes"
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if value < 1_000 or unit == "TB":
            break
        value /= 1_000
    return f"{value:.0f} {unit}" if unit in {"bytes", "kB"} or value >= 100 else f"{value:.1f} {unit}"
