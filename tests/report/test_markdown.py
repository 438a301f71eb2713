"""Markdown that shows text as it is."""

from __future__ import annotations

from lineman.report.markdown import code, escaped, fenced


def test_special_characters_mean_nothing() -> None:
    assert escaped("a *b* <c>\n| @d") == "a \\*b\\* \\<c\\> \\| \\@d"


def test_code_outlasts_backticks_and_pipes() -> None:
    assert code("a`b``c|d") == "``` a`b``c\\|d ```"
    assert code("") == "` `"


def test_a_fence_is_longer_than_any_in_the_text() -> None:
    assert fenced("a\n````\nb", "sh") == "`````sh\na\n````\nb\n`````"
