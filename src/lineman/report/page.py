"""``index.html`` of a run: the page that decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lineman.report.causes import Break, Cause, causes
from lineman.report.comparison import broken_before, gone_clauses
from lineman.report.evidence import pack
from lineman.report.exercise import exercised
from lineman.report.json_marks import Line, mark
from lineman.report.latency import NEEDED, figures
from lineman.report.pages import render
from lineman.report.plots import latency_plot
from lineman.report.run import Change, ClauseResult, Level, Run, State, Violation
from lineman.report.text import count
from lineman.report.verdict import STATE_WORDS, counts, open_violations, verdict_word

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


def run_page(run: Run, *, raw_page: bool = False) -> str:
    """Render the page of a run: one file, offline, readable without JavaScript.

    ``raw_page`` links to pytest-html's page, where it lies in the same folder.
    """
    word = verdict_word(run)
    clauses = {clause.id: clause for clause in run.clauses}
    phases = figures(run)
    before = broken_before(run)
    found, waived = causes(open_violations(run), before), causes((v for v in run.violations if v.waived), before)
    every = [one for cause in (*found, *waived) for one in cause.breaks]
    return render(
        "run.html",
        scripts=("hash.js", "evidence.js", "run.js"),
        run=run,
        raw_page=raw_page,
        word=word,
        verdict_class=_VERDICT_CLASSES[word],
        verdict_mark=_VERDICT_MARKS[word],
        counts=counts(run),
        duration=(run.finished - run.started).total_seconds(),
        causes=_broken(found, clauses),
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
        maps=exercised(run),
        evidence=pack(run),
    )


def _broken(found: list[Cause], clauses: dict[str, ClauseResult]) -> list[list[Broken]]:
    return [[_one_broken(one, clauses.get(one.lead.clause)) for one in cause.breaks] for cause in found]


def _one_broken(one: Break, clause: ClauseResult | None) -> Broken:
    others = [_card(violation, clause) for violation in one.others[:_MOST_WAYS]]
    return Broken(_card(one.lead, clause), one.change, one.new_ways, others, list(one.others[_MOST_WAYS:]))


def _card(violation: Violation, clause: ClauseResult | None) -> Card:
    return Card(
        violation=violation,
        clause=clause,
        expected=mark(violation.expected, violation.actual),
        actual=mark(violation.actual, violation.expected),
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
