"""Honest difficulties of answers that differ from one time to the next in what no promise is about."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lineman.sandbox.pipeline import ENCODE, REFUSE, RENDER, Call, Document, Reply, StageHook, Step
from lineman.sandbox.responses import plain_error
from lineman.sandbox.variants.base import Variant

_NUMBERS = re.compile(rb'("(?:total|mediatypeId|numCallAttr)":)(\d+)(?=[,}])')


def _serial(call: Call) -> int:
    """Counts answers, so that no two have the same volatile member."""
    serial = call.service.memory["serial"] = call.service.memory.get("serial", 0) + 1
    return int(serial)


def _of_second_version(call: Call) -> bool:
    """Whether the second of two versions behind one address answers: about every other time, in no pattern."""
    return bool(_serial(call) * 2654435761 >> 13 & 1)


def _signed_icons(call: Call, proceed: Step[Document]) -> Document:
    document = proceed(call)
    serial = _serial(call)
    for record in document["data"]["calledRouteList"]:
        if isinstance(record, dict):
            record["iconUrl"] = f"https://icons.example.test/{record.get('id')}.png?X-Signature={serial:032x}"
    return document


def _stamped(call: Call, proceed: Step[Document]) -> Document:
    document = proceed(call)
    serial = _serial(call)
    return {**document, "timestamp": 1_700_000_000_000 + serial * 37, "requestId": f"{serial:08x}-trace"}


def _stamped_inside(call: Call, proceed: Step[Document]) -> Document:
    document = proceed(call)
    document["data"]["queryCostMs"] = _serial(call) % 89
    document["data"]["cursor"] = f"c{_serial(call):x}"
    return document


def _last_seen(call: Call, proceed: Step[Document]) -> Document:
    """A volatile member that is deep, and whose type changes as well."""
    document = proceed(call)
    for record in document["data"]["calledRouteList"]:
        serial = _serial(call)
        record["stats"] = {"calls": serial, "lastSeen": None if serial % 3 else [serial]}
    return document


def _floats(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    return replace(reply, body=_NUMBERS.sub(rb"\1\2.0", reply.body))


def _exponents(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    return replace(reply, body=_NUMBERS.sub(rb"\1\2E0", reply.body))


def _negative_zero(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    return replace(reply, body=reply.body.replace(b'"total":0,', b'"total":-0,'))


def _floats_now_and_then(call: Call, proceed: Step[Reply]) -> Reply:
    return _floats(call, proceed) if _of_second_version(call) else proceed(call)


def _in_second(change: Callable[[Document], Document]) -> Callable[[Call, Step[Document]], Document]:
    def hook(call: Call, proceed: Step[Document]) -> Document:
        document = proceed(call)
        if _of_second_version(call):
            records = document["data"]["calledRouteList"]
            document["data"]["calledRouteList"] = [change(record) for record in records]
        return document

    return hook


def _without_nulls(record: Document) -> Document:
    return {name: value for name, value in record.items() if value is not None}


def _reversed(record: Document) -> Document:
    return dict(reversed(record.items()))


def _extended(record: Document) -> Document:
    return {**record, "tenantSpaceId": "space", "skillQueues": []}


def _compact_or_indented(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    if not _of_second_version(call):
        return reply
    return replace(reply, body=json.dumps(json.loads(reply.body), ensure_ascii=True, indent=1).encode())


def _errors_of_two_kinds(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    return plain_error(reply.status, "html") if reply.status >= 400 and _of_second_version(call) else reply


def _long_refusals(call: Call, proceed: Step[Reply]) -> Reply:
    """Texts that take a careless regular expression minutes."""
    reply = proceed(call)
    text = f"Failed at {'x' * 60_000}"
    body = json.dumps({"returnCode": "100001", "description": text}).encode()
    return replace(reply, body=body) if reply.status in {400, 500} else reply


def _on(stage: Any, *hooks: Any) -> tuple[StageHook[Any], ...]:
    return tuple(StageHook(stage, hook) for hook in hooks)


MIXED: tuple[Variant, ...] = (
    Variant(
        "signed-icons", "Each record has an undocumented iconUrl, signed anew each time.", _on(RENDER, _signed_icons)
    ),
    Variant("stamped", "Each answer has an undocumented timestamp and requestId.", _on(RENDER, _stamped)),
    Variant("stamped-inside", "data has undocumented members that always change.", _on(RENDER, _stamped_inside)),
    Variant("statistics", "Records have an undocumented object that always changes.", _on(RENDER, _last_seen)),
    Variant("numbers-as-floats", "A gateway writes 5.0 for 5.", _on(ENCODE, _floats)),
    Variant("numbers-with-exponents", "A gateway writes 5E0 for 5.", _on(ENCODE, _exponents)),
    Variant("negative-zero", "A total of nothing is written -0.", _on(ENCODE, _negative_zero)),
    Variant("two-versions-floats", "One of two versions writes 5.0 for 5.", _on(ENCODE, _floats_now_and_then)),
    Variant(
        "two-versions-nulls",
        "One of two versions leaves out what the other gives as null.",
        _on(RENDER, _in_second(_without_nulls)),
    ),
    Variant("two-versions-order", "Two versions write members in another order.", _on(RENDER, _in_second(_reversed))),
    Variant("two-versions-extras", "One of two versions has further members.", _on(RENDER, _in_second(_extended))),
    Variant("two-versions-format", "One of two versions indents and escapes.", _on(ENCODE, _compact_or_indented)),
    Variant("two-versions-errors", "One of two versions has HTML pages for errors.", _on(REFUSE, _errors_of_two_kinds)),
    Variant("long-refusals", "Refusals are described with 60,000 letters.", _on(REFUSE, _long_refusals)),
)
