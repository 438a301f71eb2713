"""On paper and on one screen: the verdict and the first cause first, and eight causes in few pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from lineman.report.run import State
from lineman.report.run_folder import write_run_files

from . import builders
from .opening import opened

EIGHT = (
    "limit.zero",
    "limit.clamp",
    "offset.type",
    "filter.any-text",
    "auth.required",
    "answer.schema",
    "request.method",
)
PAPER = {"A4": (703, 1032), "Letter": (725, 965)}
"""What a page holds between its margins of 12 mm, in CSS pixels."""


@pytest.fixture(scope="module")
def eight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with eight causes, the first of which differs in whole records."""
    found = [builders.paging_violation()]
    for at, clause in enumerate(EIGHT):
        query = {"limit": 100 + at, "description": "all night", "offset": at}
        name = f"{clause}-{at:010x}"
        one = builders.violation(clause, fingerprint=name, cause=name, query=query, curl=builders.curl(query))
        found.append(one.model_copy(update={"exchanges": [30 + at], "expected": at, "actual": {"total": -at - 1}}))
    states = dict.fromkeys((one.clause for one in found), State.VIOLATED)
    folder = tmp_path_factory.mktemp("eight")
    write_run_files(builders.failing_run(violations=found, clauses=builders.clause_results(states)), folder)
    return folder / "index.html"


def pages(page: Page, paper: str) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(format=paper, prefer_css_page_size=True)))


@pytest.mark.parametrize("paper", PAPER)
def test_eight_causes_take_at_most_six_pages(browser: Browser, eight: Path, paper: str) -> None:
    with opened(browser, eight) as (page, _):
        assert page.locator("details.cause").count() == 8
        assert 2 <= pages(page, paper) <= 6


@pytest.mark.parametrize("paper", PAPER)
def test_verdict_and_first_cause_stand_on_page_one(browser: Browser, eight: Path, paper: str) -> None:
    width, height = PAPER[paper]
    with opened(browser, eight, viewport={"width": width, "height": height}) as (page, _):
        page.emulate_media(media="print")
        first = page.locator("article[data-violation]").first
        assert first.locator("h3").bounding_box()["y"] < height  # type: ignore[index]
        sides = first.locator(".sides").bounding_box()
        assert sides is not None
        assert sides["y"] < height


def test_nothing_on_paper_is_wider_than_the_paper(browser: Browser, eight: Path) -> None:
    with opened(browser, eight, viewport={"width": 703, "height": 1032}) as (page, _):
        page.emulate_media(media="print")
        assert page.evaluate("document.documentElement.scrollWidth") <= 703


def test_eight_folded_causes_fit_two_screens_and_an_open_one_fits_one(browser: Browser, eight: Path) -> None:
    with opened(browser, eight, viewport={"width": 1280, "height": 800}) as (page, _):
        heights = page.evaluate(
            "[...document.querySelectorAll('details.cause')].map((one) => {"
            " one.open = true; const found = one.getBoundingClientRect().height; one.open = false; return found; })"
        )
        assert max(heights[1:]) <= 800, heights
        assert page.locator("#broken").evaluate("node => node.getBoundingClientRect().bottom + scrollY") <= 1600
