"""What every answer must be. Every answer of the run is judged by these clauses; here some are asked for on purpose."""

import pytest

from lineman.contract.answer import MISSING, read_answer
from lineman.contract.operation import document
from lineman.suite.observations import extra_members
from lineman.suite.service import Service

SINGLE = ("answer.status", "answer.json", "answer.return-code", "answer.carries-data", "total.counts-matches")


@pytest.mark.clause(*SINGLE)
def test_valid_queries_succeed(service: Service) -> None:
    """A few plain queries; the whole run's valid queries count as well."""
    service.query_once(
        "answer.return-code", *service.sample_for_profile({"limit": 3}, {"limit": 4, "offset": 4}, smoke=0)
    )


@pytest.mark.clause("answer.schema")
@pytest.mark.needs_records
def test_every_record_has_the_documented_types(service: Service) -> None:
    """All readable records; what filters find is judged wherever it is asked."""
    pages = [{"limit": 100, "offset": 0}, {"limit": 100, "offset": 100}]
    service.query_once("answer.schema", *service.sample_for_profile(*pages, smoke=0))


@pytest.mark.clause("error.no-internals")
def test_refusals_show_no_internals(service: Service) -> None:
    """Every answer is searched; these refusals are the likeliest to show something."""
    contract = document()
    wrong = [{name: "' OR 1=1"} for name in contract.enum_filters]
    queries = ({"offset": {"$gt": 0}}, *wrong)
    service.query("error.no-internals", *service.sample_for_profile(*queries, smoke=0))


@pytest.mark.clause("answer.nullable")
@pytest.mark.needs_records
def test_null_and_absent_members_are_observed(service: Service) -> None:
    """Over all records seen."""
    for exchange in service.state.exchanges:
        for record in read_answer(exchange).records:
            for name in document().record_members:
                value = record.get(name, MISSING)
                if value is None or value is MISSING:
                    service.observe("answer.nullable", f"{name}: {'null' if value is None else 'absent'}")
    if "answer.nullable" not in service.state.answers:
        service.observe("answer.nullable", "every member is always given")


@pytest.mark.clause("answer.extra-members")
def test_unknown_members_are_observed(service: Service) -> None:
    """Members that the page does not name, over all answers seen, and which of them are another each time."""
    for words in extra_members(service.state.exchanges) or ["none"]:
        service.observe("answer.extra-members", words)
