"""A list served from memory, and the suite's service in front of it: what judges may be tried without a network."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, cast

from tests.unit.exchanges import answered, page

from lineman.client import BlockingClient
from lineman.client.statistics import Statistics
from lineman.contract.query import parse_query
from lineman.exchange import Credential, Exchange, Request
from lineman.suite.run_state import RunOptions, RunState
from lineman.suite.service import Service
from lineman.target import Target, load_target

Reply = tuple[int, bytes]
Answer = Callable[[Request], Reply]
ENVIRONMENT = {
    "LINEMAN_BASE_URL": "http://target",
    "LINEMAN_APP_KEY": "key-of-the-tenant",
    "LINEMAN_APP_SECRET": "secret-of-the-tenant",
}


def refusal(status: int, code: str = "100001") -> Reply:
    """A refusal in the documented envelope."""
    return status, json.dumps({"returnCode": code, "description": "refused"}).encode()


@dataclass
class MemoryList:
    """Answers as the documentation says; a test overrides what it wants to be wrong."""

    records: list[dict[str, Any]]

    def __call__(self, request: Request) -> Reply:
        """The status and body for a request."""
        if request.credential in (Credential.NONE, Credential.GIVEN):
            return refusal(401, "100002")
        asked = parse_query(request.query) if request.query is not None else None
        if asked is None or asked.invalid:
            return refusal(400)
        found = [record for record in self.records if self.matches(record, dict(asked.filters))]
        return 200, page(found[asked.start :][: asked.page_size], len(found))

    @staticmethod
    def matches(record: dict[str, Any], filters: dict[str, Any]) -> bool:
        """Texts are found anywhere, numbers are equal."""
        return all(
            value in str(record.get(name, "")) if isinstance(value, str) else record.get(name) == value
            for name, value in filters.items()
        )


@dataclass
class MemoryClient:
    """What the service uses of the client."""

    answer: Answer
    state: RunState
    target: Target
    statistics: Statistics = field(default_factory=Statistics)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def send_all(self, requests: Sequence[Request]) -> list[Exchange]:
        """Answer, and record as the client does; each answer comes a second after the one before."""
        exchanges = []
        for request in requests:
            number = next(self.numbers)
            exchange = answered(request, *self.answer(request), number)
            started = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
            exchange = replace(exchange, started=started, started_at=float(number))
            self.state.record(exchange)
            exchanges.append(exchange)
        return exchanges

    def ask_before_down(self, neutral: object) -> None:
        """Never down."""


def serving(answer: Answer, options: RunOptions | None = None, **changes: Any) -> Service:
    """The service in front of what answers so; ``changes`` are members of its target."""
    state = RunState()
    target = replace(load_target(None, None, None, ENVIRONMENT), **changes)
    client = MemoryClient(answer, state, target)
    return Service(cast("BlockingClient", client), options or RunOptions(), state)
