"""The page of a run as HTML: what it says, what it never holds, how large it is."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import re
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest

from lineman.report.html import clause_anchor, reproducing, violation_anchor
from lineman.report.run import State, WaiverState
from lineman.report.run_page import run_page

from . import builders


class Elements(HTMLParser):
    """Collects tags with their attributes, and the text of scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in self.raw:
            self._inside = tag
            self.raw[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.raw[self._inside][-1] += data


@pytest.mark.parametrize(
    ("run", "word"),
    [
        (builders.make_run(), "PASS"),
        (builders.failing_run(), "FAIL"),
        (builders.waived_run(), "PASS WITH WAIVERS"),
        (builders.no_verdict_run(), "NO VERDICT"),
    ],
)
def test_the_verdict_is_a_word_with_its_sentence(run: Any, word: str) -> None:
    page = run_page(run)
    assert re.search(rf'<h1 id="verdict-word">.*</span> {word}</h1>', page)
    assert html.escape(run.explanation, quote=True).replace("&#x27;", "&#39;") in page
    assert f"<title>{word} · staging" in page


def test_every_clause_has_a_row_with_state_and_reason() -> None:
    run = builders.failing_run()
    page = run_page(run)
    ids = [attributes.get("id") for _, attributes in Elements(page).tags]
    assert {clause_anchor(one.id) for one in run.clauses} == {id_ for id_ in ids if id_ and id_.startswith("clause-")}
    for clause in run.clauses:
        if clause.state is State.NOT_VERIFIED:
            assert clause.reason in page


def test_ids_are_unique_and_every_inner_link_has_its_place() -> None:
    tags = Elements(run_page(builders.failing_run(baseline="before"))).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
    inner = {
        str(attributes["href"])[1:]
        for tag, attributes in tags
        if tag == "a" and str(attributes["href"]).startswith("#")
    }
    assert {link for link in inner if "=" not in link} <= set(ids)


def test_the_policy_allows_this_style_and_this_script_alone() -> None:
    parsed = Elements(run_page(builders.failing_run()))
    policy = next(str(one["content"]) for tag, one in parsed.tags if one.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for kind, directive in (("style", parsed.raw["style"][0]), ("script", parsed.raw["script"][-1])):
        digest = base64.b64encode(hashlib.sha256(directive.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


def test_nothing_points_outside_and_nothing_is_styled_or_scripted_inline() -> None:
    for tag, attributes in Elements(run_page(builders.failing_run())).tags:
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        assert not str(attributes.get("src", "")).startswith("http")
        if tag in {"a", "link"}:
            assert not str(attributes.get("href", "")).startswith("http")


def test_a_hostile_target_adds_no_element() -> None:
    honest = {tag for tag, _ in Elements(run_page(builders.failing_run())).tags}
    page = run_page(builders.hostile_run())
    parsed = Elements(page)
    assert {tag for tag, _ in parsed.tags} <= honest | {"tfoot"}
    assert len([tag for tag, one in parsed.tags if tag == "script" and one.get("type") is None]) == 1
    assert "\u202e" not in page
    assert "\x00" not in page
    assert "\ud800" not in page
    assert "⟨U+202E⟩" in page
    ids = " ".join(str(one["id"]) for _, one in parsed.tags if "id" in one)
    assert "<" not in ids
    assert "alert" not in ids


def test_foreign_ids_become_digests() -> None:
    assert clause_anchor("limit.zero") == "clause-limit.zero"
    assert re.fullmatch(r"violation-[0-9a-f]{16}", violation_anchor('x" onclick="y'))


def unpacked(page: str) -> tuple[list[Any], list[Any]]:
    texts = Elements(page).raw["script"][:-1]
    index, *blocks = (json.loads(gzip.decompress(base64.b64decode(text))) for text in texts)
    return index, [exchange for block in blocks for exchange in block]


def test_every_exchange_is_in_the_page() -> None:
    run = builders.large_run(350)
    index, exchanges = unpacked(run_page(run))
    assert [entry[0] for entry in index] == [one.number for one in run.exchanges]
    assert [one["number"] for one in exchanges] == [one.number for one in run.exchanges]
    assert exchanges[16]["response_body"] == run.exchanges[16].response_body


def test_a_long_body_is_cut_and_its_size_stated() -> None:
    page = run_page(builders.hostile_run())
    _, exchanges = unpacked(page)
    big = exchanges[1]
    assert big["cut"] is True
    assert len(big["response_body"]) == 65_536
    assert big["response_size"] > 5_000_000


def test_a_full_run_is_under_two_megabytes() -> None:
    assert len(run_page(builders.large_run(400, records=100)).encode()) < 2_000_000


def test_a_deep_run_of_ten_thousand_exchanges_is_under_five_megabytes() -> None:
    page = run_page(builders.large_run(10_000))
    assert len(page.encode()) < 5_000_000
    index, _ = unpacked(page)
    assert len(index) == 10_000


@pytest.mark.parametrize(
    ("curl", "title"),
    [
        (
            'curl -H "X: $LINEMAN_TOKEN" "$LINEMAN_APP_KEY"',
            "Reproduce it (set LINEMAN_APP_KEY and LINEMAN_TOKEN first)",
        ),
        ('curl "${LINEMAN_BASE_URL:-http://x}" "${LINEMAN_TOKEN}"', "Reproduce it (set LINEMAN_TOKEN first)"),
        ("curl http://x", "Reproduce it"),
    ],
)
def test_a_command_names_the_variables_that_it_needs(curl: str, title: str) -> None:
    assert reproducing(curl) == title


def test_many_causes_keep_the_page_readable() -> None:
    clauses = [clause.id for clause in builders.make_run().clauses]
    many = [builders.violation(clause, exchanges=[at], query={"limit": at}) for at, clause in enumerate(clauses)]
    page = run_page(builders.failing_run(violations=many))
    assert page.count('<details class="cause" open') == 3
    assert page.count('<details class="cause"') == len(clauses)
    assert f"and {len(clauses) - 6} further causes below" in page


def test_many_ways_in_which_one_clause_breaks_are_one_cause() -> None:
    many = [
        builders.violation("limit.zero", fingerprint=f"f{at}", exchanges=[at], query={"limit": at}) for at in range(60)
    ]
    page = run_page(builders.failing_run(violations=many))
    assert page.count('<details class="cause"') == 1
    assert "59 further ways in which" in page
    assert page.count('<details class="way">') == 12
    assert all(f'id="violation-f{at}"' in page for at in range(60))


def test_drift_and_ending_waivers_stand_before_the_causes() -> None:
    ends = [
        (date(2026, 5, 1), "expired", "ended 3 days before this run"),
        (date(2026, 5, 5), "used", "ends 1 day after"),
    ]
    waivers = [
        WaiverState.model_validate({"match": "limit.zero", "reason": "ticket 4711", "until": day, "state": state})
        for day, state, _ in ends
    ]
    page = run_page(builders.failing_run(waivers=waivers))
    first_screen = page.partition('class="headlines"')[0]
    for wanted in ("Does fuzzy matching mind case?", "minds case", "ignores case", *(words for *_, words in ends)):
        assert wanted in first_screen
    far = WaiverState(match="limit.zero", reason="ticket 4711", until=date(2026, 7, 1), state="used")
    assert "waiver ends soon" not in run_page(builders.failing_run(waivers=[far]))


def test_headings_and_their_links_have_the_same_words() -> None:
    page = run_page(builders.failing_run())
    links = dict(re.findall(r'<li><a href="#([a-z]+)">([^<]+)</a>', page))
    headings = dict(re.findall(r'<h2 id="([a-z]+)-title">([^<]+)</h2>', page))
    assert headings
    assert {place: links[place] for place in headings} == headings
