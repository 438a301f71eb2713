"""Faults of the types and values of members."""

from __future__ import annotations

import json
from typing import Any

from lineman.sandbox.faults.base import fault
from lineman.sandbox.pipeline import RENDER, Call, Document, Step

_DEEP = 150
"""The number of the record from which the deep faults begin."""


def _records(document: Document) -> list[Document]:
    records: list[Document] = document["data"]["calledRouteList"]
    return records


def _with_each(document: Document, member: str, value: Any) -> Document:
    """The document with a member of every record replaced by what ``value`` makes of it."""
    for record in _records(document):
        if record.get(member) is not None:
            record[member] = value(record[member])
    return document


def _deep(call: Call, document: Document) -> list[Document]:
    """The records of the page that stand behind number 150 of the answer."""
    return _records(document)[max(0, _DEEP - call.query.offset) :]


@fault(RENDER, "answer.schema", "id-is-number", "Writes id as a number.", sole=True)
def id_is_number(call: Call, proceed: Step[Document]) -> Document:
    return _with_each(proceed(call), "id", int)


@fault(RENDER, "answer.schema", "code-is-integer", "Writes accessCode as a number where it is one.")
def code_is_integer(call: Call, proceed: Step[Document]) -> Document:
    return _with_each(proceed(call), "accessCode", lambda code: int(code) if code.isdecimal() else code)


@fault(RENDER, "answer.schema", "total-is-text", "Writes total as a text.", sole=True)
def total_is_text(call: Call, proceed: Step[Document]) -> Document:
    document = proceed(call)
    document["data"]["total"] = str(document["data"]["total"])
    return document


@fault(RENDER, "answer.schema", "media-type-is-text", "Writes mediatypeId as a text.", sole=True)
def media_type_is_text(call: Call, proceed: Step[Document]) -> Document:
    return _with_each(proceed(call), "mediatypeId", str)


@fault(
    RENDER, "answer.schema", "deep-media-type-is-text", "Writes mediatypeId as a text from record 150 on.", sole=True
)
def deep_media_type_is_text(call: Call, proceed: Step[Document]) -> Document:
    document = proceed(call)
    for record in _deep(call, document):
        record["mediatypeId"] = str(record["mediatypeId"])
    return document


@fault(RENDER, "answer.schema", "attribute-four", "Has numCallAttr 4 for records of media type 53.", sole=True)
def attribute_four(call: Call, proceed: Step[Document]) -> Document:
    document = proceed(call)
    for record in _records(document):
        if record["mediatypeId"] == 53:
            record["numCallAttr"] = 4
    return document


@fault(RENDER, "answer.schema", "deep-attribute-zero", "Has numCallAttr 0 from record 150 on.", sole=True)
def deep_attribute_zero(call: Call, proceed: Step[Document]) -> Document:
    document = proceed(call)
    for record in _deep(call, document):
        record["numCallAttr"] = 0
    return document


@fault(RENDER, "answer.schema", "attribute-is-text", "Writes numCallAttr as a text.", sole=True)
def attribute_is_text(call: Call, proceed: Step[Document]) -> Document:
    return _with_each(proceed(call), "numCallAttr", str)


@fault(RENDER, "answer.schema", "service-number-is-number", "Writes n400Number as a number where it is one.", sole=True)
def service_number_is_number(call: Call, proceed: Step[Document]) -> Document:
    return _with_each(proceed(call), "n400Number", lambda text: int(text) if text.isdecimal() else text)


@fault(RENDER, "answer.schema", "description-is-list", "Writes descriptions as lists of lines.", sole=True)
def description_is_list(call: Call, proceed: Step[Document]) -> Document:
    return _with_each(proceed(call), "description", str.splitlines)


@fault(RENDER, "answer.schema", "undocumented-type", "Has mediatypeId 99 for records of media type 19.", sole=True)
def undocumented_type(call: Call, proceed: Step[Document]) -> Document:
    return _with_each(proceed(call), "mediatypeId", lambda media_type: 99 if media_type == 19 else media_type)


@fault(RENDER, "answer.schema", "fractional-type", "Writes mediatypeId 5 as 5.5.")
def fractional_type(call: Call, proceed: Step[Document]) -> Document:
    return _with_each(proceed(call), "mediatypeId", lambda media_type: 5.5 if media_type == 5 else media_type)


@fault(RENDER, "answer.schema", "single-is-object", "Writes a list of one record as the record itself.", sole=True)
def single_is_object(call: Call, proceed: Step[Document]) -> Document:
    document = proceed(call)
    if len(_records(document)) == 1:
        document["data"]["calledRouteList"] = _records(document)[0]
    return document


@fault(
    RENDER,
    "answer.schema",
    "envelope-description-is-object",
    "Has an object for the envelope's description.",
    sole=True,
)
def envelope_description_is_object(call: Call, proceed: Step[Document]) -> Document:
    return {**proceed(call), "description": {"text": "success"}}


@fault(RENDER, "answer.schema", "records-as-text", "Writes records behind page one as texts that hold JSON.")
def records_as_text(call: Call, proceed: Step[Document]) -> Document:
    document = proceed(call)
    if call.query.offset:
        document["data"]["calledRouteList"] = [json.dumps(record) for record in _records(document)]
    return document
