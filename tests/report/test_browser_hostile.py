"""A hostile target in a real browser: nothing executes, the layout holds, large runs open at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from lineman.report.run_folder import write_run_files

from . import builders
from .opening import opened


@pytest.mark.parametrize("width", [390, 1280, 2560])
def test_the_layout_holds(browser: Browser, rendered: Path, width: int) -> None:
    viewport = {"width": width, "height": 900}
    with opened(browser, rendered / "hostile" / "index.html", viewport=viewport) as (page, _):
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_nothing_of_the_targets_executes(browser: Browser, rendered: Path) -> None:
    with opened(browser, rendered / "hostile" / "index.html") as (page, _):
        dialog = page.get_by_role("dialog")
        for number in (1, 2, 3):
            page.evaluate(f"location.hash = 'exchange={number}'")
            expect(dialog).to_contain_text(f"Exchange {number} of 3")
            expect(dialog).to_contain_text("</script>" if number < 3 else "cut:")
        page.keyboard.press("Escape")
        page.locator("#requests").scroll_into_view_if_needed()
        expect(page.locator("#exchange-rows tr")).to_have_count(3)
        assert page.title().startswith("FAIL")
        assert page.locator("img").count() == 0


def test_a_cut_body_states_its_size(browser: Browser, rendered: Path) -> None:
    with opened(browser, rendered / "hostile" / "index.html", "#exchange=2") as (page, _):
        size = builders.hostile_run().exchanges[1].response_size
        expect(page.get_by_role("dialog")).to_contain_text(f"cut here; {size:,} bytes in all")
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_what_deceives_the_eye_is_named_in_the_evidence_too(browser: Browser, rendered: Path) -> None:
    with opened(browser, rendered / "hostile" / "index.html", "#exchange=1") as (page, _):
        expect(page.get_by_role("dialog")).to_contain_text("⟨U+202E⟩evil⟨U+202C⟩ ⟨U+0000⟩")


def test_a_full_run_opens_in_under_a_second(browser: Browser, tmp_path: Path) -> None:
    write_run_files(builders.large_run(350), tmp_path)
    times = []
    with opened(browser, tmp_path / "index.html") as (page, _):
        for _ in range(3):
            page.reload()
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            times.append(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))
    assert min(times) < 1_000, "milliseconds, the best of three: the machine may be busy with other tests"


def test_a_deep_run_shows_any_of_its_exchanges(browser: Browser, tmp_path: Path) -> None:
    write_run_files(builders.large_run(2_500), tmp_path)
    with opened(browser, tmp_path / "index.html", "#exchange=2345") as (page, _):
        expect(page.get_by_role("dialog")).to_contain_text("Exchange 2345 of 2500")
        page.keyboard.press("Escape")
        page.locator("#requests").scroll_into_view_if_needed()
        expect(page.locator("#exchange-rows tr")).to_have_count(100)
        page.locator("#exchange-more").click()
        expect(page.locator("#exchange-rows tr")).to_have_count(500)
