"""axe finds nothing to complain about, in either theme, on any page."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships no types
from playwright.sync_api import Browser, Page, expect

from lineman.report.compare import compare
from lineman.report.compare_views import comparison_html
from lineman.report.files import run_text
from lineman.report.runs_index import index

from . import builders
from .opening import opened


def complaints(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["fail", "pass", "no-verdict", "waived", "hostile"])
def test_a_runs_page(browser: Browser, rendered: Path, kind: str, theme: str) -> None:
    with opened(browser, rendered / kind / "index.html", color_scheme=theme, bypass_csp=True) as (page, _):
        page.locator("#requests").scroll_into_view_if_needed()
        expect(page.locator("#exchange-rows tr").first).to_be_visible()
        assert complaints(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_open_exchange(browser: Browser, rendered: Path, theme: str) -> None:
    with opened(browser, rendered / "fail" / "index.html", "#exchange=12", color_scheme=theme, bypass_csp=True) as (
        page,
        _,
    ):
        expect(page.get_by_role("dialog")).to_contain_text("Exchange 12")
        assert complaints(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_comparison_and_the_index(browser: Browser, tmp_path: Path, theme: str) -> None:
    for day, run in enumerate(
        [builders.make_run(), builders.failing_run(), builders.no_verdict_run(), builders.waived_run()]
    ):
        moved = run.model_copy(update={"id": str(day), "started": builders.START + timedelta(days=day)})
        (tmp_path / str(day)).mkdir()
        (tmp_path / str(day) / "run.json").write_text(run_text(moved))
    (tmp_path / "compare.html").write_text(comparison_html(compare(builders.make_run(), builders.failing_run())))
    for file in (index(tmp_path), tmp_path / "compare.html"):
        with opened(browser, file, color_scheme=theme, bypass_csp=True) as (page, _):
            assert complaints(page) == []


def test_axe_can_complain(browser: Browser, rendered: Path) -> None:
    with opened(browser, rendered / "pass" / "index.html", bypass_csp=True) as (page, _):
        page.evaluate("document.querySelector('main').append(document.createElement('button'))")
        assert [text.split(":")[0] for text in complaints(page)] == ["button-name"]
