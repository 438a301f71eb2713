"""The proof itself has no holes: no clause without a fault, no fault without a clause, no check that cannot fail."""

from lineman.contract.checks import CHECKS
from lineman.contract.clauses import catalogue
from lineman.sandbox import DIALECTS, FAULTS

PROMISED = {id_ for id_, clause in catalogue().items() if clause.promised}
LEAST_FAULTS = 2


def test_every_promise_has_a_fault_that_breaks_it_alone() -> None:
    """Otherwise nothing shows that its check looks at this promise and not at another one."""
    alone = {fault.clause for fault in FAULTS.values() if fault.sole}
    assert PROMISED - alone == set()


def test_every_promise_has_faults_of_several_kinds() -> None:
    """One fault may be found by luck."""
    counts = {id_: sum(fault.clause == id_ for fault in FAULTS.values()) for id_ in PROMISED}
    assert {id_: count for id_, count in counts.items() if count < LEAST_FAULTS} == {}


def test_every_fault_names_a_clause() -> None:
    """A fault that breaks nothing documented is none."""
    assert {fault.clause for fault in FAULTS.values()} <= set(catalogue())


def test_every_open_question_has_its_answers_as_dialects() -> None:
    """At least two honest answers to each."""
    silent = set(catalogue()) - PROMISED
    assert {id_ for id_ in silent if len(DIALECTS.get(id_, ())) < 2} == set()


def test_every_check_on_a_single_exchange_has_a_fault_of_its_clause() -> None:
    """A check for whose clause nothing can be seeded could not be seen to fail; one clause is silent and is exempt."""
    faulty = {fault.clause for fault in FAULTS.values()}
    judged = {one.clause for one in CHECKS.values() if one.clause in PROMISED}
    assert judged - faulty == set()
