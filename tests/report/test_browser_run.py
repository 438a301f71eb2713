"""The page of a run in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from lineman.report.run_folder import write_run_files

from . import builders
from .opening import opened


def shown_clauses(page: Page) -> list[str]:
    return page.locator("tr.clause:visible .id code").all_inner_texts()


def test_verdict_and_violations_are_readable_without_javascript(browser: Browser, rendered: Path) -> None:
    with opened(browser, rendered / "fail" / "index.html", java_script_enabled=False) as (page, _):
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("FAIL"))
        for violation in builders.three_violations():
            expect(page.get_by_role("heading", name=violation.summary)).to_be_visible()
            expect(page.get_by_text(violation.curl.splitlines()[-1].strip()).first).to_be_visible()
        assert len(shown_clauses(page)) == len(builders.failing_run().clauses)
        expect(page.get_by_role("button")).to_have_count(0)
        expect(page.locator("form.filter")).to_be_hidden()


def test_states_filter_by_press_and_the_address_keeps_them(browser: Browser, rendered: Path) -> None:
    with opened(browser, rendered / "fail" / "index.html") as (page, _):
        broken = page.locator(".toggles button", has_text="broken")
        broken.click()
        expect(broken).to_have_attribute("aria-pressed", "true")
        assert shown_clauses(page) == ["filter.any-text", "offset.pages", "record.unique"]
        expect(page.locator("#shown")).to_have_text(re.compile(r"^3 of \d+ clauses shown$"))
        page.locator(".toggles button", has_text="not verified").click()
        assert len(shown_clauses(page)) == 4
        assert page.url.endswith("#state=violated,not-verified")
        page.reload()
        assert len(shown_clauses(page)) == 4
        page.locator("#clear").click()
        assert len(shown_clauses(page)) == len(builders.failing_run().clauses)
        assert "#" not in page.url


def test_search_takes_words_quotes_and_negation(browser: Browser, rendered: Path) -> None:
    with opened(browser, rendered / "fail" / "index.html") as (page, _):
        page.keyboard.press("/")
        expect(page.locator("#search")).to_be_focused()
        page.keyboard.type('limit !negative "table 2"')
        found = shown_clauses(page)
        assert "limit.zero" in found
        assert "limit.negative" not in found
        page.locator("#area").select_option("limit")
        assert {id_.split(".")[0] for id_ in shown_clauses(page)} == {"limit"}
        assert "q=limit" in page.url
        assert "area=limit" in page.url
        address = page.url
        page.goto("about:blank")
        page.goto(address)
        assert page.locator("#search").input_value() == 'limit !negative "table 2"'
        assert {id_.split(".")[0] for id_ in shown_clauses(page)} == {"limit"}


def test_numbers_of_the_verdict_lead_to_the_filtered_matrix(browser: Browser, rendered: Path) -> None:
    with opened(browser, rendered / "fail" / "index.html") as (page, _):
        page.locator(".tally a", has_text="not verified").click()
        expect(page.locator("#shown")).to_have_text(re.compile(r"^1 of \d+ clauses shown$"))
        assert shown_clauses(page) == ["auth.expired-token"]
        expect(page.locator("#matrix-title")).to_be_in_viewport()


def test_a_permalink_opens_its_place_even_behind_a_filter(browser: Browser, rendered: Path) -> None:
    with opened(browser, rendered / "fail" / "index.html", "#state=violated") as (page, _):
        assert len(shown_clauses(page)) == 3
        page.evaluate("location.hash = 'clause-limit.zero'")
        row = page.locator("[id='clause-limit.zero']")
        expect(row).to_be_visible()
        expect(row).to_be_in_viewport()
        expect(row).to_be_focused()


def test_a_violations_permalink_unfolds_it(browser: Browser, tmp_path: Path) -> None:
    clauses = ["limit.zero", "limit.clamp", "limit.type", "offset.type", "offset.default", "order.stable"]
    many = [builders.violation(one, fingerprint=f"f{at}", exchanges=[at], query=at) for at, one in enumerate(clauses)]
    many += [builders.violation("limit.zero", fingerprint=f"way{at}", query="longer" * at) for at in range(1, 30)]
    write_run_files(builders.failing_run(violations=many), tmp_path)
    for place in ("violation-f5", "violation-way7", "violation-way29"):
        with opened(browser, tmp_path / "index.html", f"#{place}") as (page, _):
            expect(page.locator(f"#{place}")).to_be_visible()
            expect(page.locator(f"#{place}")).to_be_in_viewport()
            expect(page.locator("#violation-f4" if place == "violation-f5" else "#violation-way8")).to_be_hidden()


def test_an_unknown_permalink_says_so(browser: Browser, rendered: Path) -> None:
    with opened(browser, rendered / "fail" / "index.html", "#clause-no.such") as (page, _):
        expect(page.locator("#shown")).to_have_text("This report has no clause no.such.")


def test_an_exchange_opens_with_its_address_and_closes_with_escape(browser: Browser, rendered: Path) -> None:
    run = builders.failing_run()
    with opened(browser, rendered / "fail" / "index.html") as (page, _):
        link = page.locator("#broken [data-exchange]").first
        link.click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("Exchange 12 · 1 of 3 in this evidence")
        expect(dialog).to_contain_text("answered 200")
        expect(dialog).to_contain_text(builders.record((12 + 1) % 230)["id"])
        assert page.url.endswith("#exchange=12")
        page.keyboard.press("ArrowRight")
        expect(dialog).to_contain_text("Exchange 13 · 2 of 3 in this evidence")
        page.keyboard.press("ArrowRight")
        expect(dialog).to_contain_text("Exchange 21 · 3 of 3 in this evidence")
        expect(page.get_by_role("button", name="Next")).to_be_disabled()
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        expect(link).to_be_focused()
    with opened(browser, rendered / "fail" / "index.html", f"#exchange={run.exchanges[-1].number}") as (page, _):
        expect(page.get_by_role("dialog")).to_contain_text("Exchange 40 of 40")
        expect(page.get_by_role("button", name="Next")).to_be_disabled()
    with opened(browser, rendered / "fail" / "index.html", "#exchange=999") as (page, _):
        expect(page.get_by_role("dialog")).to_contain_text("This report holds no exchange 999")


def test_the_list_of_requests_is_searched(browser: Browser, rendered: Path) -> None:
    with opened(browser, rendered / "fail" / "index.html") as (page, _):
        page.locator("#requests").scroll_into_view_if_needed()
        expect(page.locator("#exchange-rows tr")).to_have_count(40)
        page.locator("#exchange-search").fill("limit.zero !auth")
        expect(page.locator("#exchange-shown")).to_have_text(re.compile(r"^\d of \d requests listed, 40 in all$"))
        for text in page.locator("#exchange-rows tr").all_inner_texts():
            assert "limit.zero" in text
            assert "auth" not in text


def test_the_table_of_requests_is_sorted_and_searched_by_its_columns_and_the_address_keeps_both(
    browser: Browser, rendered: Path
) -> None:
    def column(at: int) -> list[str]:
        return page.locator(f"#exchange-rows td:nth-child({at})").all_inner_texts()

    with opened(browser, rendered / "fail" / "index.html") as (page, _):
        page.locator("#requests").scroll_into_view_if_needed()
        expect(page.locator("#exchange-rows tr")).to_have_count(40)
        page.get_by_role("button", name="offset", exact=True).click()
        page.get_by_role("button", name="offset", exact=True).click()
        assert column(3) == [str(number) for number in range(40, 0, -1)]
        assert page.locator("th[aria-sort]").get_attribute("aria-sort") == "descending"
        page.locator("#exchange-search").fill("verdict=broken limit=10 !shows=filter.any-text")
        expect(page.locator("#exchange-rows tr")).not_to_have_count(40)
        assert {text.partition(":")[0] for text in column(11)} == {"broken"}
        shown, address = column(1), page.url
        page.goto("about:blank")
        page.goto(address)
        expect(page.locator("#exchange-rows tr")).to_have_count(len(shown))
        assert column(1) == shown
        page.locator("#exchange-rows a").first.click()
        expect(page.get_by_role("dialog")).to_contain_text(f"Exchange {shown[0]} · 1 of {len(shown)} listed")


def test_a_tile_of_the_exercise_map_leads_to_its_requests(browser: Browser, rendered: Path) -> None:
    with opened(browser, rendered / "fail" / "index.html") as (page, _):
        page.get_by_role("link", name="limit 10: 41 requests").click()
        expect(page.locator("#requests-title")).to_be_in_viewport()
        expect(page.locator("#exchange-search")).to_have_value("limit=10")
        expect(page.locator("#exchange-rows tr")).to_have_count(40)


def test_an_open_exchange_can_be_copied(browser: Browser, rendered: Path) -> None:
    file = rendered / "fail" / "index.html"
    with opened(browser, file, "#exchange=12", permissions=["clipboard-read", "clipboard-write"]) as (page, _):
        page.get_by_role("button", name="Copy all").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        text = page.evaluate("navigator.clipboard.readText()")
        assert text.startswith(f"POST {builders.BASE}")
        assert "HTTP 200" in text
        page.get_by_role("button", name="Copy Request body").click()
        expect(page.get_by_role("button", name="Copied Request body")).to_be_visible()
        assert '"offset": 12' in page.evaluate("navigator.clipboard.readText()")


def test_the_keyboard_walks_through_violations(browser: Browser, rendered: Path) -> None:
    with opened(browser, rendered / "fail" / "index.html") as (page, _):
        page.keyboard.press("n")
        expect(page.locator("[id='violation-offset.pages.4c1d9a']")).to_be_focused()
        page.keyboard.press("n")
        page.keyboard.press("n")
        expect(page.locator("[id='violation-filter.any-text.4c1d9a']")).to_be_focused()
        page.keyboard.press("p")
        expect(page.locator("[id='violation-record.unique.4c1d9a']")).to_be_focused()
        assert page.url.endswith("#violation-record.unique.4c1d9a")


def test_the_first_tab_skips_to_the_content(browser: Browser, rendered: Path) -> None:
    with opened(browser, rendered / "fail" / "index.html") as (page, _):
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()


def test_folds_open_with_the_keyboard(browser: Browser, rendered: Path) -> None:
    with opened(browser, rendered / "fail" / "index.html") as (page, _):
        fold = page.locator("[id='clause-limit.zero'] details")
        fold.locator("summary").focus()
        page.keyboard.press("Enter")
        expect(fold.locator("[data-exchange]").first).to_be_visible()


def background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_the_theme_follows_the_system_and_the_switch_wins_and_is_kept(browser: Browser, rendered: Path) -> None:
    with opened(browser, rendered / "fail" / "index.html", color_scheme="dark") as (page, _):
        dark = background(page)
        page.get_by_role("button", name="Light").click()
        light = background(page)
        assert light != dark
        page.reload()
        assert background(page) == light
        expect(page.get_by_role("button", name="Light")).to_have_attribute("aria-pressed", "true")
        page.get_by_role("button", name="System").click()
        assert background(page) == dark
        page.keyboard.press("t")
        assert background(page) == light


@pytest.mark.parametrize("kind", ["fail", "pass", "no-verdict", "waived"])
@pytest.mark.parametrize("width", [390, 1280, 2560])
def test_nothing_is_wider_than_the_window(browser: Browser, rendered: Path, kind: str, width: int) -> None:
    viewport = {"width": width, "height": 900}
    with opened(browser, rendered / kind / "index.html", viewport=viewport) as (page, _):
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_verdict_and_the_causes_are_on_the_first_screen(browser: Browser, rendered: Path) -> None:
    with opened(browser, rendered / "fail" / "index.html") as (page, _):
        expect(page.get_by_role("heading", level=1)).to_be_in_viewport(ratio=1)
        for link in page.locator(".headlines a").all():
            expect(link).to_be_in_viewport(ratio=1)
        expect(page.locator(".verdict .facts")).to_be_in_viewport(ratio=1)


def test_print_keeps_verdict_violations_and_matrix(browser: Browser, rendered: Path) -> None:
    with opened(browser, rendered / "fail" / "index.html", color_scheme="dark") as (page, _):
        page.emulate_media(media="print")
        for selector in ("#verdict", "#broken", "#matrix table"):
            expect(page.locator(selector)).to_be_visible()
        for selector in (".filter", "#latency", "#requests", "#health", ".sections", ".switch"):
            expect(page.locator(selector)).to_be_hidden()
        assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
        assert page.pdf(format="A4").startswith(b"%PDF")
