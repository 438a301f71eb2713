"""Sentences as data: every template has its translation, with the same placeholders."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.report.builders import violation

import lineman
from lineman.contract.clauses import catalogue
from lineman.message import Message, message_record
from lineman.report.languages import LOCALES, UnknownLanguageError, language

OTHERS = [code for code in LOCALES if code != "en"]


def templates() -> Iterator[str]:
    """Every literal that is made into a sentence anywhere in lineman."""
    for file in Path(lineman.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                of_message = isinstance(node.func.value, ast.Name) and node.func.value.id == "Message"
                if (node.func.attr == "of" and of_message) or node.func.attr == "say":
                    first = node.args[0]
                    if isinstance(first, ast.Constant) and isinstance(first.value, str):
                        yield first.value


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", OTHERS)
def test_every_sentence_is_translated_with_its_values(code: str) -> None:
    texts = language(code).catalogue
    wanted = sorted(set(templates()))
    assert len(wanted) > 40
    assert [text for text in wanted if text not in texts] == []
    wrong = [text for text in wanted if placeholders(text) != placeholders(texts[text])]
    assert wrong == [], "a translation lacks a value, or names one that there is not"


@pytest.mark.parametrize("code", OTHERS)
def test_every_clause_is_translated(code: str) -> None:
    texts = language(code).catalogue
    assert [one.title for one in catalogue().values() if one.title not in texts] == []


def test_a_sentence_of_a_run_is_said_in_each_language() -> None:
    said = Message.of("limit 0 returned {count} records; expected none.", count=7)
    broken = violation("limit.zero", summary=said, message=message_record(said))
    assert language("en").summary(broken) == "limit 0 returned 7 records; expected none."
    assert language("zh").summary(broken) == "limit 为 0 时返回了 7 条记录；预期不返回记录。"


def test_a_sentence_inside_another_is_translated_too() -> None:
    said = Message.of(
        "A request with {what} was answered {answer}.", what=Message.of("no Authorization header"), answer="200"
    )
    broken = violation("auth.required", summary=said, message=message_record(said))
    assert "没有 Authorization 请求头" in language("zh").summary(broken)


def test_what_has_no_translation_is_said_in_english() -> None:
    assert language("zh").say("A new sentence with {count} values.", count=2) == "A new sentence with 2 values."
    assert language("zh").summary(violation("limit.zero", summary="Old.")) == "Old."


def test_values_of_the_target_are_never_templates() -> None:
    said = Message.of("{method} is answered with records.", method="{__class__} %s {0}")
    assert str(said) == "{__class__} %s {0} is answered with records."
    assert Message.of("{0} as it stands") == "{0} as it stands"


def test_secrets_are_taken_out_of_values() -> None:
    said = Message.of("{method} is answered with records.", method="s3cret").map(
        lambda text: text.replace("s3cret", "***")
    )
    assert str(said) == "*** is answered with records."
    assert said.record()["values"] == {"method": "***"}


def test_an_unknown_language_is_a_message() -> None:
    with pytest.raises(UnknownLanguageError, match="there are: en, zh"):
        language("tlh")
