"""The OpenAPI document, read once and offered as typed facts.

Ranges, defaults and enumerations are written down in ``openapi/query-access-code-list.yaml`` and nowhere else. This
module imports nothing heavier than a YAML parser, because every probe pays for it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final, cast

import yaml

from lineman.resources import resource

DOCUMENT_NAME: Final = "openapi/query-access-code-list.yaml"
_Loader: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One documented part of the query: a member of the body, or a header.

    ``minimum``, ``maximum`` and ``default`` are None where the documentation gives none; ``enum`` is empty where any
    value of the type will do. ``page_maximum`` is the most records on one page whatever was asked for (``limit`` only).
    """

    name: str
    location: str  # "body" or "header"
    type: str
    required: bool
    minimum: int | None
    maximum: int | None
    default: int | str | None
    enum: tuple[int | str, ...]
    page_maximum: int | None
    description: str


@dataclass(frozen=True, slots=True)
class OperationDocument:
    """The contract. Schemas are JSON Schema 2020-12 with their references resolved, ready for a validator."""

    version: str
    """Version of our document."""
    documentation_date: str
    """Date of the vendor's page from which it was written, such as ``2023-09-27``."""
    sha256: str
    """Digest of the file, in hexadecimal."""
    query_path: str
    token_path: str
    parameters: Mapping[str, Parameter]
    """Every member of the query's body and both of its headers, by name."""
    limit_default: int
    limit_maximum: int
    """The most records on one page: larger limits are valid and behave as this one."""
    offset_default: int
    offset_maximum: int
    request_media_types: tuple[int, ...]
    answer_media_types: tuple[int, ...]
    media_type_names: Mapping[int, str]
    number_attributes: tuple[int, ...]
    number_attribute_names: Mapping[int, str]
    token_lifetime_maximum: int
    """Longest lifetime of a token that may be asked for, in seconds."""
    statuses: tuple[int, ...]
    """Every status that the query may answer with, ascending."""
    example_request: JsonObject
    example_response: JsonObject
    query_schema: JsonObject
    """Body of a query."""
    answer_schema: JsonObject
    """Any body of a 200: a success, or a refusal by another ``returnCode`` than "0"."""
    success_schema: JsonObject
    """Body of a 200 that answers the query: ``returnCode`` "0" and a page of records. What a valid query is owed."""
    failure_schema: JsonObject
    """Body of a 200 that refuses the query."""
    envelope_schema: JsonObject
    """JSON body of an error status."""
    data_schema: JsonObject
    """The member ``data`` of a success."""
    record_schema: JsonObject
    """One member of ``calledRouteList``."""
    token_schema: JsonObject
    """Body of the token operation's 200."""
    envelope_members: tuple[str, ...]
    data_members: tuple[str, ...]
    record_members: tuple[str, ...]
    raw: JsonObject
    """The whole document as parsed, references unresolved. Shared: copy before changing anything."""


@cache
def document() -> OperationDocument:
    """Return the contract that ships with lineman.

    Raises:
        FileNotFoundError: the installation is damaged.
        KeyError: the file lacks something that every version of it has.
    """
    content = resource(DOCUMENT_NAME).read_bytes()
    return parse_document(content)


def parse_document(content: bytes) -> OperationDocument:
    """Read the contract from the text of an OpenAPI document.

    Raises:
        yaml.YAMLError: it is no YAML.
        KeyError: it lacks an operation, schema or keyword that lineman needs.
    """
    raw = cast("JsonObject", yaml.load(content, Loader=_Loader))  # noqa: S506 -- a safe loader, C or Python
    query_path, query = _operation(raw, "queryAccessCodeList")
    token_path, token = _operation(raw, "tokenByAkSk")
    schemas = {name: _resolved(schema, raw) for name, schema in raw["components"]["schemas"].items()}
    parameters = _parameters(query, schemas["Query"], raw)
    limit, offset = parameters["limit"], parameters["offset"]
    record = schemas["AccessCode"]
    lifetime = _resolved(token["parameters"], raw)[0]["schema"]
    return OperationDocument(
        version=raw["info"]["version"],
        documentation_date=raw["info"]["x-documentation-date"],
        sha256=hashlib.sha256(content).hexdigest(),
        query_path=query_path,
        token_path=token_path,
        parameters=parameters,
        limit_default=_whole(limit.default),
        limit_maximum=_whole(limit.page_maximum),
        offset_default=_whole(offset.default),
        offset_maximum=_whole(offset.maximum),
        request_media_types=_numbers(schemas["Query"], "mediatypeId"),
        answer_media_types=_numbers(record, "mediatypeId"),
        media_type_names=_names(record, "mediatypeId", "x-media-type-names"),
        number_attributes=_numbers(record, "numCallAttr"),
        number_attribute_names=_names(record, "numCallAttr", "x-number-attribute-names"),
        token_lifetime_maximum=_whole(lifetime["maximum"]),
        statuses=tuple(sorted(int(status) for status in query["responses"])),
        example_request=_example(query["requestBody"]),
        example_response=_example(query["responses"]["200"]),
        query_schema=schemas["Query"],
        answer_schema=schemas["Answer"],
        success_schema=schemas["Success"],
        failure_schema=schemas["Failure"],
        envelope_schema=schemas["Envelope"],
        data_schema=schemas["AccessCodePage"],
        record_schema=record,
        token_schema=schemas["TokenAnswer"],
        envelope_members=tuple(schemas["Success"]["properties"]),
        data_members=tuple(schemas["AccessCodePage"]["properties"]),
        record_members=tuple(record["properties"]),
        raw=raw,
    )


def _operation(raw: JsonObject, identifier: str) -> tuple[str, JsonObject]:
    for path, item in raw["paths"].items():
        if item["post"]["operationId"] == identifier:
            return path, item["post"]
    raise KeyError(f"{DOCUMENT_NAME} has no operation {identifier}: install lineman again")


def _resolved(node: Any, raw: JsonObject) -> Any:
    """Copy a part of the document with every local reference replaced by what it points to."""
    if isinstance(node, list):
        return [_resolved(item, raw) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" not in node:
        return {name: _resolved(value, raw) for name, value in node.items()}
    target: Any = raw
    for step in node["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return _resolved(target, raw)


def _parameters(query: JsonObject, body: JsonObject, raw: JsonObject) -> Mapping[str, Parameter]:
    headers = [
        _parameter(header["name"], "header", header["schema"], header["required"], header["description"])
        for header in _resolved(query["parameters"], raw)
    ]
    scheme = raw["components"]["securitySchemes"]["accessToken"]
    headers.append(_parameter("Authorization", "header", {"type": "string"}, True, scheme["description"]))
    required = body.get("required", [])
    members = [
        _parameter(name, "body", schema, name in required, schema["description"])
        for name, schema in body["properties"].items()
    ]
    return MappingProxyType({parameter.name: parameter for parameter in (*headers, *members)})


def _parameter(name: str, location: str, schema: JsonObject, required: bool, description: str) -> Parameter:
    return Parameter(
        name=name,
        location=location,
        type=schema["type"],
        required=required,
        minimum=schema.get("minimum"),
        maximum=schema.get("maximum"),
        default=schema.get("default"),
        enum=tuple(schema.get("enum", ())),
        page_maximum=schema.get("x-page-maximum"),
        description=description,
    )


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise KeyError(f"{DOCUMENT_NAME} has {value!r} where a whole number belongs: install lineman again")
    return value


def _numbers(schema: JsonObject, member: str) -> tuple[int, ...]:
    return tuple(value for value in schema["properties"][member]["enum"] if value is not None)


def _names(schema: JsonObject, member: str, keyword: str) -> Mapping[int, str]:
    return MappingProxyType({int(value): name for value, name in schema["properties"][member][keyword].items()})


def _example(carrier: JsonObject) -> JsonObject:
    return cast("JsonObject", carrier["content"]["application/json"]["examples"]["documented"]["value"])
