"""Another tenant's records in an answer: reported as that, where the other tenant's credentials are at hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lineman.contract.answer import read_answer
from lineman.contract.finding import Finding, Record, RecordDiff
from lineman.contract.model import Model, record_id
from lineman.contract.operation import document
from lineman.exchange import Credential, Exchange, Request
from lineman.message import Message

CLAUSE = "auth.tenant-isolation"
_SHOWN = 20


@dataclass
class ForeignRecords:
    """Knows the second tenant's records, once an answer that is wrong makes them worth reading."""

    send: Callable[[Sequence[Request]], list[Exchange]]
    model: Model
    readable: bool
    """True where the second tenant's credentials are configured."""
    _foreign: dict[str, Exchange] | None = field(default=None, repr=False)
    """Identity of a record to the second tenant's answer that has it."""

    def examine(self, exchanges: Sequence[Exchange]) -> list[Finding]:
        """What wrong answers to the first tenant show of the second one's records."""
        if not self.readable or not any(read_answer(exchange).records for exchange in exchanges):
            return []
        if self._foreign is None:
            self._foreign = self._read()
        return [finding for exchange in exchanges for finding in self._of(exchange)]

    def _read(self) -> dict[str, Exchange]:
        """The second tenant's records that are not, by the whole list, the first tenant's own."""
        paging, whole = document().paging, self.model.whole
        own = {record_id(record) for record in whole.records} if whole else set()
        starts = (0, paging.size_maximum)
        requests = [
            Request.of(
                paging.page(paging.size_maximum, at), CLAUSE, credential=Credential.SECOND, note="whose are they?"
            )
            for at in starts
        ]
        exchanges = self.send(requests)
        return {
            record_id(record): exchange
            for exchange in exchanges
            for record in read_answer(exchange).records
            if record_id(record) not in own
        }

    def _of(self, exchange: Exchange) -> list[Finding]:
        known = self._foreign or {}
        foreign = [record for record in read_answer(exchange).records if record_id(record) in known]
        return [_shown_to_the_first(exchange, known[record_id(foreign[0])], foreign)] if foreign else []


def _shown_to_the_first(exchange: Exchange, theirs: Exchange, foreign: Sequence[Record]) -> Finding:
    paging = document().paging
    names = "+".join(sorted(name for name in (exchange.request.query or {}) if name not in paging.names))
    return Finding(
        CLAUSE,
        Message.of("The first tenant sees {count} records of the second.", count=len(foreign)),
        "no record of another tenant",
        [dict(record) for record in foreign[:5]],
        (exchange, theirs),
        parameter=names or "no filter",
        constraint="own records only",
        observed="the other tenant's records",
        rows=RecordDiff(extra=tuple(foreign[:_SHOWN])),
        check="first_tenant_sees_its_own",
    )
