"""Markdown that shows text as it is."""

from __future__ import annotations

import pytest

from lineman.text import code, escaped, fenced


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a *b* <c>\n| @d", "a \\*b\\* \\<c\\> \\| \\@d"),
        ("![x](http://y)", "!\\[x\\](http:\\//y)"),
        ("see www.example.test", "see www\\.example.test"),
        ("- no list", "\\- no list"),
        ("1. no list", "1\\. no list"),
        ("# no title", "\\# no title"),
        ("plain (text), with dots - and dashes!", "plain (text), with dots - and dashes!"),
    ],
)
def test_text_means_nothing(text: str, shown: str) -> None:
    assert escaped(text) == shown


def test_code_outlasts_backticks() -> None:
    assert code("a`b``c|d") == "``` a`b``c|d ```"
    assert code("") == "` `"


def test_a_fence_is_longer_than_any_in_the_text() -> None:
    assert fenced("a\n````\nb", "sh") == "`````sh\na\n````\nb\n`````"
