"""``pytest.html``: pytest-html's page with one row a clause, rendered from the finished run.

The page of the tests themselves would contradict the verdict: one test judges several clauses, a waived violation
fails its test, and what breaks pytest itself is shown with values of variables. So pytest-html is given a session of
its own, in which every clause of the run is an item that ends as the clause did.
"""

from __future__ import annotations

import re
import tempfile
from html import escape
from pathlib import Path
from typing import Any

import pytest

from lineman.report.figures import STATE_WORDS, verdict_word
from lineman.report.files import write
from lineman.report.html import clause_anchor, violation_anchor
from lineman.report.run import ClauseResult, Run, State, Violation
from lineman.suite.isolation import PLUGINS, isolated
from lineman.suite.quiet import QuietTerminal
from lineman.text import clip, count, pretty, visible
from lineman.times import format_duration

PAGE = "pytest.html"
_SETTINGS = "[pytest]\nrender_collapsed = all\ninitial_sort = result\n"
_STYLE = """
body { min-width: 0; max-width: 1200px; margin: 1rem auto; padding: 0 1rem; color: #333; overflow-wrap: anywhere; }
a, #results-table { color: #333; }
#results-table { table-layout: fixed; }
#results-table th:first-child { width: 5.5rem; } .col-end { white-space: nowrap; }
#results-table th:nth-child(2) { width: 7rem; } #results-table th:nth-child(3) { width: 14rem; }
.verdict { font-size: 14px; padding: .6rem .8rem; border-left: 5px solid; background: #f6f6f6; }
span.passed, .passed .col-result { color: #1b6437; }
span.skipped, span.xfailed, span.rerun, .skipped .col-result, .xfailed .col-result { color: #744d00; }
span.failed, span.error, span.xpassed, .failed .col-result { color: #a11d17; }
.collapse button { color: #333; }
@media (max-width: 700px) {
  .controls { flex-wrap: wrap; height: auto; }
  #results-table th:first-child { width: 3.6rem; } #results-table th:nth-child(2) { width: 4.5rem; }
  #results-table th:nth-child(3) { width: 7rem; } .col-end { white-space: normal; }
}
.log { color: #222; white-space: pre-wrap; }
"""
_LABELS = {"failed": "broken", "passed": "held or observed", "skipped": "not verified", "xfailed": "waived"}
"""What pytest-html counts, in the words of the report."""
_LONGEST = 2_000


def write_raw_page(run: Run, folder: Path) -> None:
    """Write the page into a run's folder; where pytest-html cannot make it, there is none and the run has no link.

    Raises:
        ReportError: the file cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="lineman-") as scratch:
        place = Path(scratch)
        (place / "pytest.ini").write_text(_SETTINGS)
        (place / "page.css").write_text(_STYLE)
        page = place / PAGE
        args = [str(place), f"--rootdir={place}", "-c", str(place / "pytest.ini"), "-p", "no:cacheprovider", "-s"]
        args += [part for name in PLUGINS for part in ("-p", name)]
        args += [f"--html={page}", "--self-contained-html", f"--css={place / 'page.css'}"]
        with isolated():
            pytest.main(args, plugins=[QuietTerminal(), _ClausePage(run)])
        if page.is_file():
            text = page.read_text("utf-8").replace(f"{place}/", "")  # pytest-html names the style's file
            write(folder / PAGE, _readable(text, run).encode("utf-8", "backslashreplace"))


def _readable(page: str, run: Run) -> str:
    """Name the language and the boxes, which pytest-html leaves to guess for people who do not see them, and count
    the run, where pytest-html counts the milliseconds of its own session.
    """
    page = page.replace("<html>", '<html lang="en">', 1)
    took = format_duration((run.finished - run.started).total_seconds(), "spent")
    said = f"{count(len(run.clauses), 'clause')}, {count(run.requests, 'request')}; the run took {took}."
    page = re.sub(r'(<p class="run-count">).*?(</p>)', rf"\g<1>{said}\g<2>", page, count=1, flags=re.DOTALL)
    for outcome in ("failed", "passed", "skipped", "xfailed", "xpassed", "error", "rerun", "retried"):
        box = f'data-test-result="{outcome}"'
        page = page.replace(box, f'{box} aria-label="show {_LABELS.get(outcome, outcome)}"', 1)
    return page


class _ClauseItem(pytest.Item):
    """A clause of the run, as a test that ends as the clause did."""

    clause: ClauseResult

    def runtest(self) -> None:
        if self.clause.state is State.VIOLATED:
            pytest.fail("broken", pytrace=False)
        if self.clause.state is State.WAIVED:
            pytest.xfail("waived")
        if self.clause.state is State.NOT_VERIFIED:
            pytest.skip("not verified")

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, self.name


class _ClausePage:
    """The plugin that puts the run in the place of a folder's tests."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._clauses = {clause.id: clause for clause in run.clauses}
        self._broken: dict[str, list[Violation]] = {}
        for violation in run.violations:
            self._broken.setdefault(violation.clause, []).append(violation)

    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        items[:] = [self._item(session, clause) for clause in self._run.clauses]

    def _item(self, session: pytest.Session, clause: ClauseResult) -> pytest.Item:
        item: _ClauseItem = _ClauseItem.from_parent(session, name=clause.id, nodeid=clause.id)
        item.clause = clause
        return item

    @pytest.hookimpl(optionalhook=True, trylast=True)
    def pytest_metadata(self, metadata: dict[str, Any]) -> None:
        """What was judged, in place of the versions of this process."""
        run = self._run
        metadata.clear()
        metadata |= {"Target": f"{run.target.name}, {run.target.base_url}", "Run": run.id, "Profile": run.profile}
        metadata |= {"Seed": str(run.seed), "lineman": run.lineman, **run.environment}
        for name, value in list(metadata.items()):
            metadata[name] = escape(visible(clip(value, _LONGEST)))

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        report.title = "lineman: the clauses, by pytest-html"
        for outcome, label in _LABELS.items():
            report.outcomes[outcome]["label"] = label

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        said = f"<b>{verdict_word(self._run)}</b> {_escaped(self._run.explanation)}"
        link = '<a href="index.html">The report of this run</a> has the evidence, the tickets and every request.'
        prefix.append(f'<p class="verdict">{said}<br>{link}</p>')

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        cells[1:] = ["<th>End</th>", '<th class="sortable" data-column-type="clause">Clause</th>', "<th>Promise</th>"]

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> None:
        clause = self._clauses[report.nodeid]
        anchor = clause_anchor(clause.id)
        cells[1:] = [
            f'<td class="col-end">{STATE_WORDS[clause.state]}</td>',
            f'<td class="col-clause"><a href="index.html#{anchor}">{_escaped(clause.id)}</a></td>',
            f"<td>{_escaped(clause.title)}</td>",
        ]

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_html(self, report: pytest.TestReport, data: list[str]) -> None:
        """What the run says of the clause, and nothing of how this page was made."""
        clause = self._clauses[report.nodeid]
        texts = [_violation(violation) for violation in self._broken.get(clause.id, [])]
        if clause.reason and clause.state is not State.VIOLATED:
            texts.append(_escaped(clause.reason))
        if clause.answer:
            texts.append(f"Answer: {_escaped(clause.answer)}")
        data[:] = texts or [f"{clause.requests} answers bear on it."]


def _violation(violation: Violation) -> str:
    parts = [violation.summary, f"Expected: {pretty(violation.expected)}", f"Actual: {pretty(violation.actual)}"]
    if violation.waived:
        parts.insert(0, f"Waived until {violation.waiver_until}: {violation.waiver_reason}")
    text = "\n".join(_escaped(part) for part in [*parts, violation.curl])
    anchor = violation_anchor(violation.fingerprint)
    return f'{text}\n<a href="index.html#{anchor}">Its evidence in the report</a>\n'


def _escaped(text: str) -> str:
    return escape(visible(clip(text, _LONGEST)))
