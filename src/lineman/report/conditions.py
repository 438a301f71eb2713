"""Under which conditions a violation shows, for its headline: with a filter, on a later page, for one media type.

They are the members of the smallest request that shows it, as far as its sentence does not name them already: what
could be left out of that request without losing the violation was left out when it was made smaller.
"""

from __future__ import annotations

import json

from lineman.contract.operation import document
from lineman.report.run import Violation
from lineman.text import clip

_LONGEST_VALUE = 60
_LONGEST_NAME = 40
_MOST = 6


def conditions(violation: Violation) -> str:
    """``mediatypeId 53, offset 50``; empty where the request has none, or where the sentence says them all."""
    query = violation.query
    if not isinstance(query, dict) or "now and then" in violation.observed:  # any request shows it, now and then
        return ""
    usual = (document().paging.start, document().paging.start_default)
    texts = [
        f"{clip(name, _LONGEST_NAME)} {clip(json.dumps(value, ensure_ascii=False), _LONGEST_VALUE)}"
        for name, value in query.items()
        if (name, value) != usual
    ]
    shown = [text for text in texts if not _says(violation.summary, text)]
    return ", ".join(shown[:_MOST]) + (", …" if len(shown) > _MOST else "")


def _says(sentence: str, condition: str) -> bool:
    """True where the sentence has it, and not only the beginning of a longer number."""
    before, found, after = sentence.partition(condition)
    return bool(found) and not after[:1].isdigit() and not before[-1:].isalnum()
