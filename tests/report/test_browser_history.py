"""The page over all runs and the comparison, in a real browser."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from lineman.report.compare import compare
from lineman.report.compare_views import comparison_html
from lineman.report.run import TargetInfo
from lineman.report.run_folder import write_run_files
from lineman.report.runs_index import index

from . import builders
from .opening import opened


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for day, target in enumerate(["staging", "production", "staging"]):
        info = TargetInfo(name=target, base_url="https://h.example.test", token_url="https://h.example.test")
        started = builders.START + timedelta(days=day)
        run = builders.make_run(id=f"run-{day}", target=info, started=started, finished=started)
        write_run_files(run, tmp_path / f"run {day}")
    index(tmp_path)
    return tmp_path


def test_one_target_at_a_time_kept_in_the_address(browser: Browser, runs: Path) -> None:
    with opened(browser, runs / "index.html") as (page, _):
        sections = page.locator("[data-history]:visible")
        expect(sections).to_have_count(2)
        page.get_by_role("button", name="production").click()
        expect(sections).to_have_count(1)
        assert page.url.endswith("#target=production")
        page.reload()
        expect(sections).to_have_count(1)
        page.get_by_role("button", name="production").click()
        expect(sections).to_have_count(2)


def test_a_run_is_one_click_away(browser: Browser, runs: Path) -> None:
    with opened(browser, runs / "index.html") as (page, noted):
        page.locator("table.runs a").first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("PASS")
        assert page.url.endswith("run%202/index.html")
        noted.requests.clear()


@pytest.mark.parametrize("width", [390, 1280, 2560])
def test_the_pages_fit_the_window(browser: Browser, runs: Path, width: int) -> None:
    (runs / "compare.html").write_text(comparison_html(compare(builders.hostile_run(), builders.failing_run())))
    for name in ("index.html", "compare.html"):
        with opened(browser, runs / name, viewport={"width": width, "height": 900}) as (page, _):
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_verdicts_over_time_are_stacked_and_each_column_and_cell_leads_to_its_run(
    browser: Browser, tmp_path: Path
) -> None:
    kinds = [builders.make_run, builders.failing_run, builders.no_verdict_run, builders.waived_run]
    for day, kind in enumerate(kinds):
        write_run_files(kind(id=str(day), started=builders.START + timedelta(days=day)), tmp_path / f"run {day}")
    index(tmp_path)
    with opened(browser, tmp_path / "index.html") as (page, _):
        columns = page.locator(".verdicts a")
        links = [f"./run%20{day}/index.html" for day in range(4)]
        assert [one.get_attribute("href") for one in columns.all()] == links
        for one, kind in zip(columns.all(), kinds, strict=True):
            heights = {
                str(r.get_attribute("class")): float(str(r.get_attribute("height"))) for r in one.locator("rect").all()
            }
            promised = [clause for clause in kind().clauses if clause.level == "promised"]
            for state, height in heights.items():
                number = sum(clause.state.value == state for clause in promised)
                assert height == pytest.approx(100 * number / len(promised), abs=0.01)
            assert sum(heights.values()) == pytest.approx(100, abs=0.05)
        cells = page.locator("svg.strip").first.locator("a")
        assert [one.get_attribute("href") for one in cells.all()] == links
        drift = page.locator(".drift-sentence").all_inner_texts()
        assert "Does fuzzy matching mind case? Pinned: minds case. Now: ignores case." in drift
