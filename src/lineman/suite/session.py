"""What became of the tests of one run: which were planned, how each ended, and why the run ended early."""

from __future__ import annotations

from dataclasses import dataclass, field

LEFT_OUT = "not part of a smoke run"


@dataclass
class CaseOutcome:
    """What became of one test."""

    name: str
    clauses: tuple[str, ...]
    state: str
    """``passed``, ``failed`` or ``skipped``, at the time; what comes later in the run may show it otherwise."""
    seconds: float = 0.0
    reason: str = ""
    """Why it was skipped, or what of it was not verified."""
    found: tuple[str, ...] = ()
    """Clauses that were seen broken while it ran."""


@dataclass
class Session:
    """Kept by the plugin while pytest runs, and read when the verdict is drawn."""

    planned: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    """Tests and their clauses, in order."""
    finished: set[str] = field(default_factory=set)
    """Tests that ran to their end."""
    outcomes: list[CaseOutcome] = field(default_factory=list)
    stopped: str | None = None
    """Why the run ended early."""
    interrupted: bool = False
    internal_error: str | None = None
    internal_trace: str = ""
