"""The model: a tenant's list as far as it was read, and what it predicts for any query.

The operation is a pure query over a list. Whoever has read the list can say which records a query finds, how many there
are in all, and which of them stand on the page asked for.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from lineman.contract.answer import Answer, read_answer
from lineman.contract.finding import Record
from lineman.contract.matching import LearnedBehaviour, Match, match_record
from lineman.contract.operation import document
from lineman.contract.query import ParsedQuery, parse_query
from lineman.contract.values import content, written
from lineman.exchange import Exchange


def record_id(record: Record) -> str:
    """A record's identity as text; a record without one is known by its whole content."""
    id_ = record.get(document().identity)
    if id_ is None:
        return f"?{content(record)}"
    return id_ if isinstance(id_, str) else written(id_)


_serials = itertools.count()


@dataclass(frozen=True, eq=False)
class Listing:
    """The records that the filters of ``base`` find, in the target's order, as far as they were read.

    ``records`` is the contiguous beginning of the list, without repetitions; ``total`` is what the target says.
    ``tail`` are further records that are known to be in it, from narrower readings; where they stand is not known.
    """

    base: ParsedQuery
    records: tuple[Record, ...]
    total: int
    exchanges: tuple[Exchange, ...] = ()
    unplaced: tuple[Record, ...] = ()
    consistent: bool = True
    """False where the readings contradict themselves: more records than the total says, or a record twice."""
    positions_known: bool = True
    """False where a record came twice, so that places cannot be counted."""
    serial: int = field(init=False, repr=False, default_factory=_serials.__next__)
    """Another one for each listing: what was found out about one that is gone keeps none of its records."""

    @property
    def complete(self) -> bool:
        """True where every record is known, the place of some perhaps not."""
        return self.consistent and len(self.records) + len(self.unplaced) == self.total

    @property
    def known(self) -> tuple[Record, ...]:
        return self.records + self.unplaced

    @cached_property
    def head(self) -> Listing:
        """The same without ``tail``."""
        return replace(self, unplaced=()) if self.unplaced else self

    @cached_property
    def by_id(self) -> Mapping[str, Record]:
        return {record_id(record): record for record in self.known}

    @cached_property
    def signature(self) -> str:
        """Equal for two readings that show the same records, in the same order, and the same total."""
        return self._written(frozenset())

    @cached_property
    def content(self) -> str:
        """Equal for two readings of the same records in whatever order."""
        return "\n".join((str(self.total), *sorted(content(record) for record in self.records)))

    def signature_without(self, members: frozenset[str]) -> str:
        """The same without members that are another in every answer: they say nothing about the list."""
        return self._written(members) if members else self.signature

    def _written(self, without: frozenset[str]) -> str:
        return "\n".join((str(self.total), *(content(record, without) for record in self.records)))

    def covers(self, asked: ParsedQuery) -> bool:
        """True where every record that ``asked`` finds is one that ``base`` finds."""
        for name, value in self.base.filters.items():
            wanted = asked.filters.get(name)
            if document().filters[name].fuzzy:
                if not isinstance(wanted, str) or value not in wanted:
                    return False
            elif wanted != value:
                return False
        return True


def read_listing(base: ParsedQuery, pages: Sequence[Exchange]) -> Listing | None:
    """Join consecutive pages, from the first record on, to a listing; None where the first page cannot be read.

    Joining stops at a page that does not follow the records read so far, or has more than could be kept.
    """
    records: dict[str, Record] = {}
    total: int | None = None
    came = 0
    for exchange in pages:
        answer, asked = read_answer(exchange), parse_query(exchange.request.query or {})
        if not answer.has_list or answer.total is None or answer.count > len(answer.records):
            break
        total = answer.total if total is None else total
        if asked.start > max(came, len(records)):
            break
        fresh = {record_id(record): record for record in answer.records}
        if records and fresh.keys() & records.keys():
            break  # an overlapping page says that something is wrong, and not where its records stand
        came = max(came, asked.start + len(answer.records))
        records |= fresh
    if total is None:
        return None
    sound = came == len(records) <= total
    in_place = came == len(records)
    total = max(total, len(records))
    return Listing(base, tuple(records.values()), total, tuple(pages), consistent=sound, positions_known=in_place)


def with_tail(whole: Listing, narrower: Sequence[Listing]) -> Listing:
    """The whole list with the records that narrower readings know beyond its beginning."""
    beginning = {record_id(record) for record in whole.records}
    tail = {record_id(r): r for listing in narrower for r in listing.records if record_id(r) not in beginning}
    return replace(whole, unplaced=tuple(tail.values()))


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a listing says of a question.

    ``found`` are records that must be found, in order; ``possible`` ones that may be, by a behaviour left open.
    ``complete`` is True where there are no others. ``order_known`` says that the order was seen for these very filters,
    ``placed`` that it may be taken from the whole list. ``total`` is the number of matches where it is known.
    """

    required: tuple[Record, ...]
    allowed: tuple[Record, ...]
    complete: bool
    order_known: bool
    positions_known: bool
    total: int | None

    @property
    def exact(self) -> bool:
        return self.complete and not self.allowed

    def page(self, asked: ParsedQuery) -> tuple[Record, ...]:
        return self.required[asked.start : asked.start + asked.page_size]


@dataclass
class Model:
    """All that is known of a target: listings by base filters, the order of filtered answers, habits.

    ``no_match`` are the signatures of answers to queries that match nothing; empty until they were asked.
    """

    listings: list[Listing] = field(default_factory=list)
    orders: dict[tuple[tuple[str, Any], ...], tuple[str, ...]] = field(default_factory=dict)
    behaviour: LearnedBehaviour = field(default_factory=LearnedBehaviour)
    no_match: set[str] = field(default_factory=set)
    volatile: set[str] = field(default_factory=set)
    """Documented members that were another in every reading: reported once, and not looked at again."""
    _matches: dict[Any, tuple[tuple[Record, ...], tuple[Record, ...]]] = field(default_factory=dict)
    _matched: tuple[int, ...] = ()
    """The serials of the listings that :attr:`_matches` is about."""

    @property
    def whole(self) -> Listing | None:
        """The listing without filters."""
        return next((listing for listing in self.listings if not listing.base.filters), None)

    def listing_for(self, asked: ParsedQuery) -> Listing | None:
        """The listing that can say most of a question: a complete one that covers it, else the one without filters."""
        covering = [listing for listing in self.listings if listing.covers(asked)]
        return next((listing for listing in covering if listing.complete), covering[0] if covering else None)

    def matches(self, asked: ParsedQuery, listing: Listing) -> tuple[tuple[Record, ...], tuple[Record, ...]]:
        """The records of a listing that satisfy a question's filters for certain, and those that perhaps do."""
        key = (listing.serial, asked.filter_key, tuple(sorted(self.behaviour.case.items())))
        if key not in self._matches:
            self._forget_matches_of_others()
            sorted_out: dict[Match, list[Record]] = {match: [] for match in Match}
            for record in listing.known:
                sorted_out[match_record(asked, record, self.behaviour)].append(record)
            self._matches[key] = (tuple(sorted_out[Match.YES]), tuple(sorted_out[Match.MAYBE]))
        return self._matches[key]

    def _forget_matches_of_others(self) -> None:
        """Keep no records of listings that were read again since."""
        serials = tuple(listing.serial for listing in self.listings)
        if serials != self._matched:
            present = {one.serial for listing in self.listings for one in (listing, listing.head)}
            self._matches = {key: found for key, found in self._matches.items() if key[0] in present}
            self._matched = serials

    def known_of(self, asked: ParsedQuery) -> Hashable:
        """All that a judgement of an answer to ``asked`` depends on: equal as long as it would say the same."""
        return (
            tuple(listing.serial for listing in self.listings),
            self.orders.get(asked.filter_key),
            tuple(sorted(self.behaviour.case.items())),
            frozenset(self.no_match),
            frozenset(self.volatile),
        )

    def predict(self, asked: ParsedQuery) -> Prediction | None:
        """Predict the answer to a certain question; None where nothing is known."""
        listing = self.listing_for(asked)
        return None if listing is None else predict(asked, listing, self)


def predict(asked: ParsedQuery, listing: Listing, model: Model) -> Prediction:
    """What one listing says of a question that it covers."""
    same = asked.filter_key == listing.base.filter_key
    if same:
        total = listing.total if listing.consistent else None
        whole = listing.complete and not listing.unplaced
        return Prediction(listing.records, (), whole, True, listing.positions_known, total)
    certain, possible = model.matches(asked, listing)
    found = list(certain)
    own = model.orders.get(asked.filter_key)
    if own is not None:
        rank = {id_: position for position, id_ in enumerate(own)}
        found.sort(key=lambda record: rank.get(record_id(record), len(rank)))
    total = len(found) if listing.complete and not possible else None
    placed = own is not None or (
        listing.positions_known and not ({record_id(r) for r in found} & {record_id(r) for r in listing.unplaced})
    )
    return Prediction(tuple(found), possible, listing.complete, own is not None, placed, total)


def learn_order(answer: Answer, asked: ParsedQuery, model: Model) -> None:
    """Keep the order of an answer that shows all matches of its filters at once."""
    whole = asked.start == 0 and answer.total is not None and len(answer.records) == answer.total
    if asked.is_specified and asked.filters and whole:
        model.orders.setdefault(asked.filter_key, tuple(record_id(record) for record in answer.records))
