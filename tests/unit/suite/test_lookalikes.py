"""Texts that are nearly one of the data's."""

from __future__ import annotations

import unicodedata

import pytest

from lineman.contract.matching import Match, match_text
from lineman.suite.lookalikes import confusable, foldings

TEXTS = ("VIP line 42", "客服热线", "📞 hotline", "Café", "ｆｕｌｌ", "e\u0301tage")


@pytest.mark.parametrize("texts", [TEXTS, ("plain", "line"), ("400123",), ("客",), ("📞📞",), ("a b ",)])
def test_a_confusable_text_matches_nothing_even_where_searches_fold(texts: tuple[str, ...]) -> None:
    for text in confusable(texts):
        assert {match_text(text, value) for value in texts} == {Match.NO}, text


def test_there_is_one_for_every_kind_of_character_that_the_data_has() -> None:
    made = list(confusable(TEXTS))
    assert any("\u0660" <= character <= "\u0669" for text in made for character in text)
    assert any(ord(character) > 0xFFFF for text in made for character in text)
    assert any("\u4e00" <= character <= "\u9fff" for text in made for character in text)
    assert any(text.endswith(" ") for text in made)
    assert any("\x00" in text for text in made)


def test_a_folded_text_is_found_only_where_searches_fold() -> None:
    made = dict(foldings(TEXTS))
    assert set(made) == {"accents", "width", "composed and decomposed letters"}
    for text in made.values():
        assert Match.MAYBE in {match_text(text, value) for value in TEXTS}
        assert Match.YES not in {match_text(text, value) for value in TEXTS}


def test_plain_texts_are_asked_with_accents_and_in_full_width() -> None:
    made = dict(foldings(("hotline",)))
    assert made["accents"] == "hótline"
    assert unicodedata.normalize("NFKC", made["width"]) == "hotline"
    assert "composed and decomposed letters" not in made


@pytest.mark.parametrize(
    ("text", "value", "match"),
    [
        ("cafe", "Café", Match.MAYBE),
        ("CAFE", "café au lait", Match.MAYBE),
        ("４００", "400123", Match.MAYBE),
        ("ｶｽﾀﾏｰ", "カスタマー", Match.MAYBE),
        ("e\u0301", "é", Match.MAYBE),
        ("か", "が", Match.NO),
        ("٤٠٠", "400", Match.NO),
        ("📟", "📞", Match.NO),
        ("龘", "客", Match.NO),
        ("line ", "line", Match.NO),
        ("li\u200bne", "line", Match.NO),
    ],
)
def test_what_honest_searches_may_take_for_equal(text: str, value: str, match: Match) -> None:
    assert match_text(text, value) is match
