"""Answers that come only now and then, or only after or beside another query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lineman.contract.answer import AnswerKind, read_answer
from lineman.contract.finding import Finding
from lineman.contract.model import record_id
from lineman.contract.operation import document
from lineman.contract.oracle.comparison import describe, filter_clause, offset_clause
from lineman.contract.query import ParsedQuery, parse_query, parse_request_body
from lineman.contract.values import same_records
from lineman.exchange import Exchange, Request
from lineman.message import Message
from lineman.suite.after_refusals import left_behind
from lineman.suite.mismatch import Mismatch, Requery, body_of, ids, same_answer
from lineman.suite.shrinking import counterfactuals, explicit_query, with_companions

_AT_THE_MAXIMUM = ("limit.maximum", "limit.default")
"""Clauses of the largest pages."""


@dataclass
class Diagnosis:
    """Finds the clause to blame for a difference that is certain, and as small as it gets."""

    requery: Requery

    def explain(self, mismatch: Mismatch) -> list[Finding]:
        """Ask what tells one clause from another: a default against its explicit value, an offset against none."""
        first = mismatch.findings[0]
        explicit = explicit_query(first.clause, mismatch.asked)
        if explicit is not None:
            other = self.requery.with_query(mismatch, explicit)
            if other is not None and same_answer(other.exchange, mismatch.exchange):
                return self.explain(other)
        if first.observed == "too few" and first.clause.startswith("limit."):
            return [self._short_page(mismatch, first)]
        if first.constraint == "accepted":
            return [self._blame_parameter(mismatch, first)]
        return mismatch.findings

    def _short_page(self, mismatch: Mismatch, first: Finding) -> Finding:
        """A page with too few records: is it the limit, the offset, a filter, or a total that says too much?"""
        if self._nothing_is_behind(mismatch):
            return replace(
                first,
                clause="total.counts-matches",
                parameter="none",
                constraint="counts the matches",
                observed="too high",
            )
        if mismatch.asked.filters and self._only_when_filtered(mismatch):
            return replace(first, clause=filter_clause(mismatch.asked), parameter=mismatch.asked.filter_names)
        if first.clause in _AT_THE_MAXIMUM and self._below_the_maximum_too(mismatch):
            return replace(first, clause="limit.page-size", parameter="limit")
        return self._wrong_offset(mismatch, first) if mismatch.asked.start else first

    def _below_the_maximum_too(self, mismatch: Mismatch) -> bool:
        """True where a page of one record less than the most lacks as many: it is no bound, but any long page."""
        size = document().paging.size_maximum - 1
        query = {**mismatch.asked.query, **document().paging.page(size)}
        other = self.requery.with_query(mismatch, query)
        if other is None or other.findings[0].observed != "too few":
            return False
        # Where the pages have the same number of records, it is a bound below the documented one.
        return len(read_answer(other.exchange).records) < len(read_answer(mismatch.exchange).records)

    def _wrong_offset(self, mismatch: Mismatch, first: Finding) -> Finding:
        blamable = not read_answer(mismatch.exchange).records or first.clause in ("limit.maximum", "limit.default")
        if (
            blamable
            and self.requery.with_query(mismatch, {**mismatch.asked.query, **document().paging.page(start=0)}) is None
        ):
            explicit = {**mismatch.asked.query, **document().paging.page(mismatch.asked.page_size)}
            if mismatch.asked.limit is not None or self.requery.with_query(mismatch, explicit) is not None:
                return replace(first, clause=offset_clause(mismatch.asked.start), parameter="offset")
        return first

    def _nothing_is_behind(self, mismatch: Mismatch) -> bool:
        """True where pages of other sizes end at the same record: it is the last, and the total says too much."""
        asked, answer = mismatch.asked, read_answer(mismatch.exchange)
        end, total = asked.start + len(answer.records), answer.total or 0
        if not answer.records or self._count_known(asked) > end:
            return False
        other_sizes = {end: end, total: 0, total + 1: 0, 99: 99, 75: 75}
        pages = [
            (size, at)
            for size, at in other_sizes.items()
            if size <= document().paging.size_maximum and at <= end < at + size
        ]
        if document().paging.allows(end):
            pages.append((1, end))  # long pages may all lose their last record
        requests = [{**asked.filters, **document().paging.page(size, at)} for size, at in pages]
        others = self.requery.ask([replace(mismatch.exchange.request, **body_of(query)) for query in requests])
        ends = [at + len(read_answer(other).records) for (_, at), other in zip(pages, others, strict=True)]
        return bool(ends) and max(ends) <= end

    def _count_known(self, asked: ParsedQuery) -> int:
        """How many records are known to match, those included whose place is not."""
        listing, prediction = self.requery.model.listing_for(asked), self.requery.model.predict(asked)
        if listing is None or prediction is None:
            return 0
        return len(listing.known) if listing.base.filter_key == asked.filter_key else len(prediction.required)

    def _only_when_filtered(self, mismatch: Mismatch) -> bool:
        """True where a filter loses records on pages of any size, and the same pages of the whole list are right."""
        single = document().paging.page(1, 0)
        filtered = self.requery.with_query(mismatch, {**mismatch.asked.filters, **single})
        return filtered is not None and self.requery.with_query(mismatch, single) is None

    def _blame_parameter(self, mismatch: Mismatch, first: Finding) -> Finding:
        """Which parameter makes a valid query be refused? Each is tried with another value, then the rest added."""
        for name, query, clause in counterfactuals(mismatch.asked):
            if len(mismatch.asked.query) > 1 and self.requery.with_query(mismatch, query) is None:
                return replace(first, clause=clause, parameter=name)
        companions = with_companions(mismatch.asked) if first.clause.startswith(("filter.", "request.")) else None
        paging = document().paging
        if first.clause.startswith("offset."):
            companions = (
                {**mismatch.asked.query, **paging.page(paging.size_maximum)} if mismatch.asked.limit is None else None
            )
        if companions is not None and self.requery.with_query(mismatch, companions) is None:
            return replace(first, clause="request.all-optional", parameter=f"{first.parameter} alone")
        return first


NEARBY = 60
"""How many requests apart two queries may be to have been mixed up."""


@dataclass
class CrossTalk:
    """Tells an occasional failure from an answer that belongs to another query."""

    requery: Requery

    def intermittent(self, mismatch: Mismatch) -> list[Finding]:
        """The list did not change, and yet the same question gets its right answer now."""
        answer = read_answer(mismatch.exchange)
        other = self._matching_other_query(mismatch)
        if other is not None:
            return [self._mixed_up(mismatch, other)]
        first = mismatch.findings[0]
        if answer.kind is not AnswerKind.SUCCESS:
            clause = "answer.return-code" if answer.status == 200 else "answer.status"
            return [
                replace(
                    first,
                    clause=clause,
                    summary=Message.of(
                        "Now and then a valid query ({query}) is not answered with success: {answer}.",
                        query=describe(mismatch.asked),
                        answer=answer.signature,
                    ),
                    parameter="valid requests",
                    constraint="always succeed",
                    observed=f"now and then {answer.kind_of_signature}",
                )
            ]
        left = left_behind(self.requery, mismatch)
        if left is not None:
            return [left]
        again = self._answered_again(mismatch.exchange)
        if again is not None and _same_bytes(again, mismatch.exchange):
            return []  # nothing was answered differently: it is what the answer was compared with that has changed
        repeatable = replace(
            first,
            exchanges=(mismatch.exchange,) if again is None else (mismatch.exchange, again),
            clause="query.repeatable",
            summary=Message.of(
                "The same query ({query}) is answered differently on unchanged data. {what}",
                query=describe(mismatch.asked),
                what=first.summary,
            ),
            parameter="answer",
            constraint="the same on unchanged data",
            observed="now and then another answer",
        )
        return [repeatable, *mismatch.findings]

    def _answered_again(self, exchange: Exchange) -> Exchange | None:
        """The last answer to the same request after this one."""
        later = (
            other
            for other in reversed(self.requery.recorder.exchanges)
            if other.number > exchange.number and other.request == exchange.request and other.response is not None
        )
        return next(later, None)

    def order_dependent(self, mismatch: Mismatch) -> Finding | None:
        """A wrong answer that comes again, but not behind an unlike query, depends on the query before it."""
        other = self._matching_other_query(mismatch)
        if other is None:
            return None
        code = document().text_filters[0]
        unlike = Request.of({**document().paging.page(1, 0), code: "5"}, "query.independent", note="an unlike query")
        mine = mismatch.exchange.request
        for request in (unlike, mine, unlike, unlike, mine):  # an odd number between, so that no counter fits both
            (exchange,) = self.requery.ask([request])
            if request is mine and self.requery.mismatches([exchange]):
                return None
        return self._mixed_up(mismatch, other)

    def _matching_other_query(self, mismatch: Mismatch) -> Exchange | None:
        """An exchange near in time whose question this answer, or its total, would be right for."""
        mine, answer = mismatch.exchange, read_answer(mismatch.exchange)
        predicted = self.requery.model.predict(mismatch.asked)
        if answer.kind is not AnswerKind.SUCCESS or predicted is None:
            return None
        swapped = (
            predicted.total is not None
            and answer.total != predicted.total
            and same_records(answer.records, predicted.page(mismatch.asked))
        )
        right = [record_id(record) for record in predicted.page(mismatch.asked)]
        if not swapped and (not answer.records or ids(answer) == right):
            return None
        for other in reversed(self.requery.recorder.exchanges):
            if abs(other.number - mine.number) > NEARBY or not _is_another_question(other, mine):
                continue
            together = other.started_at < mine.finished_at and mine.started_at < other.finished_at
            theirs = read_answer(other)
            if swapped and together and self._total_of(other) == answer.total:
                return other
            whole = theirs.kind is AnswerKind.SUCCESS and theirs.total == answer.total and ids(theirs) == ids(answer)
            if whole and _is_a_shorter_page(other, mismatch, right):
                continue  # a page that lost its last records is the right answer to a smaller limit
            if whole and not swapped and not self.requery.mismatches([other]):
                return other
            if not swapped and self._leaked_parameter(other, mismatch):
                return other
        return None

    def _leaked_parameter(self, other: Exchange, mismatch: Mismatch) -> bool:
        """True where the answer would be right with a parameter of the other query added to its own."""
        answer, mine = read_answer(mismatch.exchange), mismatch.asked.query
        for name, value in (other.request.query or {}).items():
            asked = parse_query({**mine, name: value})
            predicted = self.requery.model.predict(asked) if name not in mine else None
            if predicted is None or not predicted.exact or predicted.total != answer.total:
                continue
            if ids(answer) == [record_id(record) for record in predicted.page(asked)]:
                return True
        return False

    def _total_of(self, exchange: Exchange) -> int | None:
        prediction = self.requery.model.predict(parse_query(exchange.request.query or {}))
        return None if prediction is None else prediction.total

    def _mixed_up(self, mismatch: Mismatch, other: Exchange) -> Finding:
        theirs = parse_request_body(other.request)
        first = mismatch.findings[0]
        return replace(
            first,
            clause="query.independent",
            summary=Message.of(
                "The query ({query}) got the answer that belongs to another one ({other}).",
                query=describe(mismatch.asked),
                other=describe(theirs) if theirs else "",
            ),
            exchanges=(mismatch.exchange, other),
            parameter="answer",
            constraint="belongs to its own query",
            observed="another query's answer",
        )


def _is_a_shorter_page(other: Exchange, mismatch: Mismatch, right: Sequence[str]) -> bool:
    """True where the answer is the beginning of the right one, and the other query asks for that beginning."""
    theirs, got = parse_query(other.request.query or {}), ids(read_answer(mismatch.exchange))
    same = theirs.filter_key == mismatch.asked.filter_key and theirs.start == mismatch.asked.start
    return same and len(got) < len(right) and got == list(right[: len(got)])


def _same_bytes(one: Exchange, other: Exchange) -> bool:
    here, there = one.judged, other.judged
    return here is not None and there is not None and (here.status, here.body) == (there.status, there.body)


def _is_another_question(other: Exchange, mine: Exchange) -> bool:
    query = other.request.query
    return other is not mine and query is not None and query != mine.request.query
