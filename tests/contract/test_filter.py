"""Which records a query finds."""

import pytest

from lineman.contract.answer import read_answer
from lineman.contract.operation import document
from lineman.exchange import Exchange
from lineman.suite.observations import empty_text_outcome, learn_case, refused_or
from lineman.suite.service import Service

PUNCTUATION = "!\"#$&'()+,./:;<=>@[]^`{|}~\\"
FOREIGN = "客服热线 متصل 📞☎️ e\u0301ß"
MARKUP = "<b>&amp;${7*7}\n\t SELECT 1; DROP TABLE access_code"
LONG = "x" * 3000


def unusual_texts() -> list[dict[str, str]]:
    """Nothing has these texts, and no service may stumble over them. Without the wildcards, on which nothing is said.

    Every text filter is asked with each, two texts at a time where there are two filters.
    """
    pairs = ((PUNCTUATION, FOREIGN), (FOREIGN, PUNCTUATION), (LONG, MARKUP), (MARKUP, LONG))
    names = document().text_filters
    return [{name: pair[position % 2] for position, name in enumerate(names)} for pair in pairs]


def empty_words() -> list[dict[str, str]]:
    """Texts that a careless service takes for no filter at all."""
    names = document().text_filters
    return [*({name: word} for word in ("null", " ") for name in names), dict.fromkeys(names, "0")]


@pytest.mark.clause("filter.access-code", "filter.description")
@pytest.mark.needs_records
def test_texts_are_found_wherever_they_stand(service: Service, text_filter: str) -> None:
    """Starts, middles, ends and wholes of real texts, from records all over the list; and texts that nearly match."""
    name, clause = text_filter, document().filters[text_filter].clause
    texts = service.data.texts_of(name)
    if not texts:
        service.not_verified(clause, f"no record has a {name} of plain letters and digits")
    service.query(clause, *({name: text} for text in service.sample_for_profile(*texts, smoke=1, full=11)))


@pytest.mark.clause("filter.media-type")
def test_each_documented_type_is_accepted(service: Service) -> None:
    """Whole answers, and second pages of them."""
    for one in map(document().filters.__getitem__, document().enum_filters):
        first = [{one.name: type_} for type_ in one.values]
        service.query_once(one.clause, *service.sample_for_profile(*first, smoke=1))
        more = [{one.name: type_, "limit": 10, "offset": 10} for type_ in one.values]
        service.query(one.clause, *service.sample_for_profile(*more, smoke=0))
    if not service.data.asked_types and service.model.whole is not None and service.model.whole.complete:
        service.not_verified("filter.media-type", "no record is of a type that may be asked for")


@pytest.mark.clause("filter.media-type-undocumented")
@pytest.mark.full
def test_undocumented_types_are_observed(service: Service) -> None:
    """Values that only answers document, and values that no table names."""
    for one in map(document().filters.__getitem__, document().enum_filters):
        only_answers = [type_ for type_ in one.answer_values if type_ not in one.values]
        for type_ in (*only_answers, 0, 99):
            (exchange,) = service.query(one.undocumented_clause, {one.name: type_})
            words = "honoured" if read_answer(exchange).records else "empty"
            kind = "only answers document" if type_ in only_answers else "no table names"
            service.observe(one.undocumented_clause, f"a value that {kind}: {refused_or(exchange, words)}")


@pytest.mark.clause("filter.conjunction")
@pytest.mark.needs_records
def test_filters_together_narrow(service: Service) -> None:
    """Filters of one record together, and filters of different records, which nothing or little satisfies."""
    queries = service.data.conjunctions()
    if not queries:
        service.not_verified("filter.conjunction", "no record has members to combine")
    service.query("filter.conjunction", *service.sample_for_profile(*queries, smoke=1, full=10))


@pytest.mark.clause("filter.any-text")
def test_any_text_is_a_filter(service: Service) -> None:
    """Unusual texts that nothing has or that real records have, and texts that a careless service misreads."""
    near, real, unusual = service.data.near_misses(), service.data.unusual_parts(8), unusual_texts()
    texts = (*unusual[:2], *real, *near, *unusual[2:], *empty_words())
    service.query("filter.any-text", *service.sample_for_profile(*texts, smoke=2))


@pytest.mark.clause("filter.wildcards")
@pytest.mark.needs_records
@pytest.mark.full
def test_wildcards_are_observed(service: Service) -> None:
    """A character of a real code replaced by each wildcard: found only where it works as one."""
    for character, query in service.data.wildcard_queries().items():
        (exchange,) = service.query("filter.wildcards", query)
        service.observe("filter.wildcards", f"{character}: {_taken_as_wildcard(exchange)}")


def _taken_as_wildcard(exchange: Exchange) -> str:
    return refused_or(exchange, "a wildcard" if read_answer(exchange).records else "literal", nothing="literal")


@pytest.mark.clause("filter.case")
@pytest.mark.needs_records
@pytest.mark.full
def test_letter_case_is_observed(service: Service) -> None:
    """A text from the data in the other letter case; what is learned sharpens the model."""
    asked = service.data.case_queries()
    if not asked:
        service.not_verified("filter.case", "no record has a text with letters in it")
    for name, query in asked.items():
        (exchange,) = service.query("filter.case", query)
        learn_case(service, name, exchange)


@pytest.mark.clause("filter.folding")
@pytest.mark.needs_records
@pytest.mark.full
def test_folding_is_observed(service: Service) -> None:
    """A text from the data with another accent, in another width, in the other normal form."""
    asked = service.data.folding_queries()
    if not asked:
        service.not_verified("filter.folding", "no record has a text with letters in it")
    for kind, query in asked:
        (exchange,) = service.query("filter.folding", query)
        words = "taken for equal" if read_answer(exchange).records else "told apart"
        service.observe("filter.folding", refused_or(exchange, words, nothing="told apart"), of=kind)


@pytest.mark.clause("filter.empty-text")
@pytest.mark.full
def test_the_empty_text_is_observed(service: Service) -> None:
    """Is "" no filter, or a text that nothing has?"""
    for name in document().text_filters:
        (exchange,) = service.query("filter.empty-text", {name: ""})
        service.observe("filter.empty-text", empty_text_outcome(exchange, service), of=name)


@pytest.mark.clause("filter.no-match")
def test_the_answer_to_no_match_is_observed(service: Service) -> None:
    """Asked when the run began, because every later answer is read in its light; asked once more here."""
    service.query(
        "filter.no-match",
        *service.sample_for_profile({document().text_filters[0]: "999888777666555444333222"}, smoke=0),
    )
    assert service.state.answers["filter.no-match"], "the opening asks this first"
