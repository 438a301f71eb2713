"""What all pages share."""

from __future__ import annotations

from pathlib import Path

import pytest
from markupsafe import Markup

from lineman.report.html import prose, render


def test_another_package_has_pages_of_the_same_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    templates = tmp_path / "pages_of_another_room" / "templates"
    templates.mkdir(parents=True)
    (templates.parent / "__init__.py").write_text("")
    (templates / "own.html").write_text('{% extends "base.html" %}{% block content %}{{ text }}{% endblock %}')
    (templates / "own.js").write_text("const own = 1;")
    (templates / "style.css").write_text(".own { color: inherit; }")
    monkeypatch.syspath_prepend(tmp_path)
    page = render("own.html", package="pages_of_another_room", scripts=("own.js",), text="<b>\u202e")
    for part in ("&lt;b&gt;⟨U+202E⟩", "const own = 1;", ".own { color: inherit; }", "--ground:", "data-theme-choice"):
        assert part in page


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("whether `{}` is <valid>", "whether <code>{}</code> is &lt;valid&gt;"),
        ("a lone ` stays", "a lone ` stays"),
        ("`<i>`\u202e", "<code>&lt;i&gt;</code>⟨U+202E⟩"),
    ],
)
def test_words_in_backticks_are_code(text: str, shown: str) -> None:
    assert prose(text) == Markup(shown)  # noqa: S704 - the expected text of a test
