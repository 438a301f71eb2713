"""Text of an untrusted target."""

from __future__ import annotations

import json

import pytest

from lineman.text import clip, count, plain, visible


def test_lone_surrogates_are_spelled_out_and_pairs_kept() -> None:
    assert plain({"\ud800": ["\udfff", "😀"]}) == {"\\ud800": ["\\udfff", "😀"]}


def test_no_number_that_json_lacks() -> None:
    assert json.loads(json.dumps(plain([float("nan"), float("inf"), 1.5]), allow_nan=False)) == ["nan", "inf", 1.5]


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\u202e", "\u2066", "\u200b", "\ufeff", "\ud800", "\x85"])
def test_what_deceives_the_eye_is_named(character: str) -> None:
    assert visible(f"a{character}b") == f"a⟨U+{ord(character):04X}⟩b"


@pytest.mark.parametrize("text", ["a\tb\nc", "中文 é e\u0301", "👩\u200d💻", "שלום"])
def test_honest_text_stays(text: str) -> None:
    assert visible(text) == text


def test_a_cut_tells_the_length() -> None:
    assert clip("x" * 1500, 3) == "xxx… (cut; 1,500 characters)"
    assert clip("xxx", 3) == "xxx"


def test_counting() -> None:
    assert count(1, "query", "queries") == "1 query"
    assert count(1200, "request") == "1,200 requests"
