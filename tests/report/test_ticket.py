"""The ticket of one cause: complete, in each language, and safe to paste."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.report.builders import failing_run, hostile_run, violation, waived_run
from tests.report.builders import record as one_record
from typer.testing import CliRunner

from lineman.cli.report import app
from lineman.report import run as record
from lineman.report.files import run_text
from lineman.report.languages import LOCALES, language
from lineman.report.run_folder import write_run_files
from lineman.report.run_page import run_page
from lineman.report.summary import summary
from lineman.report.ticket import find_cause, ticket, ticket_name, tickets
from lineman.text import compact


def test_a_ticket_says_all_that_the_vendor_needs() -> None:
    run = failing_run()
    group = find_cause(run, "filter.any-text")
    assert group is not None
    text = ticket(run, group, language("en"))
    for wanted in (
        "A single quote in description is answered with status 500",
        "Table 2 of the operation's page",
        '"description": "O\'Brien"',
        '-  "status": 200',
        '+  "status": 500',
        "Seen in 4 of 19 requests that could show it (21.1 %).",
        "There is no earlier run to compare with.",
        "tokenByAkSk",
        "curl -sS -X POST",
        "`staging, https://staging.example.test/apiaccess`",
        "20260504T093000Z-staging",
    ):
        assert wanted in text


def test_only_what_differs_stands_in_the_difference() -> None:
    run = failing_run(
        violations=[
            violation(
                "limit.zero", expected={"same": list(range(50)), "n": 0}, actual={"same": list(range(50)), "n": 7}
            )
        ]
    )
    text = ticket(run, tickets(run)[0], language("en"))
    assert '-  "n": 0\n+  "n": 7' in text
    assert "25" not in text.partition("```diff")[2].partition("```")[0]


def test_what_happens_now_and_then_has_a_command_that_counts() -> None:
    occasional = violation("query.repeatable", observed="now and then another answer", occurrences=22, of=438)
    run = failing_run(violations=[occasional])
    text = ticket(run, tickets(run)[0], language("en"))
    assert "(5.02 %)" in text
    assert "seq 60" in text


def test_the_first_ticket_is_what_the_summary_names_first(tmp_path: Path) -> None:
    run = failing_run()
    write_run_files(run, tmp_path)
    groups = tickets(run)
    assert {file.name for file in (tmp_path / "tickets").iterdir()} == {ticket_name(group) for group in groups}
    text = summary(run)
    assert f"tickets/{ticket_name(groups[0])}" in text
    assert text.index("tickets/") < text.index("## What is broken")


def test_a_cause_is_found_by_number_fingerprint_and_clause() -> None:
    run = failing_run()
    first = tickets(run)[0]
    assert find_cause(run, "1") == find_cause(run, first.lead.fingerprint[:12]) == find_cause(run, first.lead.clause)
    assert find_cause(run, "9") is None
    assert tickets(waived_run()) == []


@pytest.mark.parametrize("code", LOCALES)
def test_a_hostile_target_cannot_leave_its_place(code: str) -> None:
    run = hostile_run()
    text = ticket(run, tickets(run)[0], language(code))
    outside = re.sub(r"`[^`\n]+`", "", "".join(text.split("```")[::2]))
    assert "<script" not in outside.replace("\\<script", "")
    assert "\x00" not in text
    assert "\u202e" not in text
    assert len(text) < 60_000


def test_the_command_prints_it_in_chinese(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(run_text(failing_run()), encoding="utf-8")
    done = CliRunner().invoke(app, ["ticket", str(tmp_path), "filter.any-text", "--language", "zh"])
    assert done.exit_code == 0
    assert "## 复现步骤" in done.stdout
    assert "## How to reproduce it" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing.like-it"], "has no cause 'nothing.like-it'; there are:"),
        (["1", "--language", "tlh"], "there are: en, zh"),
    ],
)
def test_a_wrong_cause_or_language_is_one_line(tmp_path: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "run.json").write_text(run_text(failing_run()), encoding="utf-8")
    done = CliRunner().invoke(app, ["ticket", str(tmp_path), *arguments])
    assert done.exit_code == 4
    assert said in done.stderr


def test_the_page_offers_it_in_each_language() -> None:
    page = run_page(failing_run(waivers=[]))
    assert page.count("Ticket for the vendor") == len(tickets(failing_run()))
    assert '<div lang="zh-Hans">' in page


def test_a_run_is_rendered_with_its_tickets_in_chinese(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(run_text(failing_run()), encoding="utf-8")
    assert CliRunner().invoke(app, ["render", str(tmp_path), "--language", "zh"]).exit_code == 0
    for file in (tmp_path / "tickets").iterdir():
        assert "## 复现步骤" in file.read_text(encoding="utf-8")
    wrong = CliRunner().invoke(app, ["render", str(tmp_path), "--language", "tlh"])
    assert (wrong.exit_code, "there are: en, zh" in wrong.stderr) == (4, True)


def test_records_that_lack_are_shown_where_the_samples_are_the_same() -> None:
    sample = [one_record(1)]
    lacking = record.RecordDifference(missing=[one_record(7)], extra=[one_record(8)])
    broken = violation("filter.media-type", expected=sample, actual=sample, records=lacking)
    run = failing_run(violations=[broken])
    text = ticket(run, tickets(run)[0], language("en"))
    assert f"```diff\n-{compact(one_record(7))}\n+{compact(one_record(8))}\n```" in text
    same = run.model_copy(update={"violations": [broken.model_copy(update={"records": None})]})
    assert "```diff" not in ticket(same, tickets(same)[0], language("en"))
