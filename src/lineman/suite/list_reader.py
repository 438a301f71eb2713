"""Reads the tenant's list as far as the documentation lets it, and again whenever it may have changed."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lineman.contract.answer import read_answer
from lineman.contract.finding import Finding, Record
from lineman.contract.model import Listing, Model, read_listing, record_id, with_tail
from lineman.contract.operation import document
from lineman.contract.oracle.comparison import has_page
from lineman.contract.query import ParsedQuery, parse_query
from lineman.contract.values import changed_members, content, same_records
from lineman.exchange import Exchange, Request
from lineman.message import Message
from lineman.suite.run_state import RunState

Send = Callable[[Sequence[Request]], list[Exchange]]
_TRIES = 3
OLDER_STATE = "an older state"
MOST_READ = 500
"""Records read of a list whose pages have no last one: enough for every boundary, and no more than five requests."""


@dataclass
class ListReader:
    """Keeps the knowledge of the list up to date. Its readings follow each other: none begins before the last
    has ended.
    """

    send: Send
    model: Model
    recorder: RunState
    history: dict[tuple[Any, ...], list[Listing]] = field(default_factory=dict)
    changed_lately: bool = False
    _last_cost: int = 0
    """Requests that the last reading took: several times as many where the list changes while it is read."""
    _told: set[str] = field(default_factory=set)
    _broken: set[tuple[Any, ...]] = field(default_factory=set)
    """Filters whose pages of 100 do not fit together: they are read by smaller pages from then on."""
    _overstated: set[tuple[Any, ...]] = field(default_factory=set)
    """Filters whose total says more than can be read: the records that can be read are taken for the list."""
    _never_whole: set[tuple[Any, ...]] = field(default_factory=set)
    """Filters whose long pages lack records that short ones have: their list is never read as a whole."""

    def read(
        self, filters: dict[str, Any] | None = None, *, kept_if: Callable[[Record], bool] | None = None
    ) -> Listing | None:
        """Read the list that ``filters`` find, from the first record to record 200 at most, and keep it.

        With ``kept_if`` it is kept only where that holds for all of its records.
        """
        base = parse_query(filters or {})
        listing = self._reading(base)
        if listing is None or (kept_if is not None and not all(map(kept_if, listing.records))):
            return None
        self._keep(listing)
        return listing

    def cost(self, *, whole_only: bool = False) -> int:
        """About how many requests reading again takes: as many as the last time, where pages did not fit together."""
        chosen = self.model.listings[:1] if whole_only else self.model.listings
        return max(self._last_cost, sum(max(1, len(listing.exchanges)) for listing in chosen))

    def read_again(self, *, whole_only: bool = False) -> bool:
        """Read every listing again; True where one of them changed.

        With ``whole_only`` the list without filters is read first, and the others only where that has changed.
        """
        listings, before = list(self.model.listings), len(self.recorder.exchanges)
        changed = self._read_again(listings[:1] if whole_only else listings)
        if changed and whole_only:
            self._read_again(listings[1:])
        self._last_cost = len(self.recorder.exchanges) - before
        if changed:
            self.model.orders.clear()
            self.recorder.data_changes += 1
        self.changed_lately = changed
        return changed

    def _read_again(self, listings: Sequence[Listing]) -> bool:
        changed = False
        for listing in listings:
            fresh = self._reading(listing.base)
            if fresh is None or self._same(listing, fresh) or self._only_volatile(listing, fresh):
                continue
            self._keep(fresh)
            if self._tell(listing, fresh):
                continue
            changed = True
        return changed

    def _same(self, one: Listing, other: Listing) -> bool:
        ignored = frozenset(self.model.volatile)
        return one.signature_without(ignored) == other.signature_without(ignored)

    def _only_volatile(self, before: Listing, after: Listing) -> bool:
        """True where nothing but members differ that are another in every reading: no data is that restless.

        Looked at once more, at once: data that changed as a whole does not change as a whole again.
        """
        suspects = _members_of_most(before, after)
        fresh = self._reading(before.base) if suspects else None
        if fresh is None:
            return False
        suspects &= _members_of_most(before, fresh) & _members_of_most(after, fresh)
        if suspects:
            self.model.volatile |= suspects
            self._blame(_restless(before, after, sorted(suspects)))
        return bool(suspects) and self._same(before, after)

    def _reading(self, base: ParsedQuery) -> Listing | None:
        """One reading; repeated where its pages do not fit together, because a torn one is no state of the list."""
        listing: Listing | None = None
        if base.filter_key in self._overstated:
            listing = read_listing(base, self._pages(base))
            return None if listing is None else replace(listing, total=len(listing.records))
        if base.filter_key not in self._broken:
            for _ in range(_TRIES):
                pages = self._pages(base)
                listing = read_listing(base, pages)
                if listing is None:
                    return None
                if _fit_together(pages):
                    return listing
            self._broken.add(base.filter_key)
        if base.filter_key not in self._never_whole:
            smaller = self._by_smaller_pages(base)
            if smaller is not None:
                return smaller
            if listing is not None and self._ends_before_its_total(base, listing):
                self._overstated.add(base.filter_key)
                return replace(listing, total=len(listing.records))
        return listing or read_listing(base, self._pages(base))

    def _ends_before_its_total(self, base: ParsedQuery, listing: Listing) -> bool:
        """True where pages of other sizes end at the same record, and all say the same, higher total."""
        size, end = document().paging.size_maximum - 1, len(listing.records)
        pages = self.send([self._page(base, size, offset) for offset in (0, size)])
        other = read_listing(base, pages)
        if other is None or not 0 < end < min(listing.total, 2 * size):
            return False
        if document().paging.allows(end):
            # Where all long pages lose their last record, the one that ends the list stands on a page of its own.
            (behind,) = self.send([self._page(base, 1, end)])
            if read_answer(behind).records:
                self._never_whole.add(base.filter_key)
                return False
        totals = {read_answer(page).total for page in (*listing.exchanges, *pages)}
        return totals == {listing.total} and same_records(other.records, listing.records)

    def _pages(self, base: ParsedQuery) -> list[Exchange]:
        size = document().paging.size_maximum
        pages = self.send([self._page(base, size, 0)])
        total = read_answer(pages[0]).total
        full = len(read_answer(pages[0]).records) >= size
        if total is not None and (total > size or (full and total <= size)):
            pages += self.send([self._page(base, size, start) for start in self._starts(total)])
        return pages

    @staticmethod
    def _starts(total: int) -> list[int]:
        """Where the further pages begin, as far as documented offsets reach."""
        paging = document().paging
        size = paging.size_maximum
        starts = range(size, max(size + 1, min(total, MOST_READ)), size)
        return [start for start in starts if paging.allows(start)]

    def _by_smaller_pages(self, base: ParsedQuery) -> Listing | None:
        """Where full pages are broken, pages of half the size may not be."""
        half = document().paging.size_maximum // 2
        pages = self.send([self._page(base, half, offset) for offset in (0, half, 2 * half)])
        return read_listing(base, pages) if _fit_together(pages) else None

    @staticmethod
    def _page(base: ParsedQuery, limit: int, offset: int) -> Request:
        return Request.of(
            {**base.filters, **document().paging.page(limit, offset)}, "query.repeatable", note="reading the list"
        )

    def _keep(self, listing: Listing) -> None:
        key = listing.base.filter_key
        listings = [known for known in self.model.listings if known.base.filter_key != key]
        listings.append(listing)
        listings.sort(key=lambda known: len(known.base.filters))
        listings[0] = self._with_what_others_know(listings[0], listings[1:])
        self.model.listings[:] = listings
        self.history.setdefault(key, []).append(listing)

    def _with_what_others_know(self, whole: Listing, narrower: Sequence[Listing]) -> Listing:
        """The whole list with records of narrower readings; where there are any, its total did not say too much."""
        key = whole.base.filter_key
        if whole.base.filters:
            return whole
        if key in self._overstated and with_tail(whole, narrower).unplaced:
            self._overstated.discard(key)
            self._broken.add(key)
            whole = read_listing(whole.base, whole.exchanges) or whole
        return with_tail(whole, narrower) if len(whole.records) < whole.total else whole

    def _tell(self, before: Listing, after: Listing) -> bool:
        """Tell a list that goes back to older states, or that is reordered. True where it was reported before.

        Going back once may be a record that was added and taken out again; the same way twice is none.
        """
        if before.content == after.content or reordered(before.records, after.records):
            return self._blame(_reordered(before, after))
        older = self.history[after.base.filter_key][:-2]
        whole = len(after.records) == after.total  # of a longer list, only the beginning is seen to return
        returned = [place for place, state in enumerate(older) if whole and self._same(state, after)]
        if not any(self._same(state, before) for state in older[: max(returned, default=0)]):
            return False
        return self._blame(_went_back(before, after, older[returned[-1]]))

    def _blame(self, finding: Finding) -> bool:
        self.recorder.add_findings([finding])
        known = finding.fingerprint in self._told
        self._told.add(finding.fingerprint)
        return known


def _fit_together(pages: Sequence[Exchange]) -> bool:
    """True where every page has the number of records that its total asks for, and all say the same total."""
    answers = [(read_answer(page), parse_query(page.request.query or {})) for page in pages]
    if not all(has_page(answer) for answer, _ in answers) or len({answer.total for answer, _ in answers}) > 1:
        return False
    return all(
        len(answer.records) == min(asked.page_size, max(0, (answer.total or 0) - asked.start))
        for answer, asked in answers
    )


def reordered(before: Sequence[Record], after: Sequence[Record]) -> bool:
    """True where unchanged records stand in an order that no change of a few others explains.

    Records that were added, taken out or changed do not count, and one in ten may have moved for reasons of its own.
    """
    place = {content(record): position for position, record in enumerate(before)}
    places = [place[text] for text in map(content, after) if text in place]
    return len(places) - _longest_rise(places) > max(2, len(places) // 10)


def _longest_rise(numbers: Sequence[int]) -> int:
    """The length of the longest increasing subsequence."""
    ends: list[int] = []
    for number in numbers:
        at = bisect_left(ends, number)
        ends[at : at + 1] = [number]
    return len(ends)


def _members_of_most(before: Listing, after: Listing) -> frozenset[str]:
    """Documented members that differ in more than half of the records that both readings have."""
    pairs = [(record, after.by_id[id_]) for id_, record in before.by_id.items() if id_ in after.by_id]
    counts = Counter(name for one, other in pairs for name in changed_members(one, other))
    return frozenset(name for name, count in counts.items() if 2 * count > len(pairs))


def _restless(before: Listing, after: Listing, members: Sequence[str]) -> Finding:
    return Finding(
        "query.repeatable",
        Message.of("Every answer shows another {members} for the same records.", members=", ".join(members)),
        [dict(record) for record in before.records[:2]],
        [dict(record) for record in after.records[:2]],
        (after.exchanges[0], before.exchanges[0]),
        parameter="record",
        constraint="the same on unchanged data",
        observed="other members",
        check="same_members",
    )


def _went_back(before: Listing, after: Listing, returned: Listing) -> Finding:
    return Finding(
        "query.repeatable",
        Message.of(
            "The list went back to an older state: {first} records, then {then}, then {last} as before.",
            first=returned.total,
            then=before.total,
            last=after.total,
        ),
        "the present list, every time",
        "an older list after a newer one",
        (after.exchanges[0], before.exchanges[0], returned.exchanges[0]),
        parameter="list",
        constraint="never older than before",
        observed=OLDER_STATE,
        check="stale_list",
    )


def _reordered(before: Listing, after: Listing) -> Finding:
    expected, got = [record_id(r) for r in before.records], [record_id(r) for r in after.records]
    finding = Finding(
        "order.stable",
        Message.of("The same query on the same records gives them in another order."),
        expected[:10],
        got[:10],
        (after.exchanges[0], before.exchanges[0]),
        parameter="order",
        constraint="the same every time",
        observed="reordered",
        check="stable_order",
    )
    return replace(finding, rows=replace(finding.rows, out_of_order=tuple(got[:100])))
