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
