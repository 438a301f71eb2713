"""``index.html`` of a run: the page that decides."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from lineman.report.compare import broken_before, gone_clauses
from lineman.report.coverage import coverage_maps
from lineman.report.figures import NEEDED, STATE_WORDS, counts, figures, open_violations, verdict_word
from lineman.report.grouping import BrokenClause, Group, group_by_cause
from lineman.report.history import ClauseHistory, PastRun, clause_history, since_when
from lineman.report.html import render
from lineman.report.json_diff import Line, diff_lines
from lineman.report.languages import LOCALES, language
from lineman.report.plots import can_draw, latency_plot
from lineman.report.request_table import COLUMNS, request_rows
from lineman.report.run import Change, ClauseResult, ExchangeRecord, Level, Run, State, Violation
from lineman.report.ticket import FOLDER, ticket, ticket_name
from lineman.text import count

BLOCK = 100
"""Exchanges in one compressed block."""
_BODY_CAPS = (65_536, 16_384, 4_096, 1_024, 256, 0)
_SHOWN_BODY_CAP = 65_536
_FULL_BUDGET = 1_400_000
_DEEP_BUDGET = 4_000_000
_MANY = 1_000


@dataclass(frozen=True, slots=True)
class PackedExchanges:
    """Base64 of gzip of JSON: an index of all exchanges and the exchanges themselves in blocks."""

    index: str
    blocks: tuple[str, ...]
    body_cap: int
    """Characters of a body that the page keeps, for exchanges that show no violation."""
    shortest: int
    """Characters of the shortest body that was cut: what is left of it at least."""
    cut: int
    """How many bodies the page holds only in part."""


def pack_exchanges(run: Run) -> PackedExchanges:
    """Pack the exchanges of a run within the page's budget."""
    budget = _DEEP_BUDGET if len(run.exchanges) > _MANY else _FULL_BUDGET
    shown = {number for violation in run.violations for number in violation.exchanges}
    for cap in _BODY_CAPS:
        evidence = _pack(run, shown, cap)
        if sum(map(len, evidence.blocks)) + len(evidence.index) <= budget:
            break
    return evidence


def _pack(run: Run, shown: set[int], cap: int) -> PackedExchanges:
    rows = [_row(exchange, _SHOWN_BODY_CAP if exchange.number in shown else cap) for exchange in run.exchanges]
    blocks = tuple(_squeeze(rows[at : at + BLOCK]) for at in range(0, len(rows), BLOCK))
    return PackedExchanges(
        index=_squeeze(request_rows(run)),
        blocks=blocks,
        body_cap=cap,
        shortest=min((len(row["response_body"] or "") for row in rows if row["cut"]), default=0),
        cut=sum(row["cut"] for row in rows),
    )


def _squeeze(value: Any) -> str:
    text = json.dumps(value, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode("ascii"), compresslevel=9, mtime=0)).decode("ascii")


def _row(exchange: ExchangeRecord, cap: int) -> dict[str, Any]:
    row = exchange.model_dump(mode="json")
    was_cut = exchange.cut
    for member in ("request_body", "response_body"):
        body = row[member]
        if body is not None and len(body) > cap:
            row[member] = body[:cap]
            was_cut = True
    row["cut"] = was_cut
    return row


_VERDICT_CLASSES = {"PASS": "held", "FAIL": "violated", "PASS WITH WAIVERS": "waived", "NO VERDICT": "not-verified"}
_VERDICT_MARKS = {"PASS": "✓", "FAIL": "✕", "PASS WITH WAIVERS": "~", "NO VERDICT": "?"}
_MOST_ROWS = 20
_MOST_WAYS = 12
_OPEN_CAUSES = 3


@dataclass(frozen=True, slots=True)
class RecordTable:
    """Records of one kind of difference, at most twenty of them."""

    title: str
    columns: list[str]
    rows: list[list[Any]]
    left_out: int


@dataclass(frozen=True, slots=True)
class Card:
    """A violation as the page shows it."""

    violation: Violation
    clause: ClauseResult | None
    expected: list[Line]
    actual: list[Line]
    tables: list[RecordTable]


@dataclass(frozen=True, slots=True)
class Broken:
    """One broken clause: its smallest violation, others unfolded on demand, and those left to one line each."""

    lead: Card
    change: Change | None
    new_ways: int
    others: list[Card]
    rest: list[Violation]


@dataclass(frozen=True, slots=True)
class Area:
    """The clauses of one area of the matrix."""

    name: str
    clauses: list[ClauseResult]

    def number(self, state: State) -> int:
        return sum(clause.state is state for clause in self.clauses)


def run_page(run: Run, *, raw_page: bool = False, history: Sequence[PastRun] = ()) -> str:
    """Render the page of a run: one file, offline, readable without JavaScript.

    ``history`` are the runs before it, oldest first. ``raw_page`` links to pytest-html's page, where it lies in the
    same folder.
    """
    word = verdict_word(run)
    clauses = {clause.id: clause for clause in run.clauses}
    phases = figures(run)
    before = broken_before(run)
    found, waived = (
        group_by_cause(open_violations(run), before),
        group_by_cause((v for v in run.violations if v.waived), before),
    )
    every = [one for cause in (*found, *waived) for one in cause.breaks]
    return render(
        "run.html",
        scripts=("hash.js", "evidence.js", "requests.js", "run.js"),
        run=run,
        raw_page=raw_page,
        word=word,
        verdict_class=_VERDICT_CLASSES[word],
        verdict_mark=_VERDICT_MARKS[word],
        counts=counts(run),
        duration=(run.finished - run.started).total_seconds(),
        causes=_broken(found, clauses),
        sinces={v.clause: since_when(v.clause, history) for v in run.violations} if history else {},
        histories=_histories(run, history),
        waivers=_ending_waivers(run),
        tickets={group.lead.fingerprint: _ticket(run, group, history) for group in found},
        accepted=_broken(waived, clauses),
        open_causes=_OPEN_CAUSES,
        areas=_areas(run),
        anchored={one.lead.clause: one.lead.fingerprint for cause in (*waived, *found) for one in cause.breaks},
        drifted={drift.clause: drift for drift in run.drift},
        silent=_silent(run),
        gone=gone_clauses(run),
        fresh=sum(one.change is Change.NEW for one in every),
        still=sum(one.change is Change.STILL for one in every),
        unverified=[one for one in run.clauses if one.state is State.NOT_VERIFIED and one.level is Level.PROMISED],
        states=list(STATE_WORDS),
        phases=phases,
        percents=list(NEEDED),
        plot=latency_plot(run),
        can_draw=can_draw(),
        maps=coverage_maps(run),
        columns=COLUMNS,
        evidence=pack_exchanges(run),
    )


def _histories(run: Run, history: Sequence[PastRun]) -> dict[str, ClauseHistory]:
    """How each promise ended before; open questions have answers, whose changes are drift."""
    if not history:
        return {}
    promised = [clause for clause in run.clauses if clause.level is Level.PROMISED]
    return {clause.id: clause_history(clause.id, clause.state, history) for clause in promised}


_SOON = 14
"""Days before its end that a waiver stands on the first screen: time for a vendor to answer, or for a new decision."""


@dataclass(frozen=True, slots=True)
class EndingWaiver:
    """A waiver that has expired or ends soon; ``days`` from the run to its end, below zero where it is over."""

    match: str
    reason: str
    until: date
    days: int


def _ending_waivers(run: Run) -> list[EndingWaiver]:
    found = [EndingWaiver(w.match, w.reason, w.until, (w.until - run.started.date()).days) for w in run.waivers]
    return sorted((one for one in found if one.days <= _SOON), key=lambda one: one.days)


@dataclass(frozen=True, slots=True)
class WrittenTicket:
    """A cause's ticket in every language, and its file beside the page."""

    path: str
    texts: list[TicketText]


@dataclass(frozen=True, slots=True)
class TicketText:
    """One language of a ticket; ``tag`` is for HTML's ``lang``."""

    tag: str
    name: str
    text: str


def _ticket(run: Run, group: Group, history: Sequence[PastRun]) -> WrittenTicket:
    languages = [language(code) for code in LOCALES]
    texts = [TicketText(one.tag, one.name, ticket(run, group, one, history=history)) for one in languages]
    return WrittenTicket(f"{FOLDER}/{ticket_name(group)}", texts)


def _broken(found: list[Group], clauses: dict[str, ClauseResult]) -> list[list[Broken]]:
    return [[_one_broken(one, clauses.get(one.lead.clause)) for one in cause.breaks] for cause in found]


def _one_broken(one: BrokenClause, clause: ClauseResult | None) -> Broken:
    others = [_card(violation, clause) for violation in one.others[:_MOST_WAYS]]
    return Broken(_card(one.lead, clause), one.change, one.new_ways, others, list(one.others[_MOST_WAYS:]))


def _card(violation: Violation, clause: ClauseResult | None) -> Card:
    return Card(
        violation=violation,
        clause=clause,
        expected=diff_lines(violation.expected, violation.actual),
        actual=diff_lines(violation.actual, violation.expected),
        tables=_tables(violation),
    )


def _tables(violation: Violation) -> list[RecordTable]:
    if violation.records is None:
        return []
    named = (
        ("missing from the answer", violation.records.missing),
        ("that should not be there", violation.records.extra),
    )
    return [_table(title, records) for title, records in named if records]


def _table(title: str, records: list[dict[str, Any]]) -> RecordTable:
    shown = records[:_MOST_ROWS]
    columns = list(dict.fromkeys(name for record in shown for name in record))
    return RecordTable(
        title=f"{count(len(records), 'record')} {title}",
        columns=columns,
        rows=[[record.get(name, "") for name in columns] for record in shown],
        left_out=len(records) - len(shown),
    )


def _areas(run: Run) -> list[Area]:
    areas: dict[str, list[ClauseResult]] = {}
    for clause in run.clauses:
        areas.setdefault(clause.area, []).append(clause)
    return [Area(name, clauses) for name, clauses in areas.items()]


def _silent(run: Run) -> list[ClauseResult]:
    """Open questions, drifted ones first."""
    drifted = {drift.clause for drift in run.drift}
    silent = [clause for clause in run.clauses if clause.level is Level.SILENT]
    return sorted(silent, key=lambda clause: clause.id not in drifted)
