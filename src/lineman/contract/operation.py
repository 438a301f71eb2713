"""The OpenAPI document, read once and offered as typed facts.

Names of members, ranges, defaults and enumerations are written down in ``openapi/query-access-code-list.yaml`` and
nowhere else: what a member is for stands in the document's own ``x-`` keywords, which are explained at its top. This
module imports nothing heavier than a YAML parser, because every probe pays for it.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Final, cast

import yaml

from lineman.contract.operation_parts import EnvelopeNames, Filter, JsonObject, OperationDocument, Paging, Parameter
from lineman.resources import resource

DOCUMENT_NAME: Final = "openapi/query-access-code-list.yaml"
_Loader: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_current: OperationDocument | None = None


def document() -> OperationDocument:
    """Return the contract that ships with lineman.

    Raises:
        FileNotFoundError: the installation is damaged.
        KeyError: the file lacks something that every version of it has.
    """
    global _current  # noqa: PLW0603 -- read once, because every probe pays for it
    if _current is None:
        _current = parse_document(resource(DOCUMENT_NAME).read_bytes())
    return _current


@contextmanager
def another_document(other: OperationDocument) -> Iterator[None]:
    """Judge another operation for a while: :func:`document` returns ``other`` in the whole process, in every thread."""
    global _current  # noqa: PLW0603 -- see document()
    before, _current = _current, other
    try:
        yield
    finally:
        _current = before


def parse_document(content: bytes) -> OperationDocument:
    """Read the contract from the text of an OpenAPI document.

    Raises:
        yaml.YAMLError: it is no YAML.
        KeyError: it lacks an operation, schema or keyword that lineman needs.
    """
    raw = cast("JsonObject", yaml.load(content, Loader=_Loader))  # noqa: S506 -- a safe loader, C or Python
    query_path, query = _operation(raw, "list")
    token_path, token = _operation(raw, "token")
    schemas = {
        schema["x-role"]: _resolved(schema, raw)
        for schema in raw["components"]["schemas"].values()
        if "x-role" in schema
    }
    parameters = _parameters(query, schemas["query"], raw)
    lifetime = _resolved(token["parameters"], raw)[0]["schema"]
    example = _example(query["requestBody"])
    return OperationDocument(
        version=raw["info"]["version"],
        documentation_date=raw["info"]["x-documentation-date"],
        sha256=hashlib.sha256(content).hexdigest(),
        query_path=query_path,
        token_path=token_path,
        parameters=parameters,
        filters=_filters(schemas["query"], schemas["record"]),
        paging=_paging(schemas["query"]),
        envelope=_envelope(schemas["success"]),
        identity=_member_with_role(schemas["record"], "identity"),
        value_names=_value_names(schemas["record"]),
        token_lifetime_maximum=_whole(lifetime["maximum"]),
        statuses=tuple(sorted(int(status) for status in query["responses"])),
        example_request=example["value"],
        example_request_text=example["x-as-written"],
        example_response=_example(query["responses"]["200"])["value"],
        query_schema=schemas["query"],
        answer_schema=schemas["answer"],
        success_schema=schemas["success"],
        envelope_schema=schemas["envelope"],
        data_schema=schemas["page"],
        record_schema=schemas["record"],
        token_schema=schemas["token-answer"],
        raw=raw,
    )


def _filters(query: JsonObject, record: JsonObject) -> Mapping[str, Filter]:
    found = {name: schema for name, schema in query["properties"].items() if "x-role" not in schema}
    return MappingProxyType({name: _filter(name, schema, record) for name, schema in found.items()})


def _filter(name: str, schema: JsonObject, record: JsonObject) -> Filter:
    member = schema.get("x-record-member", name)
    is_enum = "enum" in schema
    return Filter(
        name=name,
        member=member,
        kind="enum" if is_enum else "text",
        fuzzy=not is_enum and schema["x-match"] == "fuzzy",
        clause=schema["x-clause"],
        undocumented_clause=schema["x-clause-undocumented"] if is_enum else "",
        values=_values(schema) if is_enum else (),
        answer_values=_values(record["properties"][member]) if is_enum else (),
    )


def _paging(query: JsonObject) -> Paging:
    size, start = _member_with_role(query, "page-size"), _member_with_role(query, "page-start")
    sizes, starts = query["properties"][size], query["properties"][start]
    return Paging(
        size=size,
        start=start,
        size_default=_whole(sizes["default"]),
        size_maximum=_whole(sizes["x-page-maximum"]),
        start_default=_whole(starts["default"]),
        start_maximum=_whole(starts["maximum"]) if "maximum" in starts else None,
        negative_start_is_default=starts.get("x-below-minimum") == "default",
    )


def _envelope(success: JsonObject) -> EnvelopeNames:
    code, data = _member_with_role(success, "return-code"), _member_with_role(success, "page")
    page = success["properties"][data]
    return EnvelopeNames(
        code=code,
        success=success["properties"][code]["const"],
        message=_member_with_role(success, "message"),
        data=data,
        rows=_member_with_role(page, "rows"),
        total=_member_with_role(page, "total"),
    )


def _member_with_role(schema: JsonObject, role: str) -> str:
    """The name of the member with this role."""
    for name, member in schema["properties"].items():
        if member.get("x-role") == role:
            return cast("str", name)
    raise KeyError(f"{DOCUMENT_NAME} has no member with the role {role}: install lineman again")


def _value_names(record: JsonObject) -> Mapping[str, Mapping[int, str]]:
    members = {name: member for name, member in record["properties"].items() if "x-value-names" in member}
    return MappingProxyType(
        {
            name: MappingProxyType({int(value): words for value, words in member["x-value-names"].items()})
            for name, member in members.items()
        }
    )


def _operation(raw: JsonObject, role: str) -> tuple[str, JsonObject]:
    for path, item in raw["paths"].items():
        if item["post"]["x-role"] == role:
            return path, item["post"]
    raise KeyError(f"{DOCUMENT_NAME} has no operation with the role {role}: install lineman again")


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


def _values(schema: JsonObject) -> tuple[int, ...]:
    return tuple(value for value in schema["enum"] if value is not None)


def _example(carrier: JsonObject) -> JsonObject:
    return cast("JsonObject", carrier["content"]["application/json"]["examples"]["documented"])
