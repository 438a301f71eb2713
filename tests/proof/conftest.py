"""Prints the proof's tables: what was found by what, and which honest services passed."""

from collections.abc import Callable

import pytest

from .harness import Judged

FAULT = "fault"
HONEST = "honest"


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str, str, str, Judged], None]:
    """Note a row of one of the tables; it travels with the test's report, from xdist's workers too."""

    def note(kind: str, name: str, clause: str, judged: Judged) -> None:
        found_by = "+".join(sorted(judged.checks.get(clause, ()))) if kind == FAULT else judged.run.verdict.value
        record_property("proof", (kind, name, clause, found_by, judged.run.requests, round(judged.seconds * 1000)))

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The tables, faults first."""
    reports = [r for state in ("passed", "failed") for r in terminalreporter.stats.get(state, [])]
    rows = sorted(tuple(v) for r in reports for key, v in getattr(r, "user_properties", []) if key == "proof")
    for kind, title in ((FAULT, "faults"), (HONEST, "honest services")):
        chosen = [row for row in rows if row[0] == kind]
        if not chosen:
            continue
        terminalreporter.section(f"{len(chosen)} {title}")
        for _, name, clause, found_by, requests, milliseconds in chosen:
            line = f"{name:52} {clause:30} {found_by:44} {requests:5} requests {milliseconds:6} ms"
            terminalreporter.write_line(line)
