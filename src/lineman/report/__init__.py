"""A run made visible: ``run.json`` first, everything else rendered from it.

Names are loaded when they are first used, so that a probe, which writes no page, pays for none.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lineman.report.annotations import github_annotations
    from lineman.report.comparison import Comparison, apply_baseline, compare
    from lineman.report.comparison_pages import comparison_html, comparison_markdown, comparison_text
    from lineman.report.errors import ReportError
    from lineman.report.files import load_run, write_run_files
    from lineman.report.history import find_baseline, index
    from lineman.report.merging import merge
    from lineman.report.text import plain
    from lineman.report.verdict import verdict_word

_PLACES = {
    "Comparison": "comparison",
    "ReportError": "errors",
    "apply_baseline": "comparison",
    "compare": "comparison",
    "comparison_html": "comparison_pages",
    "comparison_markdown": "comparison_pages",
    "comparison_text": "comparison_pages",
    "find_baseline": "history",
    "github_annotations": "annotations",
    "index": "history",
    "load_run": "files",
    "merge": "merging",
    "plain": "text",
    "verdict_word": "verdict",
    "write_run_files": "files",
}

__all__ = [
    "Comparison",
    "ReportError",
    "apply_baseline",
    "compare",
    "comparison_html",
    "comparison_markdown",
    "comparison_text",
    "find_baseline",
    "github_annotations",
    "index",
    "load_run",
    "merge",
    "plain",
    "verdict_word",
    "write_run_files",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
