"""Checks that no answer shows the service's inside, nor a secret."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from lineman.contract.checks.insides import inside_shown
from lineman.contract.checks.registry import Case, check
from lineman.contract.finding import Finding

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
    kinds = set(case.exchange.echoed)
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
    given = case.exchange.ask.authorization or ""
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
    data = value.get("data")
    if isinstance(data, dict):
        return {**value, "data": {name: inner for name, inner in data.items() if name != "calledRouteList"}}
    return {**value, "data": None} if isinstance(data, list) else value


def _said(case: Case) -> list[str]:
    ask = case.exchange.ask
    texts = [value for value in (ask.query or {}).values() if isinstance(value, str)]
    if ask.body:
        texts.append(ask.body.decode("utf-8", "replace"))
    return sorted((text for text in texts if len(text) > 2), key=len, reverse=True)
