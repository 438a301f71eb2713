"""Mistakes that services really make, as small functions: does one of them explain every answer that differs?

Where it does, a report can say in a developer's words what is wrong, instead of listing what follows from it. A
hypothesis asks nothing: it is held against the answers that a run has, the right ones too. One right answer that the
mistake would have made wrong, or one wrong answer that it would not have given, and it is no explanation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from lineman.contract.answer import Answer, read_answer
from lineman.contract.finding import Record
from lineman.contract.matching import Match, match_record
from lineman.contract.model import Model, record_id
from lineman.contract.operation import document
from lineman.contract.oracle.comparison import has_page
from lineman.contract.query import ParsedQuery, parse_request_body
from lineman.exchange import Exchange

FEWEST = 2
"""Answers that a hypothesis must explain, and half of those that differ: one wrong answer fits too many mistakes. The
others may not speak against it: they stand where the list could not be read."""


@dataclass(frozen=True, slots=True)
class Situation:
    """One answer and what is known about the question.

    ``matches`` are the identities of the records that the filters find, in order, from the first one on, as far as they
    were read; ``total`` says how many there are in all, None where that is not known.
    """

    asked: ParsedQuery
    answer: Answer
    matches: tuple[str, ...]
    total: int | None
    whole: tuple[Record, ...]
    whole_complete: bool
    model: Model

    @property
    def got(self) -> list[str]:
        return [record_id(record) for record in self.answer.records]

    @property
    def right(self) -> bool | None:
        return self.shows(self.asked.start)

    @property
    def size(self) -> int:
        return self.asked.page_size

    def slice(self, start: int, size: int | None = None) -> list[str] | None:
        """The matches from ``start`` on; None where they were never read."""
        size = self.size if size is None else size
        end = start + size if self.total is None else min(start + size, self.total)
        return list(self.matches[start:end]) if end <= len(self.matches) else ([] if end <= start else None)

    @property
    def complete(self) -> bool:
        """True where every match was read."""
        return self.total == len(self.matches)

    def shows(self, start: int, size: int | None = None) -> bool | None:
        """Does the answer show the page from ``start`` on? None where that cannot be known."""
        wanted = self.slice(start, size)
        if wanted is not None:
            return self.got == wanted
        return None if self._may_be_unread(start, self.size if size is None else size) else False

    def _may_be_unread(self, start: int, size: int) -> bool:
        """True where the answer could be a page that was never read: as long as that, and no record of another page."""
        count = size if self.total is None else min(size, self.total - start)
        elsewhere = {*self.matches[:start], *self.matches[start + size :]}
        return len(self.got) == count and not elsewhere & set(self.got)


Explains = Callable[[Situation], bool | None]
"""Would the mistake give this very answer? None where that cannot be known from what was read."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A mistake. ``clauses`` are those that it breaks, the first one found is the cause that a report names."""

    words: str
    clauses: tuple[str, ...]
    explains: Explains


@dataclass(frozen=True, slots=True)
class Explanation:
    """A hypothesis that holds, and the numbers of the answers that it explains."""

    hypothesis: Hypothesis
    explained: frozenset[int]
    differing: int

    @property
    def words(self) -> str:
        """Such as: offset is taken as a page number: explains 56 of 56 answers that differ."""
        return f"{self.hypothesis.words}: explains {len(self.explained)} of {self.differing} answers that differ"


def _page_number_from_zero(case: Situation) -> bool | None:
    return case.shows(case.asked.start * case.size)


def _page_number_from_one(case: Situation) -> bool | None:
    return case.shows(max(0, case.asked.start - 1) * case.size)


def _first_page_again(case: Situation) -> bool | None:
    return case.shows(0)


def _first_page_again_filtered(case: Situation) -> bool | None:
    return case.shows(0) if case.asked.filters else case.right


def _one_late(case: Situation) -> bool | None:
    return case.shows(case.asked.start + (case.asked.start > 0))


def _one_early(case: Situation) -> bool | None:
    return case.shows(max(0, case.asked.start - 1))


def _always_one_late(case: Situation) -> bool | None:
    return case.shows(case.asked.start + 1)


def _filter_after_paging(case: Situation) -> bool | None:
    end = case.asked.start + case.size
    if end > len(case.whole) and not case.whole_complete:
        return None
    page = case.whole[case.asked.start : end]
    behaviour = case.model.behaviour
    return case.got == [record_id(r) for r in page if match_record(case.asked, r, behaviour) is Match.YES]


def _null_for_a_record(case: Situation) -> bool | None:
    rows = case.answer.data.get(document().envelope.rows) if isinstance(case.answer.data, dict) else None
    nulls = [at for at, row in enumerate(rows or ()) if row is None]
    page = case.slice(case.asked.start)
    if page is None:
        return None if nulls else case.right
    return case.got == [id_ for at, id_ in enumerate(page) if at not in nulls] and len(rows or ()) == len(page)


def _reversed(case: Situation) -> bool | None:
    return case.got == list(case.matches[::-1][case.asked.start :][: case.size]) if case.complete else None


def _loses_last_above(most: int) -> Explains:
    def explains(case: Situation) -> bool | None:
        page = case.slice(case.asked.start)
        if page is None:
            return None
        return case.got == (page[:-1] if len(page) > most else page)

    return explains


def _answers_of_others(cases: Sequence[Situation]) -> Explains:
    """Answers that would be right for another query of the run."""
    owners: dict[tuple[str, ...], set[tuple[tuple[str, object], ...]]] = {}
    for case in cases:
        page = case.slice(case.asked.start)
        if page:
            owners.setdefault(tuple(page), set()).add(_question(case))

    def explains(case: Situation) -> bool | None:
        if case.right or not case.got:
            return None
        return bool(owners.get(tuple(case.got), set()) - {_question(case)})

    return explains


def _question(case: Situation) -> tuple[tuple[str, object], ...]:
    return (*case.asked.filter_key, ("size", case.size), ("start", case.asked.start))


def _hypotheses(cases: Sequence[Situation], wrong: Sequence[Situation]) -> Iterator[Hypothesis]:
    """The mistakes that are looked for, those that say most first."""
    paging = document().paging
    size, start = paging.size, paging.start
    yield Hypothesis(
        f"{start} is taken as the number of a page, counted from 0 ({start} times {size} records are left out)",
        ("offset.pages", "offset.maximum"),
        _page_number_from_zero,
    )
    yield Hypothesis(
        f"{start} is taken as the number of a page, counted from 1",
        ("offset.pages", "offset.maximum"),
        _page_number_from_one,
    )
    yield Hypothesis(
        f"the first page comes whatever {start} says", ("offset.pages", "offset.maximum"), _first_page_again
    )
    yield Hypothesis(
        f"the first page comes whatever {start} says, where there is a filter",
        ("offset.pages",),
        _first_page_again_filtered,
    )
    yield Hypothesis("every page but the first begins one record late", ("offset.pages",), _one_late)
    yield Hypothesis("every page but the first begins one record early", ("offset.pages",), _one_early)
    yield Hypothesis("every page begins one record late", ("offset.default", "offset.pages"), _always_one_late)
    yield Hypothesis(
        "the filter is applied after the page was cut out",
        (
            "filter.conjunction",
            *(one.clause for one in document().filters.values()),
            "limit.page-size",
            "limit.default",
        ),
        _filter_after_paging,
    )
    yield Hypothesis("the records come in reverse order", ("order.stable",), _reversed)
    if any(None in (_rows(case) or ()) for case in wrong):
        yield Hypothesis("null comes in place of a record", ("answer.schema", "limit.page-size"), _null_for_a_record)
    yield Hypothesis(
        "answers belong to other queries of the same run", ("query.independent",), _answers_of_others(cases)
    )
    most = _largest_whole_page(cases, wrong)
    if most is not None:
        yield Hypothesis(
            f"every page with more than {most} records loses its last one",
            ("limit.page-size", "limit.maximum", "limit.default", "limit.clamp"),
            _loses_last_above(most),
        )


def _rows(case: Situation) -> Sequence[object] | None:
    rows = case.answer.data.get(document().envelope.rows) if isinstance(case.answer.data, dict) else None
    return rows if isinstance(rows, list) else None


def _largest_whole_page(cases: Sequence[Situation], wrong: Sequence[Situation]) -> int | None:
    """How many records the largest page has that is smaller than every page with one too few."""
    short = [len(page) for case in wrong if (page := case.slice(case.asked.start)) and case.got == page[:-1]]
    if not short:
        return None
    return max((len(case.got) for case in cases if case.right and len(case.got) < min(short)), default=0)


def explain(exchanges: Iterable[Exchange], wrong: set[int], model: Model) -> Explanation | None:
    """The mistake that explains every answer that differs; None where no known one does.

    ``exchanges`` are valid queries of one state of the list; ``wrong`` the numbers of those that differ from what was
    predicted for them.
    """
    if len(wrong) < FEWEST:
        return None
    known = [(exchange.number, case) for exchange in exchanges if (case := _situation(exchange, model)) is not None]
    differing = [(number, case) for number, case in known if number in wrong]
    if len(differing) < FEWEST:
        return None
    cases = [case for _, case in known]
    for hypothesis in _hypotheses(cases, [case for _, case in differing]):
        explained = frozenset(number for number, case in differing if hypothesis.explains(case))
        if len(explained) < max(FEWEST, len(differing) / 2):
            continue
        if not any(hypothesis.explains(case) is False for _, case in known):
            return Explanation(hypothesis, explained, len(wrong))
    return None


def _situation(exchange: Exchange, model: Model) -> Situation | None:
    answer, asked = read_answer(exchange), parse_request_body(exchange.request)
    whole = model.whole
    if asked is None or not asked.is_specified or not has_page(answer) or whole is None:
        return None
    prediction = model.predict(asked)
    if prediction is None or prediction.allowed or not prediction.positions_known:
        return None
    matches = tuple(record_id(record) for record in prediction.required)
    if asked.filters and not prediction.complete:
        return None
    total = prediction.total if prediction.total is not None or not prediction.complete else len(matches)
    return Situation(asked, answer, matches, total, whole.records, whole.complete and not whole.unplaced, model)
