"""Where a page begins."""

import pytest

from lineman.contract.operation import document
from lineman.exchange import Request
from lineman.suite.last_pages import last_pages, pages_beyond
from lineman.suite.observations import offset_outcome, outcome_against, refused_or
from lineman.suite.relations import repeated_over_pages
from lineman.suite.service import Service

WALKS = (50, 10, 33, 1)
NO_NUMBERS = ("abc", True, [0], {"value": 0}, False)


def pages_of(size: int, *, most: int = 12) -> list[dict[str, int]]:
    """The pages of one size that documented offsets reach; for small sizes the first and the last ones."""
    paging = document().paging
    last = paging.size_maximum if paging.start_maximum is None else paging.start_maximum
    offsets = list(range(0, last + 1, size))
    if len(offsets) > most:
        offsets = offsets[: most // 2] + offsets[-(most // 2) :]
    return [{"limit": size, "offset": offset} for offset in offsets]


@pytest.mark.clause("offset.pages", "order.stable", "record.unique")
@pytest.mark.needs_records(2)
def test_pages_join_to_the_whole(service: Service) -> None:
    """Page k of size n is records n*(k-1) .. n*k-1: no gap, no repetition, same order; for several sizes."""
    sizes = service.sample_for_profile(*WALKS, smoke=1)
    walks = [pages_of(size, most=4) for size in sizes]
    exchanges = service.query_once("offset.pages", *(page for walk in walks for page in walk))
    if repeated_over_pages(exchanges):
        again = [page for walk in walks for page in walk]
        service.confirm(
            lambda: repeated_over_pages(service.query("record.unique", *again)),
            "record.unique",
            "no_record_on_two_pages",
        )


@pytest.mark.clause("offset.pages")
@pytest.mark.full
@pytest.mark.needs_records
def test_pages_of_a_filtered_answer_join(service: Service) -> None:
    """The same for what a filter finds."""
    filters = service.data.one_filter()
    service.query("order.stable", filters)
    pages = [*pages_of(5, most=2), *last_pages(service, filters, (10, 7))]
    service.query("offset.pages", *({**filters, **page} for page in pages))


@pytest.mark.clause("offset.default")
@pytest.mark.needs_records
def test_no_offset_means_zero(service: Service) -> None:
    """Without offset the page begins at the first record."""
    more = [{"limit": 20}, {"limit": 100}, {**service.data.one_filter(), "limit": 3}]
    service.query_once("offset.default", *service.sample_for_profile({"limit": 5}, *more, smoke=0))


@pytest.mark.clause("offset.maximum")
def test_offset_one_hundred_reaches_the_second_hundred(service: Service) -> None:
    """100 is accepted, with several page sizes."""
    maximum = document().paging.start_maximum
    if maximum is None:
        service.not_verified("offset.maximum", "the documentation states no maximum")
        return
    if service.listing is not None and service.listing.total <= maximum:
        service.not_verified(
            "offset.maximum", f"the list has {service.listing.total} records: none stands behind offset {maximum}"
        )
    sizes = service.sample_for_profile(100, 50, 10, 1, smoke=0)
    service.query_once("offset.maximum", *({"limit": size, "offset": maximum} for size in sizes))


@pytest.mark.clause("offset.beyond-total")
def test_a_page_behind_the_last_record_is_empty(service: Service) -> None:
    """Of the whole list where it is short enough, else of filters that find few."""
    beyond = pages_beyond(service)
    if not beyond:
        service.not_verified(
            "offset.beyond-total", "no query is known that finds few enough records to page behind them"
        )
    for exchange in service.query_once("offset.beyond-total", *service.sample_for_profile(*beyond, smoke=1)):
        service.observe("offset.beyond-total", refused_or(exchange, "success without records"))


@pytest.mark.clause("offset.over-maximum")
@pytest.mark.full
def test_offsets_above_one_hundred_are_observed(service: Service) -> None:
    """Refused, clamped or honoured."""
    maximum = document().paging.start_maximum
    if maximum is None:
        service.not_verified("offset.over-maximum", "the documentation states no maximum")
        return
    queries = [{"limit": 10, "offset": 110}, {"limit": 100, "offset": 200}, {"limit": 10, "offset": 1000}]
    for query, exchange in zip(queries, service.query("offset.over-maximum", *queries), strict=True):
        service.observe("offset.over-maximum", offset_outcome(exchange, service, {"clamped": maximum}, query))


@pytest.mark.clause("offset.misaligned")
@pytest.mark.full
def test_offsets_between_pages_are_observed(service: Service) -> None:
    """Honoured as it is, rounded to a page, or refused."""
    queries = [{"limit": 10, "offset": 5}, {"limit": 10, "offset": 27}]
    for query, exchange in zip(queries, service.query("offset.misaligned", *queries), strict=True):
        down = query["offset"] // query["limit"] * query["limit"]
        candidates = {"rounded down": down, "rounded up": down + query["limit"]}
        service.observe("offset.misaligned", offset_outcome(exchange, service, candidates, query))


@pytest.mark.clause("offset.negative")
@pytest.mark.full
def test_negative_offsets_are_observed(service: Service) -> None:
    """Refused, or treated as the default."""
    queries = [{"limit": 10, "offset": -10}, {"offset": -1}]
    for query, exchange in zip(queries, service.query("offset.negative", *queries), strict=True):
        like = {name: value for name, value in query.items() if name != "offset"}
        service.observe(
            "offset.negative", outcome_against(exchange, service, like=like, words="treated as the default")
        )


@pytest.mark.clause("offset.type")
def test_an_offset_that_is_no_number_is_refused(service: Service) -> None:
    """Texts, booleans, lists, objects."""
    values = service.sample_for_profile(*NO_NUMBERS, smoke=1)
    service.ask(
        *(Request.of({"offset": value}, "offset.type", note=f"offset {value!r}", retry=False) for value in values)
    )
