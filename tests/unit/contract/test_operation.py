"""The typed view of the OpenAPI document says what the document says."""

import hashlib
import subprocess
import sys

import pytest
import yaml
from jsonschema import Draft202012Validator

from lineman.contract.operation import DOCUMENT_NAME, document, parse_document
from lineman.resources import resource


def test_the_document_is_read_once() -> None:
    assert document() is document()


def test_digest_is_that_of_the_file() -> None:
    assert document().sha256 == hashlib.sha256(resource(DOCUMENT_NAME).read_bytes()).hexdigest()


def test_paths_and_statuses() -> None:
    contract = document()
    assert contract.query_path == "/apiaccess/rest/cc-management/v1/accessCodeInfo/queryAccessCodeList"
    assert contract.token_path == "/apigovernance/api/oauth/tokenByAkSk"
    assert contract.statuses == (200, 400, 401, 403, 404, 500)


def test_numbers_of_the_query() -> None:
    contract = document()
    assert (contract.paging.size, contract.paging.start) == ("limit", "offset")
    assert (contract.paging.size_default, contract.paging.size_maximum) == (100, 100)
    assert (contract.paging.start_default, contract.paging.start_maximum) == (0, 100)
    assert contract.paging.reach == 200
    assert not contract.paging.negative_start_is_default, "the page says nothing of negative offsets"
    assert contract.token_lifetime_maximum == 3600
    assert contract.parameters["limit"].maximum is None, "a limit above 100 is valid"


def test_enumerations_have_no_null_among_them() -> None:
    one = document().filters["mediatypeId"]
    assert one.values == (2, 5, 53)
    assert one.answer_values == (2, 5, 18, 19, 53)


def test_every_enumerated_number_has_a_name() -> None:
    contract = document()
    assert set(contract.value_names["mediatypeId"]) == set(contract.filters["mediatypeId"].answer_values)
    assert set(contract.value_names["numCallAttr"]) == {1, 2, 3}


def test_members_of_every_level() -> None:
    contract = document()
    assert set(contract.envelope_members) == {"returnCode", "data", "description"}
    assert set(contract.data_members) == {"total", "calledRouteList"}
    assert set(contract.record_members) == {
        "id",
        "accessCode",
        "mediatypeId",
        "n400Number",
        "description",
        "numCallAttr",
    }


@pytest.mark.parametrize(
    "name",
    ["query", "answer", "success", "envelope", "data", "record", "token"],
)
def test_schemas_are_valid_and_whole(name: str) -> None:
    schema = getattr(document(), f"{name}_schema")
    Draft202012Validator.check_schema(schema)
    assert "$ref" not in repr(schema)


def test_a_document_without_an_operation_is_named_as_damaged() -> None:
    raw = yaml.safe_load(resource(DOCUMENT_NAME).read_bytes())
    raw["paths"].pop(document().token_path)
    with pytest.raises(KeyError, match="no operation with the role token"):
        parse_document(yaml.safe_dump(raw).encode())


def test_reading_it_imports_nothing_heavy() -> None:
    program = "import sys, lineman.contract.operation as d; d.document(); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60
    ).stdout.split()
    assert "yaml" in loaded
    assert not {"pytest", "jsonschema", "httpx", "hypothesis", "schemathesis", "pydantic", "sqlalchemy"} & set(loaded)
