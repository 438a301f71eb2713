"""What an exchange was asked for, and what its answer shows of that by itself."""

from __future__ import annotations

from lineman.contract.answer import AnswerKind, read_answer
from lineman.contract.clauses import catalogue
from lineman.contract.outcome import Outcome, Result
from lineman.exchange import AppKey, Credential, Exchange, Operation

PURPOSE = "purpose"
"""The judge under whose name these outcomes are kept."""


def is_predictable(exchange: Exchange) -> bool:
    """True for a request of the first tenant to the operation itself, whose answer the model can predict."""
    request = exchange.request
    return (
        exchange.operation is Operation.QUERY
        and request.credential is Credential.VALID
        and request.app_key is AppKey.OWN
        and request.method == "POST"
        and request.path is None
        and request.content_type == "application/json"
    )


def purposes_shown(exchange: Exchange) -> list[Outcome]:
    """What an answer shows by itself of the clauses that it was asked for, where no model predicts it.

    A success with another tenant's token or another app key is evidence for the relation that compares it; what the
    service answers to a question that the documentation leaves open bears on that question.
    """
    answer = read_answer(exchange)
    if exchange.operation is not Operation.QUERY or answer.kind in (AnswerKind.OUTAGE, AnswerKind.NO_ANSWER):
        return []
    compared = answer.succeeded and not is_predictable(exchange)
    shown = [
        id_
        for id_ in exchange.request.clauses
        if (not catalogue()[id_].promised if id_ in catalogue() else False) or (compared and _shown_by_relation(id_))
    ]
    return [Outcome(id_, PURPOSE, Result.KEPT, exchange) for id_ in shown]


def _shown_by_relation(clause: str) -> bool:
    """True for promises of which a success with other credentials than the tenant's own shows something."""
    return clause in ("auth.app-key-optional", "auth.foreign-app-key", "auth.tenant-isolation")
