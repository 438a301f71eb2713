"""Checks that no answer shows the service's inside, nor a secret."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from lineman.contract.answer import MISSING
from lineman.contract.checks.base import Case, check
from lineman.contract.finding import Finding
from lineman.contract.insides import LOOKED_AT, SEPARATOR, inside_shown
from lineman.contract.operation import document
from lineman.message import Message

_MIN_ECHO = 12
"""Shorter presented credentials are words that may stand in any message."""


def _arrived(case: Case) -> bool:
    return case.exchange.judged is not None and case.exchange.response is not None


@check("error.no-internals", where=_arrived)
def answer_shows_no_internals(case: Case) -> Iterator[Finding]:
    """No stack trace and no query outside the records; what the request itself said does not count."""
    for name, shown in inside_shown(text_outside_records(case)):
        yield case.finding(
            "error.no-internals",
            Message.of("An answer ({answer}) shows {what}.", answer=case.answer.signature, what=Message.of(name)),
            "nothing of the service's inside",
            shown,
            parameter="body",
            constraint="no internals",
            observed=name,
        )


@check("error.no-internals", where=_arrived)
def answer_shows_no_secret(case: Case) -> Iterator[Finding]:
    """No token and no secret comes back, in the body or in a header.

    A secret that is too short to be distinguished from other words counts where it is a word outside the records.
    """
    arrived, shown = case.exchange.judged, case.exchange.response
    if arrived is None or shown is None:
        return
    kinds = set(case.exchange.leaked_secrets)
    outside = "\n".join((text_outside_records(case), *(value for _, value in arrived.headers)))
    kinds.update(case.exchange.redaction.weak_secrets(outside.encode("utf-8", "surrogatepass")))
    if _presented_credential_comes_back(case, arrived.body):
        kinds.add("presented token")
    for kind in sorted(kinds - {"app_key"}):
        yield case.finding(
            "error.no-internals",
            Message.of("An answer ({answer}) gives back a secret ({kind}).", answer=case.answer.signature, kind=kind),
            "no token and no secret",
            shown.body[:300].decode("utf-8", "replace"),
            parameter="secret",
            constraint="not shown",
            observed=kind,
        )


def _presented_credential_comes_back(case: Case, body: bytes) -> bool:
    given = case.exchange.request.authorization or ""
    credential = given.rpartition(" ")[2]
    return len(credential) >= _MIN_ECHO and "{" not in credential and credential.encode() in body


def text_outside_records(case: Case) -> str:
    """Every text of an answer outside its records, without what the request itself said."""
    response = case.exchange.judged
    if response is None:
        return ""
    if case.answer.value is MISSING:
        text = _without_written_records(response.body.decode("utf-8", "replace"))[:LOOKED_AT]
        text = text.replace("\\n", "\n").replace("\\t", "\t").replace('\\"', '"').replace("\\/", "/")
    else:
        text = SEPARATOR.join(_texts(_without_records(case.answer.value)))
    for said in _texts_sent(case):
        text = text.replace(said, "").replace(json.dumps(said, ensure_ascii=False)[1:-1], "")
    return text


def _texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value, names of members too."""
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            yield node
        elif isinstance(node, dict):
            waiting += [*node.keys(), *node.values()]
        elif isinstance(node, list):
            waiting += node


def _without_records(value: Any) -> Any:
    names = document().envelope
    if not isinstance(value, dict):
        return value
    data = value.get(names.data)
    if isinstance(data, dict):
        return {**value, names.data: {name: inner for name, inner in data.items() if name != names.rows}}
    return {**value, names.data: None} if isinstance(data, list) else value


def _without_written_records(text: str) -> str:
    """A body that is no JSON, without its records: from the name of their list to the last of its objects."""
    before, name, after = text.partition(f'"{document().envelope.rows}"')
    if not name:
        return text
    last = after.rfind("}]")
    return before if last < 0 else before + after[last + 2 :]


def _texts_sent(case: Case) -> list[str]:
    request = case.exchange.request
    texts = [value for value in (request.query or {}).values() if isinstance(value, str)]
    if request.body:
        texts.append(request.body.decode("utf-8", "replace"))
    return sorted((text for text in texts if len(text) > 2), key=len, reverse=True)
