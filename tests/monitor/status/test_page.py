"""What people read off the status page: objectives, causes, checks, many canaries at once, and the feed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from tests.monitor.status import builders
from tests.monitor.test_deciding import Desk, broken
from tests.monitor.test_deciding import canary as decided
from tests.report.opening import opened

from lineman.monitor.clock import HOUR, MINUTE
from lineman.monitor.config.models import Configuration
from lineman.monitor.incidents.alerts import Event
from lineman.monitor.result import Cause, ProbeResult, ProbeVerdict
from lineman.monitor.status.page_queries import day_latency, hourly_latency
from lineman.monitor.store import History
from lineman.monitor.store.retention import tidy

NOW = builders.NOW


def page_of(path: Path, script: Callable[[str, int], ProbeResult | None], hours: int = 2, **settings: object) -> Path:
    canaries = {"subject": builders.canary("subject", **settings)}
    builders.play(path, canaries, script, NOW - hours * HOUR, NOW).close()
    return builders.page_file(path, Configuration(canaries=canaries))


def down_at_first(minutes: int) -> Callable[[str, int], ProbeResult]:
    def script(name: str, slot: int) -> ProbeResult:
        bad = slot < NOW - 2 * HOUR + minutes * MINUTE
        return builders.found(name, slot, ProbeVerdict.FAILED if bad else ProbeVerdict.OK)

    return script


# Objectives.


@pytest.mark.parametrize(("minutes", "word"), [(1, "kept so far"), (10, "kept so far"), (100, "kept so far")])
def test_an_objective_is_kept_while_budget_is_left(tmp_path: Path, minutes: int, word: str) -> None:
    page = page_of(tmp_path / "history.sqlite", down_at_first(minutes)).read_text()
    said = re.sub(r"\s+", " ", page[page.index("Objective 99.5 %") :][:400])
    assert word in said
    assert "of the error budget left" in said
    assert "missed" not in said


def test_an_objective_is_missed_where_more_is_spent_than_there_is(tmp_path: Path) -> None:
    page = page_of(tmp_path / "history.sqlite", down_at_first(60), slo={"objective": 99.5, "period": "1d"}).read_text()
    said = re.sub(r"\s+", " ", page[page.index("Objective 99.5 %") :][:400])
    assert "missed, the error budget is overspent by" in said
    assert "left" not in said.partition("</div>")[0]


# Incidents.


def test_an_open_incident_shows_its_present_cause_and_keeps_the_first(tmp_path: Path, browser: Browser) -> None:
    def script(name: str, slot: int) -> ProbeResult:
        ago = (NOW - slot) // MINUTE
        if ago > 20:
            return builders.found(name, slot)
        if ago > 10:
            return builders.found(name, slot, ProbeVerdict.FAILED, Cause.CONNECT, "no connection to 192.0.2.1 port 443")
        return builders.found(name, slot, ProbeVerdict.FAILED, Cause.STATUS, "status 503 (text/html) in place of 200")

    with opened(browser, page_of(tmp_path / "history.sqlite", script)) as (page, _):
        story = page.locator("details.story")
        expect(story.locator("summary")).to_contain_text("status 503")
        lines = story.locator("li").all_inner_texts()
        assert "failed: no connection" in lines[0]
        assert any("failed: status 503" in line for line in lines[1:])


def test_lengths_of_incidents_are_told_as_checks(tmp_path: Path) -> None:
    def script(name: str, slot: int) -> ProbeResult:
        return builders.found(name, slot, ProbeVerdict.FAILED if NOW - slot < 9 * MINUTE else ProbeVerdict.OK)

    page = page_of(tmp_path / "history.sqlite", script, incident={"opens_after": 3}).read_text()
    assert "became an incident, after 3 failed checks in a row" in page


def test_the_sentence_about_a_broken_promise_is_the_notices(tmp_path: Path) -> None:
    desk = Desk(decided(incident={"opens_after": 1}))
    message = "contract broken: record.unique: breach f1"
    desk.minute(a=replace(broken("a", "f1"), message=message))
    (told,) = [notice for notice in desk.notices if notice.event is Event.FAILED]

    def script(name: str, slot: int) -> ProbeResult:
        return builders.found(name, slot, ProbeVerdict.FAILED, Cause.CONTRACT, message)

    page = page_of(tmp_path / "history.sqlite", script).read_text()
    sentence = re.search("contract broken: “[^”]+”", page)
    assert sentence is not None
    assert told.body.startswith(sentence[0])
    assert "(record.unique): breach f1" in told.body


# Words.


def test_stakeholders_read_checks_and_titles(browser: Browser, tmp_path: Path) -> None:
    file = page_of(tmp_path / "history.sqlite", builders.found, title="Hotlines of the north")
    with opened(browser, file) as (page, _):
        text = page.locator("main").inner_text()
        assert "Hotlines of the north" in text
        assert not re.search(r"\b(slots?|prob(e[sd]?|ing))\b", text, re.IGNORECASE)
        expect(page.locator("section.sheet h2")).to_contain_text("Hotlines of the north")
        expect(page.locator("section.sheet h2 code")).to_have_text("subject")


def test_the_latest_checks_stand_beside_the_days(browser: Browser, scenes: Path) -> None:
    with opened(browser, scenes / "in_incident.html") as (page, _):
        card = page.locator("li.canary", has_text="documented-example")
        expect(card.locator("svg.checks")).to_have_attribute("aria-label", "The latest 30 checks: 26 failed")
        expect(card.locator("svg.checks rect.down")).to_have_count(26)
        expect(card).to_contain_text("the latest 30 checks: 26 failed")
        expect(page.locator("li.canary", has_text="flapping-line")).to_contain_text("the latest 30 checks: all good")


# Plots.


def test_response_time_over_the_day_is_a_curve_beside_the_phases(browser: Browser, scenes: Path) -> None:
    with opened(browser, scenes / "all_well.html") as (page, _):
        plots = page.locator("section.sheet").first.locator(".plots figure")
        expect(plots).to_have_count(3)
        expect(plots.first.locator("svg.plot")).to_have_attribute("aria-label", re.compile("over the last 24 hours"))
        tops = {round(plots.nth(number).bounding_box()["y"]) for number in range(3)}  # type: ignore[index]
        assert len(tops) == 1, "side by side at 1280"


@pytest.mark.parametrize("summed", [True, False])
def test_the_day_reaches_up_to_now_whether_its_hours_are_summed_up_or_not(tmp_path: Path, summed: bool) -> None:
    canaries = {"subject": builders.canary("subject")}
    path = tmp_path / "history.sqlite"
    history = builders.play(path, canaries, builders.found, NOW - 30 * HOUR, NOW)
    if summed:
        tidy(history, canaries.values(), Configuration(canaries=canaries).monitor, NOW)
    history.close()
    with History(str(path)).reading() as connection:
        hours = hourly_latency(connection, "here", "subject", NOW)
        day = day_latency(connection, "here", "subject", NOW, hours)
    assert bool(hours) is summed
    assert [hour for hour, *_ in day][-24:] == [NOW // HOUR * HOUR - back * HOUR for back in range(23, -1, -1)]
    assert all(0 < low <= high for _, low, high in day)


@pytest.mark.parametrize("width", [390, 1280])
def test_labels_of_plots_are_as_large_as_text(browser: Browser, scenes: Path, width: int) -> None:
    script = """() => [...document.querySelectorAll('svg.plot text')].map((node) => {
        const plot = node.ownerSVGElement, size = parseFloat(getComputedStyle(node).fontSize);
        return size * plot.getBoundingClientRect().width / plot.viewBox.baseVal.width;
    })"""
    with opened(browser, scenes / "in_incident.html", viewport={"width": width, "height": 900}) as (page, _):
        sizes = page.evaluate(script)
        caption = page.evaluate("parseFloat(getComputedStyle(document.querySelector('.plots figcaption')).fontSize)")
        assert len(sizes) > 50
        assert min(sizes) >= 0.95 * caption
        cut = """() => [...document.querySelectorAll('svg.plot text')].filter((node) => {
            const inner = node.getBoundingClientRect(), outer = node.ownerSVGElement.getBoundingClientRect();
            return inner.left < outer.left - 1 || inner.right > outer.right + 1;
        }).map((node) => node.textContent)"""
        assert page.evaluate(cut) == []


# Room.


@pytest.mark.parametrize("scene", ["all_well", "in_incident", "no_data"])
def test_no_column_is_cut_at_1280(browser: Browser, scenes: Path, scene: str) -> None:
    script = """() => [...document.querySelectorAll('.scroll, .plots figure, li.canary, li.canary *')]
        .filter((node) => getComputedStyle(node).display !== 'inline' && node.scrollWidth > node.clientWidth + 1)
        .map((node) => node.getAttribute('aria-label') || node.textContent.trim().slice(0, 60))"""
    with opened(browser, scenes / f"{scene}.html") as (page, _):
        assert page.evaluate(script) == []


def twenty(path: Path) -> Path:
    names = [f"line-{number:02}" for number in range(20)]
    canaries = {name: builders.canary(name, title=f"Hotline of office {name[-2:]}") for name in names}

    def script(name: str, slot: int) -> ProbeResult:
        if name in {"line-07", "line-13"} and NOW - slot < 10 * MINUTE:
            message = "contract broken: record.unique: id 4008 comes twice (and 1 more)"
            return builders.found(name, slot, ProbeVerdict.FAILED, Cause.CONTRACT, message)
        return builders.found(name, slot)

    builders.play(path, canaries, script, NOW - HOUR, NOW).close()
    return builders.page_file(path, Configuration(canaries=canaries))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_twenty_canaries_are_read_in_one_look(browser: Browser, tmp_path: Path, theme: str) -> None:
    file = twenty(tmp_path / "history.sqlite")
    with opened(browser, file, color_scheme=theme, viewport={"width": 1280, "height": 900}) as (page, _):
        cards = page.locator("li.canary")
        expect(cards).to_have_count(20)
        for number in range(20):
            expect(cards.nth(number)).to_be_in_viewport(ratio=1)
        assert "Hotline of office 07" in cards.nth(0).inner_text()
        assert "No record comes twice" in cards.nth(0).inner_text()
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
