"""How many records stand on a page."""

import pytest

from lineman.contract.operation import document
from lineman.exchange import Request
from lineman.suite.observations import outcome_against, refused_or
from lineman.suite.service import Service

SIZES = (1, 50, 99, 2, 10)
FAR_ABOVE = (1000, 2**31, 2**31 - 1, 2**63, 10**20)
NO_NUMBERS = ("abc", True, [10], {"value": 10}, False)


def maximum() -> int:
    """The most records on a page."""
    return document().paging.size_maximum


@pytest.mark.clause("limit.page-size")
@pytest.mark.needs_records
def test_a_page_has_as_many_records_as_asked_for(service: Service) -> None:
    """Limits from 1 to 99, and around the number of what a filter finds; other offsets are asked with the pages."""
    queries = [*({"limit": size} for size in SIZES), *service.data.filtered_sizes()]
    service.query_once("limit.page-size", *service.sample_for_profile(*queries, smoke=1))


@pytest.mark.clause("limit.zero")
def test_zero_is_a_page_without_records(service: Service) -> None:
    """0 is in range: accepted, and no records come."""
    more = [{"limit": 0, "offset": 0}, {"limit": 0, **service.data.one_filter()}]
    service.query_once("limit.zero", {"limit": 0}, *service.sample_for_profile(*more, smoke=0))


@pytest.mark.clause("limit.default")
@pytest.mark.needs_records
def test_no_limit_means_one_hundred(service: Service) -> None:
    """Without limit the page is the one of limit 100."""
    more = [{"offset": 0}, {"offset": maximum()}, service.data.one_filter()]
    service.query_once("limit.default", *service.sample_for_profile({}, *more, smoke=0))


@pytest.mark.clause("limit.maximum")
@pytest.mark.needs_records
def test_one_hundred_is_accepted(service: Service) -> None:
    """100 gives up to 100 records."""
    more = [{"limit": maximum(), **service.data.one_filter()}]
    service.query_once("limit.maximum", *service.sample_for_profile({"limit": maximum()}, *more, smoke=0))


@pytest.mark.clause("limit.clamp", "limit.page-cap")
def test_more_than_one_hundred_behaves_as_one_hundred(service: Service) -> None:
    """Any integer above 100, far above too, also with a filter."""
    values = service.sample_for_profile(maximum() + 1, *FAR_ABOVE, smoke=2)
    behind = [{"limit": limit, "offset": maximum()} for limit in (maximum() + 1, 150)]
    more = [{"limit": 500, **service.data.one_filter()}, *behind]
    service.query_once(
        "limit.clamp", *({"limit": value} for value in values), *service.sample_for_profile(*more, smoke=0)
    )


@pytest.mark.clause("limit.negative")
@pytest.mark.full
def test_negative_limits_are_observed(service: Service) -> None:
    """Below the range: refused, or treated as the default."""
    for exchange in service.query("limit.negative", {"limit": -1}, {"limit": -100}):
        service.observe("limit.negative", outcome_against(exchange, service, like={}, words="treated as the default"))


@pytest.mark.clause("limit.type")
def test_a_limit_that_is_no_number_is_refused(service: Service) -> None:
    """Texts, booleans, lists, objects."""
    values = service.sample_for_profile(*NO_NUMBERS, smoke=1)
    service.ask(*(Request.of({"limit": value}, "limit.type", note=f"limit {value!r}", retry=False) for value in values))


@pytest.mark.clause("limit.coercion")
@pytest.mark.full
def test_limits_that_look_like_numbers_are_observed(service: Service) -> None:
    """ "10", 10.0 and 10.5: coerced or refused."""
    for value in ("10", "500", 10.0, 10.5):
        (exchange,) = service.query("limit.coercion", {"limit": value})
        service.observe("limit.coercion", f"{value!r}: {refused_or(exchange, 'coerced')}")
