"""What a run saw until now, in a file that survives the process: ``journal.jsonl`` in the run's folder.

Each exchange is a line as soon as it ended, and about every second the state of all clauses is one. Where the process
is killed, ``lineman report render`` makes pages of it; where the run ends by itself, ``run.json`` takes its place.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

from lineman.exchange import Exchange
from lineman.report.journal import JOURNAL_FILE
from lineman.report.run import Run
from lineman.suite.record import exchange_record
from lineman.text import plain

_CHECKPOINT_SECONDS = 1.0
"""Seconds between two states at least: a second of a run is what a reader can miss."""
_SHARE = 20
"""Times as long as drawing a state took that the next one waits: at most a twentieth of a run is spent on them."""


class Journal:
    """Appends to the journal of one run. A disk that cannot take it ends the journal, not the run."""

    def __init__(self, folder: Path, conclude: Callable[[], Run], now: Callable[[], float]) -> None:
        self._path = folder / JOURNAL_FILE
        self._conclude = conclude
        self._now = now
        self._next = float("-inf")
        self._lock = threading.Lock()
        self._file: IO[str] | None = None
        try:
            self._file = self._path.open("w", encoding="utf-8", errors="backslashreplace")
        except OSError:
            return

    def exchange(self, exchange: Exchange) -> None:
        """Append an exchange; the client's thread calls this."""
        record = exchange_record(exchange, evidence=False)
        self._append("exchange", record.model_dump(mode="python", warnings=False))

    def checkpoint(self) -> None:
        """Append the state of all clauses, unless that was done a moment ago."""
        began = self._now()
        if self._file is None or began < self._next:
            return
        self._append(
            "run", self._conclude().model_copy(update={"exchanges": []}).model_dump(mode="python", warnings=False)
        )
        ended = self._now()
        self._next = ended + max(_CHECKPOINT_SECONDS, _SHARE * (ended - began))

    def close(self) -> None:
        """End it; the file stays."""
        with self._lock:
            if self._file is not None:
                self._file.close()
            self._file = None

    def _append(self, kind: str, content: object) -> None:
        line = json.dumps({kind: plain(content)}, default=str, ensure_ascii=False)
        with self._lock:
            if self._file is None:
                return
            try:
                self._file.write(line + "\n")
                self._file.flush()
            except OSError:
                self._file = None
