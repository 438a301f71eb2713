"""Runs over time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from lineman.report.files import ReportError, run_text
from lineman.report.run import Run, TargetInfo
from lineman.report.runs_index import MOST_RUNS, find_baseline, index

from . import builders


def put(folder: Path, run: Run) -> None:
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(run_text(run))


def on_day(day: int, run: Run, target: str = "staging") -> Run:
    moment = builders.START + timedelta(days=day)
    info = TargetInfo(name=target, base_url=f"https://{target}.example.test", token_url="https://t.example.test")
    return run.model_copy(update={"id": f"day{day}", "started": moment, "finished": moment, "target": info})


def test_the_baseline_is_the_latest_run_on_the_same_target(tmp_path: Path) -> None:
    put(tmp_path / "a", on_day(2, builders.failing_run()))
    put(tmp_path / "b", on_day(1, builders.make_run()))
    put(tmp_path / "c", on_day(3, builders.make_run(), "production"))
    put(tmp_path / "too" / "deep", on_day(9, builders.make_run()))
    (tmp_path / "e").mkdir()
    (tmp_path / "e" / "run.json").write_text("not a run")
    found = find_baseline(tmp_path, "staging")
    assert found is not None
    assert found.id == "day2"
    assert len(found.violations) == 3
    assert find_baseline(tmp_path, "elsewhere") is None
    assert find_baseline(tmp_path / "nowhere", "staging") is None


def test_the_page_lists_runs_newest_first_with_links(tmp_path: Path) -> None:
    for day, run in enumerate([builders.make_run(), builders.failing_run(), builders.no_verdict_run()]):
        put(tmp_path / f"run {day}", on_day(day, run))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.json").write_text("{}")
    page = index(tmp_path).read_text()
    table = page[page.index('<table class="runs">') :]
    links = [table.index(f'href="./run%20{day}/index.html"') for day in (2, 1, 0)]
    assert links == sorted(links)
    assert ">NO VERDICT<" in page
    assert "not a run of this version of lineman" in page


def test_a_strip_has_the_last_thirty_runs_and_gaps_stay_gaps(tmp_path: Path) -> None:
    for day in range(33):
        run = on_day(day, builders.failing_run() if day == 20 else builders.make_run())
        if day == 25:
            run = run.model_copy(update={"clauses": [one for one in run.clauses if one.id != "offset.pages"]})
        put(tmp_path / f"run{day}", run)
    page = index(tmp_path).read_text()
    row = page[page.index("<code>offset.pages</code></th>") :].partition("</tr>")[0]
    assert row.count("<rect") == MOST_RUNS
    assert row.count('class="violated"') == 1
    assert row.count('class="gap"') == 1
    assert "30 runs, oldest first: 28 held, 1 violated, 1 gap" in row


def test_one_run_without_a_verdict_makes_no_clause_restless(tmp_path: Path) -> None:
    for day, run in enumerate([builders.make_run(), builders.no_verdict_run(), builders.make_run()]):
        put(tmp_path / f"run{day}", on_day(day, run))
    page = index(tmp_path).read_text()
    calm = page.partition('<details class="calm">')[2]
    assert "<code>limit.zero</code>" in calm
    assert "<code>auth.tenant-isolation</code>" not in calm


def test_an_empty_folder_says_so(tmp_path: Path) -> None:
    assert "There is no run here yet." in index(tmp_path).read_text()


def test_a_runs_own_page_is_never_overwritten(tmp_path: Path) -> None:
    put(tmp_path / "run", builders.make_run())
    with pytest.raises(ReportError, match="the folder of one run: give the folder above it"):
        index(tmp_path / "run")
    with pytest.raises(ReportError, match="is not a folder"):
        index(tmp_path / "nowhere")
