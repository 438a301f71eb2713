"""No honest service is accused, whatever it answers to open questions and however hard it is to judge."""

from collections.abc import Callable

import pytest

from lineman.report.run import Verdict
from lineman.sandbox import DIALECTS, OUTAGES, VARIANTS, SandboxOptions

from .conftest import HONEST
from .harness import Judged, judge
from .known_open import OPEN

ANSWERS = [(clause, answer.name) for clause, answers in DIALECTS.items() for answer in answers]
SIZES = (0, 1, 3, 99, 100, 101, 200, 201, 5_000)
Tell = Callable[[str, str, str, Judged], None]


MOST_REQUESTS = 450
"""Of an honest service, however difficult: it may change while a gateway is busy and have many requests sent twice."""


def assert_passes(judged: Judged) -> None:
    """The run passes, and with evidence."""
    told = [f"{v.clause}: {v.summary}" for v in judged.run.violations]
    assert judged.run.verdict is Verdict.PASS, told or judged.run.explanation
    assert judged.run.exit_code == 0
    assert judged.run.requests < MOST_REQUESTS


@pytest.mark.parametrize(("clause", "answer"), ANSWERS, ids=[f"{c}={a}" for c, a in ANSWERS])
def test_every_dialect_passes(clause: str, answer: str, tell: Tell) -> None:
    """Each honest answer to each open question."""
    judged = judge(SandboxOptions(dialects={clause: answer}))
    tell(HONEST, f"{clause}={answer}", clause, judged)
    assert_passes(judged)


@pytest.mark.parametrize("name", VARIANTS)
def test_every_difficulty_passes(name: str, tell: Tell) -> None:
    """Slow, guarded, compressed, moving and oddly formatted services."""
    judged = judge(SandboxOptions(variants=(name,)))
    tell(HONEST, name, "", judged)
    if name in OPEN and judged.run.verdict is Verdict.NO_VERDICT:
        assert judged.run.violations == []
        pytest.xfail(OPEN[name])
    assert_passes(judged)


@pytest.mark.parametrize("records", SIZES)
def test_every_size_passes(records: int, tell: Tell) -> None:
    """Lists around every boundary, and one that is too long to be read."""
    judged = judge(SandboxOptions(records=records))
    tell(HONEST, f"{records} records", "", judged)
    assert_passes(judged)


@pytest.mark.parametrize("name", OUTAGES)
def test_an_outage_is_no_verdict(name: str, tell: Tell) -> None:
    """Nothing is called broken, nothing green, where nothing could be seen."""
    judged = judge(SandboxOptions(outage=name))
    tell(HONEST, name, "", judged)
    assert judged.run.verdict is Verdict.NO_VERDICT
    assert judged.run.exit_code == 3
    assert judged.run.violations == []
    assert judged.run.explanation


@pytest.mark.parametrize("answer", [answer.name for answer in DIALECTS["filter.no-match"]])
def test_an_empty_tenant_is_not_accused(answer: str, tell: Tell) -> None:
    """Where nothing is in the list, every query may be answered as one that matches nothing."""
    judged = judge(SandboxOptions(records=0, dialects={"filter.no-match": answer}))
    tell(HONEST, f"0 records, filter.no-match={answer}", "", judged)
    assert judged.run.violations == []
    assert judged.run.verdict in {Verdict.PASS, Verdict.NO_VERDICT}
