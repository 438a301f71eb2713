"""Every row of the vendor's tables is in the OpenAPI document, with the type and the range that the page gives it."""

import json
from typing import Any

import pytest

from lineman.contract.clauses import catalogue
from lineman.contract.operation import document

# Name, type, mandatory, then whatever numbers the page gives. Written from the page, not from the document.
HEADERS = [
    ("X-APP-Key", "String", False),
    ("Authorization", "String", True),
]
BODY: list[tuple[str, str, dict[str, Any]]] = [
    ("accessCode", "String", {}),
    ("mediatypeId", "Integer", {"enum": [2, 5, 53]}),
    ("description", "String", {}),
    ("limit", "Integer", {"minimum": 0, "default": 100, "x-page-maximum": 100}),
    ("offset", "Integer", {"minimum": 0, "maximum": 100, "default": 0}),
]
ENVELOPE = [("data", "Object"), ("returnCode", "String"), ("description", "String")]
DATA = [("total", "Number"), ("calledRouteList", "Array")]
RECORD: list[tuple[str, str, dict[str, Any]]] = [
    ("id", "String", {}),
    ("accessCode", "String", {}),
    ("mediatypeId", "Integer", {"enum": [2, 5, 18, 19, 53]}),
    ("n400Number", "String", {}),
    ("description", "String", {}),
    ("numCallAttr", "Number", {"enum": [1, 2, 3]}),
]
NUMBER_KEYWORDS = {"minimum", "maximum", "default", "enum", "x-page-maximum"}


def _types(schema: dict[str, Any]) -> set[str]:
    declared = schema["type"]
    return {declared} if isinstance(declared, str) else set(declared)


def _numbers(schema: dict[str, Any]) -> dict[str, Any]:
    found = {keyword: schema[keyword] for keyword in NUMBER_KEYWORDS & set(schema)}
    if "enum" in found:
        found["enum"] = [value for value in found["enum"] if value is not None]
    return found


@pytest.mark.parametrize(("name", "kind", "mandatory"), HEADERS)
def test_request_headers(name: str, kind: str, mandatory: bool) -> None:
    header = document().parameters[name]
    assert (header.location, header.type, header.required) == ("header", kind.lower(), mandatory)


@pytest.mark.parametrize(("name", "kind", "numbers"), BODY)
def test_request_body(name: str, kind: str, numbers: dict[str, Any]) -> None:
    schema = document().query_schema["properties"][name]
    assert schema["type"] == kind.lower()
    assert _numbers(schema) == numbers


def test_no_row_of_the_request_is_missing_or_invented() -> None:
    assert list(document().parameters) == [row[0] for row in (*HEADERS, *BODY)]
    assert "required" not in document().query_schema, "every member of the body is optional"


@pytest.mark.parametrize(("name", "kind"), ENVELOPE)
def test_envelope(name: str, kind: str) -> None:
    assert kind.lower() in _types(document().envelope_schema["properties"][name])
    assert _types(document().success_schema["properties"][name]) - {"null"} == {kind.lower()}


@pytest.mark.parametrize(("name", "kind"), DATA)
def test_data(name: str, kind: str) -> None:
    assert _types(document().data_schema["properties"][name]) == {kind.lower()}


@pytest.mark.parametrize(("name", "kind", "numbers"), RECORD)
def test_record(name: str, kind: str, numbers: dict[str, Any]) -> None:
    schema = document().record_schema["properties"][name]
    assert _types(schema) - {"null"} == {kind.lower()}
    assert _numbers(schema) == numbers


def test_no_row_of_the_answer_is_missing_or_invented() -> None:
    contract = document()
    assert set(contract.envelope_members) == {name for name, _ in ENVELOPE}
    assert set(contract.data_members) == {name for name, _ in DATA}
    assert list(contract.record_members) == [name for name, _, _ in RECORD]


@pytest.mark.parametrize("name", ["mediatypeId", "n400Number", "description", "numCallAttr"])
def test_members_that_may_be_null(name: str) -> None:
    assert "null" in _types(document().record_schema["properties"][name])


def test_names_of_the_enumerated_numbers() -> None:
    assert document().value_names["mediatypeId"] == {
        2: "click-to-dial",
        5: "audio and video",
        18: "video click-to-dial",
        19: "video",
        53: "multimedia",
    }


@pytest.mark.parametrize(
    ("name", "kind", "fuzzy", "clause"),
    [
        ("accessCode", "text", True, "filter.access-code"),
        ("mediatypeId", "enum", False, "filter.media-type"),
        ("description", "text", True, "filter.description"),
    ],
)
def test_filters(name: str, kind: str, fuzzy: bool, clause: str) -> None:
    one = document().filters[name]
    assert (one.kind, one.fuzzy, one.clause, one.member) == (kind, fuzzy, clause, name)
    assert (one.undocumented_clause == "filter.media-type-undocumented") is (kind == "enum")


def test_what_is_no_filter_chooses_the_page() -> None:
    contract = document()
    assert [name for name, _, _ in BODY if name not in contract.filters] == list(contract.paging.names)
    paging = contract.paging
    assert (paging.size_default, paging.size_maximum, paging.start_default, paging.start_maximum) == (100, 100, 0, 100)


def test_names_of_the_answer() -> None:
    contract, names = document(), document().envelope
    assert (names.code, names.success, names.data, names.message) == ("returnCode", "0", "data", "description")
    assert (names.rows, names.total, contract.identity) == ("calledRouteList", "total", "id")


def test_every_clause_that_the_document_names_is_in_the_catalogue() -> None:
    named = {one.clause for one in document().filters.values()}
    named |= {one.undocumented_clause for one in document().filters.values()} - {""}
    assert named <= set(catalogue())


def test_the_example_stands_in_the_document_as_the_page_has_it() -> None:
    assert json.loads(document().example_request_text) == document().example_request


def test_operations() -> None:
    paths = document().raw["paths"]
    assert {path: set(item) & {"get", "put", "post", "delete", "patch"} for path, item in paths.items()} == {
        "/apiaccess/rest/cc-management/v1/accessCodeInfo/queryAccessCodeList": {"post"},
        "/apigovernance/api/oauth/tokenByAkSk": {"post"},
    }


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 500])
def test_statuses(status: int) -> None:
    assert str(status) in document().raw["paths"][document().query_path]["post"]["responses"]


@pytest.mark.parametrize("status", ["400", "401", "403", "404", "500"])
def test_an_error_may_come_from_the_service_or_from_a_gateway(status: str) -> None:
    content = document().raw["paths"][document().query_path]["post"]["responses"][status]["content"]
    assert set(content) == {"application/json", "text/html"}


def test_token_operation() -> None:
    contract = document()
    operation = contract.raw["paths"][contract.token_path]["post"]
    body = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
    assert contract.raw["components"]["schemas"][body]["required"] == ["app_key", "app_secret"]
    members = contract.token_schema["properties"]
    assert set(members) == {"AccessToken", "ApplyType", "CreateTime", "Expires", "Scope", "AppKey", "UserID"}
    assert all("string" in _types(member) for member in members.values()), "numbers come as strings here"


def test_no_server_that_a_tool_could_call_by_accident() -> None:
    raw = document().raw
    servers = [*raw["servers"], *(server for item in raw["paths"].values() for server in item.get("servers", []))]
    defaults = [variable["default"] for server in servers for variable in server["variables"].values()]
    assert all(server["url"].startswith("https://{") for server in servers)
    assert all(default.endswith(".invalid") for default in defaults)
