"""What a setting should have been, in words for people: pydantic's own are for those who know pydantic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PLAIN = {
    "string_type": "expected a text in quotes",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "finite_number": "expected a finite number",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "list_type": "expected a list, in square brackets",
    "tuple_type": "expected a list, in square brackets",
    "dict_type": "expected a table",
    "mapping_type": "expected a table",
    "model_type": "expected a table",
    "model_attributes_type": "expected a table",
    "date_type": "expected a date such as 2026-12-31, without quotes",
    "date_from_datetime_inexact": "expected a date such as 2026-12-31, without a time",
    "datetime_type": "expected a date and time such as 2026-12-31T08:00:00Z, without quotes",
    "path_type": "expected a path, as a text in quotes",
    "missing": "is missing: add it",
}
_WITH_NUMBER = {
    "greater_than": "expected more than {gt}",
    "greater_than_equal": "expected at least {ge}",
    "less_than": "expected less than {lt}",
    "less_than_equal": "expected at most {le}",
    "string_too_short": "expected a text of at least {min_length} characters",
    "string_too_long": "expected a text of at most {max_length} characters",
    "too_short": "expected at least {min_length} entries",
    "too_long": "expected at most {max_length} entries",
    "literal_error": "expected one of {expected}",
    "enum": "expected one of {expected}",
    "string_pattern_mismatch": "expected a text like {pattern}",
}


def expectation(detail: Mapping[str, Any]) -> str:
    """What an entry of ``ValidationError.errors()`` says, in one sentence without an end."""
    kind = detail["type"]
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind in _WITH_NUMBER:
        return _WITH_NUMBER[kind].format(**detail.get("ctx", {}))
    message = str(detail["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:]
