"""Prints the proof's tables: what was found by what, and which honest services passed."""

from collections import Counter
from collections.abc import Callable, Sequence
from statistics import median

import pytest

from lineman.sandbox import FAULTS

from .harness import Judged

Row = tuple[str, str, str, str, int, int, str]
"""Kind, name, clause, what found it, requests, milliseconds, and the causes that the run names."""
FAULT = "fault"
HONEST = "honest"


def pytest_addoption(parser: pytest.Parser) -> None:
    """``make proof`` asks for everything; ``ARGS=--whole-families`` takes hours, the representatives show each kind."""
    parser.addoption(
        "--everything", action="store_true", help="prove every fault and every honest service, not a sample"
    )
    parser.addoption("--whole-families", action="store_true", help="prove every member of the large families of faults")


_SAMPLE = 24
"""Every so many-th run of a proof stands for it where not everything is asked for: a whole proof takes two cores half
an hour, and a change has to be tested in minutes."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep a sample of the large families: the first fault of each clause, and every so many-th of all others."""
    if config.getoption("--everything", default=False) or config.getoption("keyword", default=""):
        return
    numbers: Counter[str] = Counter()
    clauses: set[str] = set()
    dropped: list[pytest.Item] = []
    for item in items:
        if "tests/proof" not in item.path.as_posix() or not isinstance(item, pytest.Function):
            continue
        if not hasattr(item, "callspec"):
            continue
        number = numbers[item.originalname]
        numbers[item.originalname] += 1
        fault = FAULTS.get(str(item.callspec.params.get("fault_name", "")))
        new_clause = fault is not None and fault.clause not in clauses
        if fault is not None:
            clauses.add(fault.clause)
        if number % _SAMPLE and not new_clause:
            dropped.append(item)
    gone = set(dropped)
    items[:] = [item for item in items if item not in gone]
    config.hook.pytest_deselected(items=dropped)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The faults that the proof runs."""
    if "fault_name" in metafunc.fixturenames:
        whole = metafunc.config.getoption("--whole-families", default=False)
        names = [name for name, fault in FAULTS.items() if whole or fault.representative]
        metafunc.parametrize("fault_name", names)


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str, str, str, Judged], None]:
    """Note a row of one of the tables; it travels with the test's report, from xdist's workers too."""

    def note(kind: str, name: str, clause: str, judged: Judged) -> None:
        found_by = "+".join(sorted(judged.checks.get(clause, ()))) if kind == FAULT else judged.run.verdict.value
        took = (judged.run.requests, round(judged.seconds * 1000))
        record_property("proof", (kind, name, clause, found_by, *took, ", ".join(judged.causes)))

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
        for _, name, clause, found_by, requests, milliseconds, causes in chosen:
            line = f"{name:52} {clause:30} {found_by:44} {requests:5} requests {milliseconds:6} ms  {causes}"
            terminalreporter.write_line(line)
        terminalreporter.write_line(_requests(chosen))
        if kind == FAULT:
            terminalreporter.write_line(_causes(chosen))


def _requests(rows: Sequence[Row]) -> str:
    """How many requests the runs took, and which took most."""
    numbers = sorted((row[4], row[1]) for row in rows)
    return f"requests: median {median(n for n, _ in numbers):.0f}, most {numbers[-1][0]} ({numbers[-1][1]})"


def _causes(rows: Sequence[Row]) -> str:
    """How many causes a fault's run names, and for how many faults its own clause is the first of them."""
    named = [row[6].split(", ") if row[6] else [] for row in rows]
    counts = sorted(map(len, named))
    first = sum(causes[:1] == [row[2]] for row, causes in zip(rows, named, strict=True))
    at_95 = counts[min(len(counts) - 1, len(counts) * 95 // 100)]
    most = ", ".join(row[1] for row, causes in zip(rows, named, strict=True) if len(causes) == counts[-1])
    return (
        f"causes per fault: median {median(counts):g}, 95 in 100 at most {at_95}, most {counts[-1]} ({most[:200]}); "
        f"the fault's own clause named first in {first} of {len(rows)}"
    )
