"""What may be asked, and how: body, method, path."""

import itertools
import json

import pytest

from lineman.contract.answer import AnswerKind, read_answer
from lineman.contract.operation import document
from lineman.exchange import Request
from lineman.suite.observations import error_form, outcome_against
from lineman.suite.service import Service

METHODS = ("GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD")

MALFORMED = {
    "cut short": b'{"limit": 10',
    "a list": b"[]",
    "a text": b'"limit"',
    "a number": b"10",
    "null": b"null",
    "no JSON at all": b"limit=10&offset=0",
    "followed by more": b'{"limit": 10} {"limit": 20}',
    "in single quotes": b"{'limit': 10}",
    "a list with an object": b'[{"limit": 10}]',
    "true": b"true",
    "no UTF-8": b'{"description": "\xff\xfe"}',
    "nested lists, 200 deep": b"[" * 200 + b"]" * 200,
}


@pytest.mark.clause("request.example")
def test_the_pages_example_is_answered(service: Service) -> None:
    """The example request, as it stands in the page."""
    if not service.smoke:  # the opening asked it too
        example, text = document().example_request, document().example_request_text.encode()
        assert json.loads(text) == example
        service.ask(Request(("request.example",), body=text, query=example, note="as it stands in the page"))


@pytest.mark.clause("request.all-optional")
def test_every_parameter_is_optional(service: Service) -> None:
    """Every parameter alone, and every combination of them that no other test of the run has asked yet."""
    values = service.data.one_of_each()
    names = list(values)
    combinations = [c for size in range(1, len(names) + 1) for c in itertools.combinations(names, size)]
    left = [c for c in combinations if frozenset(c) not in service.combinations_asked]
    few = service.sample_for_profile(*left, smoke=0)
    service.query("request.all-optional", *({name: values[name] for name in combination} for combination in few))


@pytest.mark.clause("request.malformed-json")
def test_malformed_bodies_are_refused(service: Service) -> None:
    """Bodies that are no JSON object; one that is cut off is asked about twice before it is reported."""
    kinds = service.sample_for_profile(*MALFORMED.items(), smoke=1)
    clause = "request.malformed-json"
    service.ask(*(Request((clause,), body=body, note=kind, retry=False) for kind, body in kinds))


@pytest.mark.clause("request.method")
def test_no_other_method_gives_records(service: Service) -> None:
    """The operation's path with other methods, with and without a body."""
    requests = [Request.of({}, "request.method", method=method, note=method) for method in METHODS]
    requests.append(Request(("request.method",), method="GET", body=None, content_type=None, note="GET without a body"))
    service.ask(*service.sample_for_profile(*requests, smoke=1))


@pytest.mark.clause("request.path")
def test_unknown_paths_are_not_found(service: Service) -> None:
    """Paths beside and below the operation's."""
    path = document().query_path
    parent = path.rpartition("/")[0]
    paths = {
        "another name beside it": f"{parent}/queryNoSuchList",
        "its name and a letter more": f"{path}X",
        "a path below it": f"{path}/unknown",
        "its name cut short": path[:-1],
    }
    requests = [Request.of({}, "request.path", path=there, note=note) for note, there in paths.items()]
    service.ask(*service.sample_for_profile(*requests, smoke=1))


@pytest.mark.clause("request.content-type")
@pytest.mark.full
def test_other_content_types_are_observed(service: Service) -> None:
    """The same query said to be something else than JSON."""
    kinds = (None, "text/plain", "application/x-www-form-urlencoded")
    requests = [Request.of({"limit": 1}, "request.content-type", content_type=kind, note=str(kind)) for kind in kinds]
    for kind, exchange in zip(kinds, service.ask(*requests), strict=True):
        service.observe("request.content-type", outcome_against(exchange, service), of=kind or "missing")


@pytest.mark.clause("request.empty-body")
@pytest.mark.full
def test_an_empty_body_is_observed(service: Service) -> None:
    """No body at all."""
    (exchange,) = service.ask(Request(("request.empty-body",), body=None, note="no body", retry=False))
    service.observe("request.empty-body", outcome_against(exchange, service, like={}))


@pytest.mark.clause("request.unknown-property")
@pytest.mark.full
def test_unknown_properties_are_harmless(service: Service) -> None:
    """A property that the page does not name: ignored or refused."""
    extras: tuple[dict[str, object], ...] = ({"pageSize": 1}, {"unknown": {"deep": [1, 2]}}, {"LIMIT": 1})
    requests = [Request.of({**extra, "limit": 2}, "request.unknown-property") for extra in extras]
    for exchange in service.ask(*requests):
        service.observe("request.unknown-property", outcome_against(exchange, service, like={"limit": 2}))


@pytest.mark.clause("request.null-property")
@pytest.mark.full
def test_null_properties_are_observed(service: Service) -> None:
    """Null for each optional property."""
    names = [p.name for p in document().parameters.values() if p.location == "body"]
    requests = [Request.of({name: None}, "request.null-property", note=f"{name} null", retry=False) for name in names]
    for name, exchange in zip(names, service.ask(*requests), strict=True):
        service.observe("request.null-property", outcome_against(exchange, service, like={}), of=name)


@pytest.mark.clause("error.form")
def test_the_form_of_errors_is_observed(service: Service) -> None:
    """What refusals look like: gathered from every refusal of the run, and one more."""
    service.ask(*service.sample_for_profile(Request(("error.form",), body=b"{", note="cut short"), smoke=0))
    for exchange in service.state.exchanges:
        answer = read_answer(exchange)
        if answer.kind in (AnswerKind.REFUSAL, AnswerKind.UNAUTHORISED, AnswerKind.NOT_FOUND):
            service.observe("error.form", error_form(exchange))
