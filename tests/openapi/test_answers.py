"""What the document's schemas accept and what they refuse: the page's own example first."""

import copy
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from lineman.contract.operation import document

RECORD = {"id": "1", "accessCode": "9911411"}


def _accepts(schema: dict[str, Any], value: object) -> bool:
    return bool(Draft202012Validator(schema).is_valid(value))


def _success(*records: dict[str, Any], total: float = 1) -> dict[str, Any]:
    return {"returnCode": "0", "data": {"total": total, "calledRouteList": list(records)}}


def test_the_page_s_example() -> None:
    contract = document()
    assert contract.example_request == {
        "accessCode": "9911411",
        "mediatypeId": 5,
        "description": "access code",
        "limit": 10,
        "offset": 0,
    }
    assert contract.example_response["data"]["calledRouteList"][0]["n400Number"] is None
    assert _accepts(contract.query_schema, contract.example_request)
    assert _accepts(contract.answer_schema, contract.example_response)
    assert _accepts(contract.success_schema, contract.example_response)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(_success(total=0), id="nothing found"),
        pytest.param(_success(RECORD), id="only what a record must have"),
        pytest.param(_success(RECORD, total=236.0), id="total as a float without a fraction"),
        pytest.param(_success({**RECORD, "numCallAttr": 3.0}), id="number attribute as a float"),
        pytest.param(_success({**RECORD, "newMember": 1}) | {"traceId": "x"}, id="members that the page does not name"),
        pytest.param(_success(*[RECORD] * 100, total=236), id="a full page"),
        pytest.param({"returnCode": "1"}, id="refusal without data"),
        pytest.param({"returnCode": "1", "data": None, "description": None}, id="refusal with nulls"),
        pytest.param({"returnCode": "1", "data": {"total": 0, "calledRouteList": []}}, id="refusal with an empty list"),
    ],
)
def test_answers_that_the_page_allows(body: dict[str, Any]) -> None:
    assert _accepts(document().answer_schema, body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param([], id="an array"),
        pytest.param({}, id="no return code"),
        pytest.param(_success(RECORD) | {"returnCode": 0}, id="return code as a number"),
        pytest.param(_success(RECORD) | {"returnCode": None}, id="return code null"),
        pytest.param({"returnCode": "0"}, id="success without data"),
        pytest.param({"returnCode": "0", "data": None}, id="success with null data"),
        pytest.param({"returnCode": "0", "data": [RECORD]}, id="the older page's array"),
        pytest.param({"returnCode": "0", "data": {"total": 1}}, id="no list"),
        pytest.param({"returnCode": "0", "data": {"calledRouteList": []}}, id="no total"),
        pytest.param(_success(RECORD, total=-1), id="negative total"),
        pytest.param(_success(RECORD, total=1.5), id="total with a fraction"),
        pytest.param(_success(*[RECORD] * 101, total=236), id="101 records"),
        pytest.param({"returnCode": "1", "data": {"calledRouteList": [RECORD]}}, id="refusal with records"),
    ],
)
def test_answers_that_it_does_not(body: object) -> None:
    assert not _accepts(document().answer_schema, body)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("id", 1),
        ("accessCode", 9911411),
        ("mediatypeId", "5"),
        ("mediatypeId", 6),
        ("mediatypeId", True),
        ("n400Number", 4001234567),
        ("description", ["text"]),
        ("numCallAttr", 4),
        ("numCallAttr", 0),
        ("numCallAttr", "3"),
        ("numCallAttr", True),
    ],
)
def test_members_of_a_record_with_a_wrong_value(member: str, value: object) -> None:
    broken = copy.deepcopy(document().example_response)
    broken["data"]["calledRouteList"][0][member] = value
    assert not _accepts(document().answer_schema, broken)
    assert not _accepts(document().record_schema, broken["data"]["calledRouteList"][0])


@pytest.mark.parametrize("member", ["id", "accessCode"])
def test_any_member_of_a_record_may_be_null_or_absent(member: str) -> None:
    record = {name: value for name, value in RECORD.items() if name != member}
    assert _accepts(document().record_schema, record)
    assert _accepts(document().record_schema, record | {member: None})


@pytest.mark.parametrize("limit", [0, 1, 100, 101, 1000, 2**31, 2**63, 10**30])
def test_any_limit_from_zero_up_is_valid(limit: int) -> None:
    assert _accepts(document().query_schema, {"limit": limit})


@pytest.mark.parametrize(
    "query",
    [
        {"limit": -1},
        {"limit": "10"},
        {"limit": 10.5},
        {"limit": None},
        {"offset": 101},
        {"offset": -1},
        {"mediatypeId": 18},
        {"mediatypeId": "5"},
        {"accessCode": 1},
        {"description": {}},
    ],
)
def test_queries_outside_of_what_is_documented(query: dict[str, Any]) -> None:
    assert not _accepts(document().query_schema, query)


def test_no_member_of_a_query_is_needed() -> None:
    assert _accepts(document().query_schema, {})


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"returnCode": "cc.400", "description": "invalid limit"},
        {"error_code": "GW.0301", "error_msg": "incorrect token"},
        {"returnCode": None, "data": None, "description": None},
    ],
)
def test_error_bodies(body: dict[str, Any]) -> None:
    assert _accepts(document().envelope_schema, body)


@pytest.mark.parametrize("body", [{"data": {"calledRouteList": [RECORD]}}, {"returnCode": 500}, ["error"]])
def test_error_bodies_that_are_wrong(body: object) -> None:
    assert not _accepts(document().envelope_schema, body)


@pytest.mark.parametrize(
    ("answer", "valid"),
    [
        ({"AccessToken": "t", "ApplyType": "Bearer", "CreateTime": "1695772800", "Expires": "600"}, True),
        ({"AccessToken": "t"}, True),
        ({"AccessToken": "t", "Expires": 600}, False),
        ({"AccessToken": "t", "CreateTime": 1695772800}, False),
        ({"AccessToken": ""}, False),
        ({"Expires": "600"}, False),
    ],
)
def test_token_answers(answer: dict[str, Any], valid: bool) -> None:
    assert _accepts(document().token_schema, answer) is valid
