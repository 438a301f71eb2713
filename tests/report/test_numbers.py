"""Every number on the page of a run, counted again from ``run.json`` by other means than the page's."""

from __future__ import annotations

import json
import math
import random
import re
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from lineman.contract.clauses import catalogue
from lineman.report import run as record
from lineman.report.run import State, Verdict
from lineman.report.run_folder import write_run_files

from . import builders
from .opening import opened


def random_run(seed: int) -> record.Run:
    """A run whose states, answers, rates and times are drawn by lot; each broken clause has its own cause."""
    lot = random.Random(seed)  # noqa: S311 - the same runs every time
    exchanges = [_exchange(number, lot) for number in range(1, lot.randint(8, 160))]
    states: dict[str, State] = {}
    violations = []
    for at, clause in enumerate(catalogue().values()):
        choices = [State.HELD, State.HELD, State.NOT_VERIFIED, State.VIOLATED, State.WAIVED]
        states[clause.id] = lot.choice(choices if clause.promised else [State.OBSERVED, State.NOT_VERIFIED])
        if states[clause.id] in {State.VIOLATED, State.WAIVED}:
            violations.append(_violation(clause.id, at, states[clause.id] is State.WAIVED, lot))
    queries = [json.loads(str(one.request_body)) for one in exchanges if one.operation == "query"]
    statuses = Counter(str(one.status or "no answer") for one in exchanges if one.operation == "query")
    return builders.make_run(
        verdict=Verdict.FAIL,
        exit_code=1,
        exchanges=exchanges,
        requests=len(exchanges) + lot.randint(0, 3_000),
        finished=builders.START + timedelta(seconds=lot.uniform(1, 59)),
        clauses=builders.clause_results(states, dict.fromkeys(states, "for a reason")),
        violations=violations,
        tested=record.Tested(limits=dict(Counter(str(one["limit"]) for one in queries)), statuses=dict(statuses)),
        health=record.Health(retries=lot.randint(0, 2_000), token_requests=lot.randint(1, 9), budget=600),
    )


def _exchange(number: int, lot: random.Random) -> record.ExchangeRecord:
    status = lot.choice([200, 200, 200, 400, 401, None])
    return builders.exchange(
        number,
        records=lot.randint(0, 12),
        status=status,
        failure=None if status else "connection closed",
        operation=lot.choice(["query", "query", "query", "token"]),
    )


def _violation(clause: str, at: int, waived: bool, lot: random.Random) -> record.Violation:
    of = lot.randint(1, 4_000)
    name = f"{clause}-{at:010x}"
    found = builders.violation(clause, fingerprint=name, cause=name, query={"limit": at}, exchanges=[1 + at % 7])
    return found.model_copy(update={"occurrences": lot.randint(1, of), "of": of, "waived": waived, "actual": at})


def number_in(text: str) -> int:
    found = re.search(r"[\d,]+", text)
    assert found is not None, text
    return int(found.group().replace(",", ""))


def milliseconds(text: str) -> float:
    value, unit = text.split()
    return float(value) * {"ms": 1, "s": 1000}[unit]


@pytest.fixture(scope="module", params=range(10))
def page_and_run(request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("numbers")
    write_run_files(random_run(request.param), folder)
    with opened(browser, folder / "index.html") as (page, _):
        yield page, json.loads((folder / "run.json").read_text("utf-8"))


def test_the_numbers_of_clauses_and_causes(page_and_run: tuple[Page, dict[str, Any]]) -> None:
    page, run = page_and_run
    promised = [one for one in run["clauses"] if one["level"] == "promised"]
    ends = Counter(one["state"] for one in promised)
    for state in ("violated", "not-verified", "waived", "held"):
        assert number_in(page.locator(f".tally .{state}").inner_text()) == ends[state]
    assert number_in(page.locator(".tally .of").inner_text()) == len(promised) == sum(ends.values())
    broken = {one["clause"] for one in run["violations"] if not one["waived"]}
    assert page.locator("#broken > .cause").count() == len({one["clause"] for one in run["violations"]})
    assert page.locator("#broken > .lead").inner_text().startswith(f"{len(broken)} cause")
    said = page.locator(".sections li").all_inner_texts()
    counts = {text.rsplit(" ", 1)[0].strip(): number_in(text) for text in said if re.search(r"\d", text)}
    assert counts == {
        "What is broken": len(broken),
        "Not verified": ends["not-verified"],
        "Every clause": len(run["clauses"]),
        "Where the documentation is silent": len(run["clauses"]) - len(promised),
        "Requests": len(run["exchanges"]),
    }
    for row in page.locator(".area").all():
        name = row.locator("th").evaluate("node => node.firstChild.data.trim()")
        words = {"violated": "broken", "not-verified": "not verified"}
        in_area = Counter(words.get(c["state"], c["state"]) for c in run["clauses"] if c["area"] == name)
        shown = dict(part.split(" ", 1)[::-1] for part in row.locator(".quiet").inner_text().split(", "))
        assert {word: int(number) for word, number in shown.items()} == in_area
    for clause in run["clauses"]:
        row = page.locator(f"[id='clause-{clause['id']}']")
        assert number_in(row.locator("td.figure").inner_text()) == clause["requests"]


def test_the_numbers_of_violations_and_requests(page_and_run: tuple[Page, dict[str, Any]]) -> None:
    page, run = page_and_run
    for one in run["violations"]:
        signs = page.locator(f"[id='violation-{one['fingerprint']}'] .signs").text_content() or ""
        seen = re.search(r"seen in ([\d,]+) of ([\d,]+) requests?", signs)
        assert seen is not None
        assert [number_in(text) for text in seen.groups()] == [one["occurrences"], one["of"]]
    facts = page.locator("#health .facts div").all_inner_texts()
    shown = {text.split("\n")[0]: text.split("\n")[1] for text in facts}
    assert number_in(shown["Requests"]) == run["requests"]
    assert number_in(shown["Retries"]) == run["health"]["retries"]
    assert number_in(shown["Token requests"]) == run["health"]["token_requests"]
    page.locator("#requests").scroll_into_view_if_needed()
    expect(page.locator("#exchange-rows tr")).to_have_count(min(100, len(run["exchanges"])))
    for one in random.Random(1).sample(run["exchanges"][:100], 5):  # noqa: S311 - no secret
        cells = page.locator("#exchange-rows tr").nth(one["number"] - 1).locator("td").all_inner_texts()
        rows = json.loads(one["response_body"])["data"] if one["operation"] == "query" else None
        assert cells[5] == str(one["status"] or "connection closed")
        assert cells[6] == ("–" if rows is None else str(len(rows["calledRouteList"])))
        assert cells[7] == ("–" if rows is None else str(rows["total"]))
        assert milliseconds(cells[8]) == pytest.approx(one["phases"]["total"] * 1000, abs=0.06)


def test_the_numbers_of_the_exercise_map_and_of_latency(page_and_run: tuple[Page, dict[str, Any]]) -> None:
    page, run = page_and_run
    queries = [one for one in run["exchanges"] if one["operation"] == "query"]
    limits = Counter(json.loads(one["request_body"])["limit"] for one in queries)
    for number, times in limits.items():
        link = page.locator(f".map .times[href='#rq=limit%3D{number}']")
        assert number_in(link.inner_text()) == times
    answered = sorted(one["phases"]["total"] for one in queries if one["status"] is not None)
    row = [cell.inner_text() for cell in page.locator(".figures tr", has_text="total").locator("th, td").all()]
    assert number_in(row[1]) == len(answered)
    for percent, needed, text in zip((50, 90, 95, 99), (1, 10, 20, 100), row[2:6], strict=True):
        if len(answered) < needed:
            assert text == "–"
        else:
            expected = answered[math.ceil(len(answered) * percent / 100) - 1] * 1000
            assert milliseconds(text) == pytest.approx(expected, rel=0.05)
    assert milliseconds(row[6]) == pytest.approx(answered[-1] * 1000, rel=0.05)
