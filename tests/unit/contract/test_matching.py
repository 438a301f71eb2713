"""Text filters: what is promised to match, what may, and what must not."""

import pytest

from lineman.contract.matching import LearnedBehaviour, Match, match_record, match_text
from lineman.contract.query import parse_query


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("114", "9911411", Match.YES),
        ("9911412", "9911411", Match.NO),
        ("100%", "100% sure", Match.YES),
        ("9%1", "9911411", Match.MAYBE),
        ("9_1", "9911411", Match.MAYBE),
        ("9*411", "9911411", Match.MAYBE),
        ("9?11411", "9911411", Match.MAYBE),
        ("9.11411", "9911411", Match.NO),
        ("[9]911411", "9911411", Match.NO),
        ("HOTLINE", "a hotline", Match.MAYBE),
        ("STRASSE", "straße 7", Match.MAYBE),
        ("e\u0301", "caf\u00e9", Match.MAYBE),
        ("A", "a\u0301", Match.MAYBE),
        ("e", "caf\u00e9", Match.MAYBE),
        ("line ", "hotline", Match.NO),
    ],
)
def test_a_text_matches_where_it_is_contained(text: str, value: str, expected: Match) -> None:
    """Only wildcards, letter case and canonically equal spellings are left open."""
    assert match_text(text, value) is expected


def test_a_target_that_does_not_mind_case_must_find_the_other_case() -> None:
    """When the habit is known, then ASCII letters in the other case are promised as well; others stay open."""
    assert match_text("HOTLINE", "a hotline", minds_case=False) is Match.YES
    assert match_text("ÅNGSTRÖM", "ångström", minds_case=False) is Match.MAYBE


def test_every_filter_must_match() -> None:
    """When one filter of several fails, then the record must not come."""
    asked = parse_query({"accessCode": "99", "mediatypeId": 5})
    assert match_record(asked, {"accessCode": "9911", "mediatypeId": 5}, LearnedBehaviour()) is Match.YES
    assert match_record(asked, {"accessCode": "9911", "mediatypeId": 2}, LearnedBehaviour()) is Match.NO
    assert match_record(asked, {"accessCode": None, "mediatypeId": 5}, LearnedBehaviour()) is Match.NO


def test_the_pages_example_may_find_its_record_though_that_has_no_description() -> None:
    """The page itself shows it: a record with a null description, found by a description."""
    example = {"accessCode": "9911411", "mediatypeId": 5, "description": "access code"}
    record = {"accessCode": "9911411", "mediatypeId": 5, "description": None}
    assert match_record(parse_query(example), record, LearnedBehaviour()) is Match.MAYBE
    assert match_record(parse_query({"description": "access code"}), record, LearnedBehaviour()) is Match.NO
