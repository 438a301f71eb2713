"""What one check says of one answer: kept, broken, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lineman.contract.finding import Finding
from lineman.exchange import Exchange

MODEL = "model"
"""Name of the check that compares answers with what the list predicts for them."""


class Result(StrEnum):
    """A check's word on one answer."""

    KEPT = "kept"
    BROKEN = "broken"
    NOTHING_TO_SAY = "nothing to say"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The word of the check named ``check`` on an exchange, about a clause; ``findings`` say how it is broken."""

    clause: str
    check: str
    result: Result
    exchange: Exchange
    findings: tuple[Finding, ...] = ()
