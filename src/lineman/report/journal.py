"""Reading the journal of a run whose process was killed before it wrote ``run.json``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lineman.report.run import Run, Verdict

JOURNAL_FILE = "journal.jsonl"
_INTERRUPTED = 2
"""The exit code of an interrupted run, which this was."""


def read_journal(folder: Path) -> Run:
    """The run as far as it came: its last state, with every exchange until the end.

    Raises:
        OSError: there is no journal, or it cannot be read.
        ValueError: it holds no state of a run.
    """
    state: dict[str, Any] | None = None
    exchanges: list[dict[str, Any]] = []
    for line in _lines(folder / JOURNAL_FILE):
        state = line.get("run", state)
        exchanges += [line["exchange"]] if "exchange" in line else []
    if state is None:
        raise ValueError(f"{folder / JOURNAL_FILE} holds no state of a run: it ended before the first one was written")
    ended = {
        "exchanges": sorted(exchanges, key=lambda exchange: int(exchange["number"])),
        "requests": len(exchanges),
        "verdict": Verdict.NO_VERDICT.value,
        "exit_code": _INTERRUPTED,
        "explanation": "The run's process ended before its verdict; what it verified until then is below.",
    }
    return Run.model_validate(state | ended)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Every whole line: the last one may have been cut by what ended the process."""
    with path.open(encoding="utf-8") as file:
        for text in file:
            if not text.endswith("\n"):
                return
            yield json.loads(text)
