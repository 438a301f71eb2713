"""What must hold between answers, for a tenant of any size."""

from functools import partial

import pytest

from lineman.contract.operation import document
from lineman.suite.after_refusals import refusals_and_queries
from lineman.suite.generation import generated_queries, schema_queries
from lineman.suite.relations import narrower_finds_fewer, types_partition
from lineman.suite.service import Service


@pytest.mark.clause("query.repeatable", "order.stable")
def test_the_same_query_gives_the_same_answer(service: Service) -> None:
    """Queries asked before are asked again, alone and several times."""
    queries = service.data.varied_queries()
    for query in service.sample_for_profile(*queries, smoke=1, full=3):
        service.query("query.repeatable", query)
    service.query("query.repeatable", *service.sample_for_profile(*[{"limit": 100}] * 2, smoke=0))


@pytest.mark.clause("query.independent")
@pytest.mark.needs_records
def test_each_query_in_flight_gets_its_own_answer(service: Service) -> None:
    """One after the other, each unlike the one before; the generated queries are all in flight together."""
    for query in service.sample_for_profile(*service.data.neighbours(), smoke=0):
        service.query("query.independent", query)


@pytest.mark.clause("query.independent")
@pytest.mark.needs_records
@pytest.mark.full
def test_a_refused_request_leaves_nothing_behind(service: Service) -> None:
    """After each kind of refusal a valid query is answered as before, on the same connection and on others."""
    for refused, queries in refusals_and_queries(service.data):
        service.ask(refused)
        service.ask(*queries)


@pytest.mark.clause("filter.media-type")
@pytest.mark.full
def test_media_types_partition_the_list(service: Service) -> None:
    """The totals of the types that may be asked for add up to no more than the whole; to the whole, less the others."""
    if service.knows_the_whole_list:
        return  # every total was compared with the records themselves
    for name in document().enum_filters:
        service.confirm(partial(types_partition, service, name), document().filters[name].clause, "types_partition")


@pytest.mark.clause("filter.conjunction")
@pytest.mark.needs_records
@pytest.mark.full
def test_a_narrower_filter_finds_no_more(service: Service) -> None:
    """Adding a filter, or a letter to one, never adds records."""
    if service.knows_the_whole_list:
        return  # as above
    service.confirm(lambda: narrower_finds_fewer(service), "filter.conjunction", "narrower_finds_fewer")


@pytest.mark.clause("limit.page-size", "total.counts-matches", "offset.pages", "query.independent")
@pytest.mark.needs_records
@pytest.mark.full
def test_generated_queries_agree_with_the_model(service: Service) -> None:
    """Queries drawn by Hypothesis from the data seen, with limits and offsets around every boundary."""
    service.ask_generated(generated_queries)


@pytest.mark.clause("answer.status", "answer.json", "answer.schema", "limit.type", "offset.type")
@pytest.mark.full
def test_requests_generated_from_the_document(service: Service) -> None:
    """Bodies that Schemathesis draws from the OpenAPI document, valid ones and broken ones."""
    service.ask(*schema_queries(service.options.seed, service.options.from_document))
