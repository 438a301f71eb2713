"""Every fault that the sandbox can have is found, and told under the clause that it breaks."""

from collections.abc import Callable

import pytest

from lineman.report.run import State, Verdict
from lineman.sandbox import FAULTS, SandboxOptions
from lineman.suite.allowance import MOST

from .conftest import FAULT
from .harness import Judged, judge
from .known_open import OPEN

MOST_CAUSES = 4
"""One fault is one cause; of habits that show in many places a few may look like causes of their own."""


def test_the_fault_is_found(fault_name: str, tell: Callable[[str, str, str, Judged], None]) -> None:
    """When the sandbox has the fault, then the run fails and names its clause; only it, where it breaks only that."""
    fault = FAULTS[fault_name]
    judged = judge(SandboxOptions(faults=(fault_name,)))
    tell(FAULT, fault_name, fault.clause, judged)
    if fault_name in OPEN and fault.clause not in judged.broken:
        states = {clause.id: clause.state for clause in judged.run.clauses}
        assert states[fault.clause] is not State.HELD
        pytest.xfail(OPEN[fault_name])
    assert fault.clause in judged.broken, f"{fault.summary} Found broken: {sorted(judged.broken) or 'nothing'}"
    assert judged.run.verdict is Verdict.FAIL
    assert judged.run.exit_code == 1
    assert judged.run.requests <= MOST
    assert len(judged.causes) <= MOST_CAUSES
    states = {clause.id: clause.state for clause in judged.run.clauses}
    assert states[fault.clause] is State.VIOLATED
    if fault.sole:
        assert judged.broken == {fault.clause}
