"""Is the operation still there? What may come before it during a run: a login page, a gateway, a revocation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile

from lineman.client import BlockingClient
from lineman.contract.answer import AnswerKind, answer_kind, leads_elsewhere, read_answer
from lineman.contract.operation import document
from lineman.exchange import Exchange, Request
from lineman.suite.purpose import is_predictable
from lineman.suite.run_state import CredentialsRefused, NoVerdict, RunState

_CANARIES = 2
"""Plain queries that have to get the same strange answer: one alone may be a broken promise."""


class Presence:
    """One strange answer breaks a promise; where every request gets one, something stands before the service."""

    def __init__(self, client: BlockingClient, state: RunState) -> None:
        self._client = client
        self._state = state

    def examine(self, exchanges: Sequence[Exchange]) -> None:
        """Look at new answers.

        Raises:
            CredentialsRefused: the credentials that were good are refused from now on.
            NoVerdict: what answers is the operation no longer.
        """
        refused = [e for e in exchanges if _good_credentials_refused(e)]
        if refused and self._holds_for_every_canary(_good_credentials_refused):
            raise CredentialsRefused(
                f"the target refuses the credentials it took before (status {read_answer(refused[0]).status}): they "
                "were revoked, expired or blocked during the run"
            )
        diverted = [e for e in exchanges if is_predictable(e) and leads_elsewhere(e)]
        if diverted and self._holds_for_every_canary(leads_elsewhere):
            self._state.retract(takewhile(leads_elsewhere, reversed(self._state.exchanges)))
            raise NoVerdict(
                f"what answers is the operation no longer ({read_answer(diverted[0]).signature}): a login page or a "
                "gateway was put before it during the run"
            )

    def _holds_for_every_canary(self, trait: Callable[[Exchange], bool]) -> bool:
        canary = Request.of(document().paging.page(1), "answer.status", note="is the operation still there?")
        return all(trait(self._client.send_all([canary])[0]) for _ in range(_CANARIES))


def _good_credentials_refused(exchange: Exchange) -> bool:
    return is_predictable(exchange) and answer_kind(exchange) is AnswerKind.UNAUTHORISED
