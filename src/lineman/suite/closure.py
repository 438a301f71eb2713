"""A second reading of a finished run: do its states, numbers and expectations follow from its exchanges?

It shares no code with what it verifies: it reads bodies with ``json`` alone, and of the documentation only names and
bounds. What it finds is a fault of lineman, not of the target.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lineman.contract.clauses import catalogue
from lineman.contract.operation import document
from lineman.exchange import Exchange
from lineman.report.run import ClauseResult, Run, State, Verdict, Violation

_GATEWAY = frozenset({429, 502, 503, 504})
"""What no service says about a request (``design.md``)."""
_NAMED = 3
"""Contradictions that are named in the run's sentence."""
_GUARDED = ("auth.required", "auth.bearer-format", "auth.unknown-token", "auth.expired-token")


_FIRST = 5_000
"""Records of one answer that are looked at, as many as the judge keeps of one that has far too many."""
_PLAIN_ID = 1_000
"""Characters from which on the evidence may show an identity cut."""
_LONG_NUMBER = 40


@dataclass(frozen=True, slots=True)
class _Said:
    """What a body says, and nothing of its records but their identities: a run has hundreds of bodies."""

    code: Any = None
    total: int | None = None
    count: int | None = None
    """Records, and whatever else is in the list; None where there is no list."""
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Reading:
    """One exchange, read with ``json`` and nothing else."""

    exchange: Exchange

    @cached_property
    def status(self) -> int | None:
        return self.exchange.response.status if self.exchange.response else None

    @cached_property
    def said(self) -> _Said:
        """What the body says, read once."""
        arrived, names = self.exchange.judged, document().envelope
        try:
            value = json.loads(arrived.body, parse_int=_integer) if arrived else None
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            return _Said()
        data = value.get(names.data)
        inside = data if isinstance(data, dict) else {}
        rows, total = inside.get(names.rows), inside.get(names.total)
        listed = rows if isinstance(rows, list) else []
        ids = tuple(str(row.get(document().identity)) for row in listed[:_FIRST] if isinstance(row, dict))
        count = len(listed) if isinstance(rows, list) else None
        return _Said(value.get(names.code), total if type(total) is int else None, count, ids)

    @property
    def code(self) -> Any:
        return self.said.code

    @property
    def is_success(self) -> bool:
        return self.status == 200 and bool(self.code == document().envelope.success)

    @property
    def is_refusal(self) -> bool:
        return self.status in (400, 500) or (self.status == 200 and isinstance(self.code, str) and not self.is_success)

    @property
    def is_answer(self) -> bool:
        return self.status is not None and self.status not in _GATEWAY

    def shows(self, kind: str) -> bool:
        """True for an answer of the kind that a clause is about."""
        if kind == "credentials":
            return self.status in (401, 403)
        if kind == "refusal":
            return self.is_refusal
        return self.is_success if kind == "success" else self.is_answer

    @property
    def is_plain_query(self) -> bool:
        """True for a query of the first tenant with documented parameters within their ranges."""
        request, paging = self.exchange.request, document().paging
        plain = (request.credential.value, request.app_key.value, request.method) == ("valid", "own", "POST")
        if not plain or request.path is not None or request.content_type != "application/json" or request.query is None:
            return False
        size, start = request.query.get(paging.size, paging.size_default), request.query.get(paging.start, 0)
        if type(size) is not int or type(start) is not int or size < 0 or start < 0 or not paging.allows(start):
            return False
        aligned = start == 0 or (size > 0 and start % size == 0)
        filters = {name: value for name, value in request.query.items() if name not in (paging.size, paging.start)}
        return aligned and all(_documented(name, value) for name, value in filters.items())

    @property
    def count(self) -> int | None:
        """How many records its own total says that the page has; None where it has no total, or no list to count."""
        paging, query = document().paging, self.exchange.request.query or {}
        total = self.said.total
        if total is None or self.said.count is None:
            return None
        size = min(query.get(paging.size, paging.size_default), paging.size_maximum)
        return int(min(size, max(0, total - query.get(paging.start, 0))))


def _integer(text: str) -> int:
    """The number, or one that is as good where it has thousands of digits, which Python refuses to read."""
    return int(text[:_LONG_NUMBER])


def _is_shown_whole(identity: object) -> bool:
    """Whether the evidence has an identity as it came: long texts are cut, and numbers beyond a float are bounded."""
    if isinstance(identity, str):
        return len(identity) < _PLAIN_ID
    return type(identity) is int and abs(identity) < 2**53


def _documented(name: str, value: object) -> bool:
    one = document().filters.get(name)
    if one is None:
        return False
    return isinstance(value, str) and value != "" if one.kind == "text" else value in one.values


def close(run: Run, exchanges: Sequence[Exchange], final: Sequence[Exchange] | None = None) -> Run:
    """The run as it is, or without a verdict where it contradicts its own exchanges.

    ``final`` are the last attempts, where some requests were sent again: those before them are no evidence.
    """
    found = list(contradictions(run, exchanges, final))
    if not found:
        return run
    more = f" (and {len(found) - _NAMED} more)" if len(found) > _NAMED else ""
    words = (
        f"lineman contradicts itself, which is a fault of lineman: {'; '.join(found[:_NAMED])}{more}. {run.explanation}"
    )
    return run.model_copy(update={"verdict": Verdict.NO_VERDICT, "exit_code": 3, "explanation": words})


def contradictions(run: Run, exchanges: Sequence[Exchange], final: Sequence[Exchange] | None = None) -> Iterator[str]:
    """What in a run does not follow from its exchanges, one sentence each; nothing where all of it does."""
    readings = {exchange.number: _Reading(exchange) for exchange in exchanges}
    judged = [readings[exchange.number] for exchange in (exchanges if final is None else final)]
    yield from _numbers(run, readings)
    yield from _verdict(run)
    seen = {id_ for reading in readings.values() for id_ in reading.said.ids}
    for violation in run.violations:
        yield from _violation(violation, run, readings, seen)
    for clause in run.clauses:
        if clause.state is State.HELD:
            yield from _held(clause, readings, judged, changed=bool(run.health.data_changes))
        if clause.state in (State.VIOLATED, State.WAIVED) and not any(v.clause == clause.id for v in run.violations):
            yield f"{clause.id} is {clause.state.value} without a violation"


def _numbers(run: Run, readings: Mapping[int, _Reading]) -> Iterator[str]:
    if not run.requests == len(readings) == len({record.number for record in run.exchanges}):
        yield f"it counts {run.requests} requests, and {len(readings)} exchanges were recorded"
    queries = sum(reading.exchange.operation.value == "query" for reading in readings.values())
    if sum(run.tested.statuses.values()) != queries:
        yield f"it counts {sum(run.tested.statuses.values())} statuses of {queries} queries"


def _verdict(run: Run) -> Iterator[str]:
    codes = {Verdict.PASS: (0,), Verdict.FAIL: (1,), Verdict.NO_VERDICT: (2, 3)}
    if run.exit_code not in codes[run.verdict]:
        yield f"the verdict {run.verdict.value} has exit code {run.exit_code}"
    broken = any(not violation.waived for violation in run.violations)
    if run.verdict is Verdict.PASS and broken:
        yield "it passes with a violation"
    if run.verdict is Verdict.FAIL and not broken and not (run.drift and run.drift_fails):
        yield "it fails without a violation"


def _violation(violation: Violation, run: Run, readings: Mapping[int, _Reading], seen: set[str]) -> Iterator[str]:
    name = violation.fingerprint
    if not violation.exchanges or any(number not in readings for number in violation.exchanges):
        yield f"{name} names no exchange, or one that there is not"
        return
    if not 1 <= violation.occurrences <= violation.of:
        yield f"{name} was seen in {violation.occurrences} of {violation.of}"
    if violation.cause and violation.cause not in {other.fingerprint for other in run.violations}:
        yield f"{name} follows from {violation.cause}, which is no violation of the run"
    expected = violation.expected if isinstance(violation.expected, list) else []
    identity = document().identity
    ids = [record[identity] for record in expected if isinstance(record, dict) and identity in record]
    if unseen := [id_ for id_ in map(str, filter(_is_shown_whole, ids)) if id_ not in seen and "[redacted" not in id_]:
        yield f"{name} expects a record that no answer shows: {unseen[0]}"
    first = readings[violation.exchanges[0]]
    size = (first.exchange.request.query or {}).get(document().paging.size)
    if first.is_plain_query and type(size) is int and len(ids) > size:
        yield f"{name} expects {len(ids)} records for {document().paging.size} {size}"


def _held(
    clause: ClauseResult, readings: Mapping[int, _Reading], judged: Sequence[_Reading], *, changed: bool
) -> Iterator[str]:
    kind = catalogue()[clause.id].shown_by
    evidence = [readings[number] for number in clause.exchanges if number in readings]
    if not any(reading.shows(kind) for reading in evidence):
        yield f"{clause.id} is held, and no answer named for it is the {kind} that shows it"
    for reading in evidence:
        if not reading.is_answer:
            yield f"{clause.id} is held by exchange {reading.exchange.number}, which the service did not answer"
    for reading in judged:
        if _contradicts(clause.id, reading, changed=changed):
            yield f"{clause.id} is held, and exchange {reading.exchange.number} contradicts it"
            return


def _contradicts(clause: str, reading: _Reading, *, changed: bool) -> bool:
    """Whether an answer by itself contradicts a clause; while a list changes, a total may be of a moment before."""
    request = reading.exchange.request
    if clause in _GUARDED:
        tried = request.credential.value in ("none", "given") and request.clauses[:1] == (clause,)
        return tried and request.method == "POST" and reading.is_answer and reading.status not in (401, 403)
    if clause == "request.malformed-json":
        good = request.credential.value in ("valid", "second")
        return clause in request.clauses and good and reading.is_answer and not reading.is_refusal
    if clause == "limit.page-cap":
        return (reading.said.count or 0) > document().paging.size_maximum
    if clause == "record.unique":
        return max(Counter(reading.said.ids).values(), default=0) > 1
    if clause.startswith("limit.") and not changed and reading.is_plain_query and reading.is_success:
        return clause in _clauses_of_size(request.query or {}) and reading.count not in (None, reading.said.count)
    return False


def _clauses_of_size(query: Mapping[str, Any]) -> tuple[str, ...]:
    """The clauses about the size of the page that a plain query asks for."""
    paging = document().paging
    if paging.size not in query:
        return ("limit.default", "limit.page-size")
    size = query[paging.size]
    if size == 0:
        return ("limit.zero",)
    if size > paging.size_maximum:
        return ("limit.clamp",)
    return ("limit.maximum", "limit.page-size") if size == paging.size_maximum else ("limit.page-size",)
