"""``pytest.html`` says what the report says: one row a clause, with the clause's end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships no types
from playwright.sync_api import Browser, Page

from lineman.report.figures import STATE_WORDS
from lineman.report.run import Run
from lineman.suite.raw_page import write_raw_page

from . import builders

RUNS = {
    "fail": builders.failing_run,
    "waived": builders.waived_run,
    "no-verdict": builders.no_verdict_run,
    "hostile": builders.hostile_run,
}


def opened_page(browser: Browser, run: Run, folder: Path, width: int = 1280) -> Page:
    write_raw_page(run, folder)
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto((folder / "pytest.html").as_uri())
    return page


def cells(page: Page, name: str) -> list[str]:
    return page.locator(f"#results-table td.col-{name}").all_inner_texts()


@pytest.mark.parametrize("kind", RUNS)
def test_each_clause_has_one_row_with_its_end(browser: Browser, tmp_path: Path, kind: str) -> None:
    run = RUNS[kind]()
    page = opened_page(browser, run, tmp_path)
    ends = dict(zip(cells(page, "clause"), cells(page, "end"), strict=True))
    assert ends == {clause.id: STATE_WORDS[clause.state] for clause in run.clauses}
    words = {"held": "Passed", "observed": "Passed", "broken": "Failed", "waived": "XFailed", "not verified": "Skipped"}
    assert cells(page, "result") == [words[end] for end in cells(page, "end")]
    banner = page.locator(".verdict")
    assert banner.locator("a").get_attribute("href") == "index.html"
    assert run.explanation[:40] in banner.inner_text()
    page.close()


def test_what_is_waived_is_not_red(browser: Browser, tmp_path: Path) -> None:
    page = opened_page(browser, builders.waived_run(), tmp_path)
    assert page.locator("tbody.failed, tbody.error").count() == 0
    colour = page.locator("tbody.xfailed .col-result").evaluate("node => getComputedStyle(node).color")
    assert colour == "rgb(116, 77, 0)"
    page.close()


@pytest.mark.parametrize("kind", RUNS)
@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_it_has_bounds_and_nothing_that_shuts_people_out(
    browser: Browser, tmp_path: Path, kind: str, width: int
) -> None:
    page = opened_page(browser, RUNS[kind](), tmp_path, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.body.getBoundingClientRect().width") <= 1240
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in {"critical", "serious"}] == []
    page.close()


def test_a_hostile_target_gets_no_markup_and_no_place_of_this_machine_is_told(browser: Browser, tmp_path: Path) -> None:
    page = opened_page(browser, builders.hostile_run(), tmp_path)
    page.locator("#show_all_details").click()
    assert page.title() == "lineman: the clauses, by pytest-html"
    assert page.locator("img[onerror]").count() == 0
    text = (tmp_path / "pytest.html").read_text("utf-8")
    assert "Traceback" not in text
    assert not re.search(r"/\w+/lineman|raw_page|/tmp/", text)
    page.close()
