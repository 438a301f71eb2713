"""One line a run: enough to say since when."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from lineman.cli.running import keeps_history
from lineman.report.history import HISTORY_FILE, add_to_history, clause_history, past_run, read_history, since_when
from lineman.report.languages import language
from lineman.report.run import Run, State
from lineman.report.run_page import run_page
from lineman.report.ticket import ticket, tickets

from . import builders


def runs(*states: State) -> list[Run]:
    """One run an hour, with ``offset.pages`` in these states."""
    return [
        builders.make_run(
            id=f"run-{at}",
            started=builders.START + timedelta(hours=at - len(states)),
            finished=builders.START + timedelta(hours=at - len(states), seconds=9),
            clauses=builders.clause_results({"offset.pages": state}),
        )
        for at, state in enumerate(states)
    ]


def test_a_line_says_how_a_run_ended(tmp_path: Path) -> None:
    run = builders.failing_run()
    add_to_history(run, tmp_path / "one")
    add_to_history(run, tmp_path / "one")
    (line,) = read_history(tmp_path, "staging")
    assert line == past_run(run, "one")
    assert line.state("offset.pages") is State.VIOLATED
    assert line.state("no.such-clause") is None
    assert line.broken == [violation.fingerprint for violation in run.violations]
    assert read_history(tmp_path, "production") == []
    assert (tmp_path / HISTORY_FILE).stat().st_size < 3_000


def test_a_torn_line_costs_no_report(tmp_path: Path) -> None:
    add_to_history(builders.make_run(), tmp_path / "one")
    with (tmp_path / HISTORY_FILE).open("a") as file:
        file.write('{"id": "half')
    assert len(read_history(tmp_path, "staging")) == 1


def test_since_when_is_the_first_of_the_runs_in_a_row_that_show_it() -> None:
    held, broken, unknown = State.HELD, State.VIOLATED, State.NOT_VERIFIED
    before = [past_run(run, run.id) for run in runs(broken, held, held, broken, unknown, broken)]
    since = since_when("offset.pages", before)
    assert since.first_seen is not None
    assert since.first_seen.id == "run-3"
    assert since.last_good is not None
    assert since.last_good.id == "run-2"
    assert since.changes == 2
    assert [state for _, state in since.strip] == [broken, held, held, broken, unknown, broken]


def test_what_no_run_saw_held_was_never_good() -> None:
    since = since_when("offset.pages", [past_run(run, run.id) for run in runs(State.NOT_VERIFIED)])
    assert (since.first_seen, since.last_good, since.changes) == (None, None, 0)


def test_any_clause_has_a_past() -> None:
    held, broken, unknown = State.HELD, State.VIOLATED, State.NOT_VERIFIED
    before = [past_run(run, run.id) for run in runs(held, broken, held, unknown, held)]
    past = clause_history("offset.pages", held, before)
    assert past.since is not None
    assert past.before is not None
    assert (past.since.id, past.before.id, past.before_state) == ("run-2", "run-1", broken)
    assert (past.changes, past.runs, len(past.strip)) == (2, 4, 5)
    past = clause_history("offset.pages", unknown, before)
    assert past.before is not None
    assert (past.since, past.before.id, past.before_state, past.changes) == (None, "run-4", held, 2)
    past = clause_history("offset.pages", held, before[2:])
    assert (past.before, past.changes, past.strip) == (None, 0, ())
    assert clause_history("offset.pages", held, before[3:4]).runs == 0


def test_the_list_of_clauses_says_since_when() -> None:
    before = [past_run(run, run.id) for run in runs(State.HELD, State.VIOLATED)]
    page = " ".join(run_page(builders.make_run(), history=before).split())
    assert 'broken last in <a href="../run-1/index.html">' in page
    assert "2 changes in 3 runs that verified it." in page
    unknown = [past_run(run, run.id) for run in runs(State.NOT_VERIFIED)]
    assert "No earlier run verified it." in run_page(builders.make_run(), history=unknown)
    waived = " ".join(run_page(builders.waived_run(), history=before).split())
    assert "accepted until 2026-07-01, 58 days from this run" in waived


def test_page_and_ticket_say_since_when() -> None:
    before = [past_run(run, run.id) for run in runs(State.HELD, State.VIOLATED)]
    run = builders.failing_run()
    page = run_page(run, history=before)
    assert "First seen in" in page
    assert 'href="../run-1/index.html"' in page
    assert 'href="../run-0/index.html"' in page
    group = next(one for one in tickets(run) if one.lead.clause == "offset.pages")
    assert "Seen since 2026-05-04 08:30 UTC (run run-1)" in ticket(run, group, language("en"), history=before)
    assert "run-0" in ticket(run, group, language("zh"), history=before)


def test_only_a_folder_of_reports_gets_the_file(tmp_path: Path) -> None:
    assert keeps_history(tmp_path / "reports" / "latest")
    assert not keeps_history(tmp_path / "elsewhere" / "run")
    add_to_history(builders.make_run(), tmp_path / "run")
    assert keeps_history(tmp_path / "next")
