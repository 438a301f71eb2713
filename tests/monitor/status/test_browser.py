"""The status page in a real browser: all well, in an incident, with nothing known, with hostile texts."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships no types
from playwright.sync_api import Browser, Page, expect
from tests.monitor.status import builders
from tests.report.opening import opened

SCENES = ("all_well", "in_incident", "no_data", "hostile")


def shown(page: Page) -> list[str]:
    return page.locator("li.canary:visible h3").all_inner_texts()


@pytest.mark.parametrize(
    ("scene", "sentence"),
    [
        ("all_well", "All 3 canaries are up"),
        ("in_incident", "1 of 5 canaries is down; 1 in maintenance"),
        ("no_data", "Nothing is known of 2 of 2 canaries"),
        ("hostile", "2 of 2 canaries are down"),
    ],
)
def test_the_verdict_is_readable_without_javascript(browser: Browser, scenes: Path, scene: str, sentence: str) -> None:
    with opened(browser, scenes / f"{scene}.html", java_script_enabled=False) as (page, _):
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(re.escape(sentence)))
        expect(page.get_by_role("button")).to_have_count(0)
        assert page.title() == f"{sentence} · lineman"
        assert len(shown(page)) == page.locator("section.sheet:visible").count() > 1


def test_the_worst_comes_first_in_words(browser: Browser, scenes: Path) -> None:
    with opened(browser, scenes / "in_incident.html") as (page, _):
        names = ["documented-example", "quiet-line", "slow-line", "flapping-line", "upgraded-line"]
        assert shown(page) == names
        badges = [text.split()[-1] for text in page.locator("li.canary .who .badge:first-child").all_inner_texts()]
        assert badges == ["down", "unknown", "degraded", "up", "down"]
        last = page.locator("li.canary").last
        expect(last).to_contain_text("in maintenance")


def test_an_incident_is_told_as_a_story(browser: Browser, scenes: Path) -> None:
    with opened(browser, scenes / "in_incident.html") as (page, _):
        story = page.locator("details.story", has_text="flapping-line")
        expect(story).to_contain_text("degraded, then failed, came back 2 times")
        story.locator("summary").click()
        told = [line.split(maxsplit=3)[3] for line in story.locator("li:visible").all_inner_texts()]
        assert told[0] == "degraded: took 612ms, degraded above 250ms"
        assert told.index("oncall told that it is degraded") < told.index("oncall told that it failed")
        assert sum(line.startswith("failed: a record that must be there is missing") for line in told) == 3
        assert told.count("good again") == 3
        assert "oncall told that it is flapping" in told
        assert re.fullmatch(r"incident over, lasted 27 min, came back 2 times in between", told[-2])
        assert told[-1] == "oncall told that it recovered"
        waiting = page.locator("details.story[open]", has_text="not delivered yet")
        expect(waiting).to_have_count(1)


def test_a_gap_names_its_reason(browser: Browser, scenes: Path) -> None:
    with opened(browser, scenes / "in_incident.html") as (page, _):
        gaps = page.locator("#canary-quiet-line .gaps")
        expect(gaps).to_contain_text("22:09:42 to 22:29:42 UTC (missed: monitor was not running)")
        assert gaps.inner_text().count("missed") == 1, "what lies side by side is one gap"
        expect(page.locator("#canary-slow-line .gaps")).to_have_count(0)


def test_states_and_words_filter_and_the_address_keeps_them(browser: Browser, scenes: Path) -> None:
    with opened(browser, scenes / "in_incident.html") as (page, _):
        page.locator(".toggles button", has_text="unknown").click()
        assert shown(page) == ["quiet-line"]
        page.locator(".toggles button", has_text="maintenance").click()
        assert shown(page) == ["quiet-line", "upgraded-line"]
        page.keyboard.press("/")
        page.keyboard.type("!upgraded")
        assert shown(page) == ["quiet-line"]
        assert page.url.endswith("#state=unknown,planned&q=%21upgraded")
        page.reload()
        assert shown(page) == ["quiet-line"]
        expect(page.locator("#shown")).to_have_text("1 of 5 canaries shown")
        page.locator("#clear").click()
        assert len(shown(page)) == 5
        page.locator(".tally a", has_text="degraded").click()
        expect(page.locator("#shown")).to_have_text("1 of 5 canaries shown")
        assert shown(page) == ["slow-line"]
        expect(page.locator("#canaries-title")).to_be_in_viewport()


@pytest.mark.parametrize("scene", SCENES)
def test_the_page_fits_the_window(browser: Browser, scenes: Path, scene: str) -> None:
    with opened(browser, scenes / f"{scene}.html") as (page, _):
        page.eval_on_selector_all("details", "nodes => nodes.forEach(node => { node.open = true; })")
        for width in (390, 1280, 2560):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            expect(page.get_by_role("heading", level=1)).to_be_in_viewport()


@pytest.mark.parametrize(
    ("scene", "theme"),
    [
        ("in_incident", "light"),
        ("in_incident", "dark"),
        ("no_data", "dark"),
        ("hostile", "light"),
    ],
)
def test_axe_has_nothing_to_complain_about(browser: Browser, scenes: Path, scene: str, theme: str) -> None:
    with opened(browser, scenes / f"{scene}.html", color_scheme=theme, bypass_csp=True) as (page, _):
        page.eval_on_selector_all("details", "nodes => nodes.forEach(node => { node.open = true; })")
        found = Axe().run(page).response["violations"]
        assert [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]] == []


def test_nothing_of_the_targets_executes(browser: Browser, scenes: Path) -> None:
    with opened(browser, scenes / "hostile.html") as (page, _):
        page.eval_on_selector_all("details", "nodes => nodes.forEach(node => { node.open = true; })")
        assert page.title() == "2 of 2 canaries are down · lineman"
        assert page.locator("img, b:has-text('clause')").count() == 0
        assert page.locator("script").count() == 1
        expect(page.locator("li.canary").first).to_contain_text("⟨U+202E⟩evil⟨U+202C⟩")
        expect(page.locator(".broken").first).to_contain_text("no.such<b>clause")


def test_no_record_of_a_customer_is_shown(scenes: Path) -> None:
    with closing(sqlite3.connect(scenes / "in_incident.sqlite")) as connection:
        messages = {row[0] for row in connection.execute("SELECT message FROM results")}
    assert sum("PLANTED-RECORD" in message for message in messages) == 2, "history holds what the probes said"
    page = (scenes / "in_incident.html").read_text(encoding="utf-8")
    assert "PLANTED" not in page
    for words in ("No record comes twice", "a record that must be there is missing among the 3 of the answer"):
        assert words in page


def test_print_shows_everything_that_is_folded(browser: Browser, scenes: Path) -> None:
    with opened(browser, scenes / "in_incident.html") as (page, _):
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        expect(page.locator("form.filter")).to_be_hidden()
        expect(page.locator("details.story:not([open])")).to_have_count(0)
        expect(page.locator(".timeline").last).to_be_visible()
        assert page.pdf().startswith(b"%PDF")


def test_a_theme_is_chosen_and_kept(browser: Browser, scenes: Path) -> None:
    with opened(browser, scenes / "all_well.html") as (page, _):
        page.keyboard.press("t")
        page.keyboard.press("t")
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        page.reload()
        assert page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"


def test_a_thousand_canaries_stay_usable(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "many.sqlite"
    file = builders.page_file(path, builders.many(path, 1_000))
    assert file.stat().st_size < 6_000_000
    with opened(browser, file) as (page, _):
        expect(page.get_by_role("heading", level=1)).to_contain_text("11 of 1000 canaries are down")
        loaded = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        assert loaded < 5_000, "milliseconds"
        expect(page.locator("li.canary").nth(10)).to_contain_text("no connection")
        expect(page.locator("li.canary").nth(11)).to_contain_text("answered")
        page.locator("#search").fill("line-0777")
        assert shown(page) == ["line-0777"]
        expect(page.locator("#canary-line-0005")).to_be_attached()
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280
