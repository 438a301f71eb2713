"""Checks on requests whose credentials must be refused."""

from __future__ import annotations

from collections.abc import Iterator

from lineman.contract.answer import AnswerKind, holds_records
from lineman.contract.checks.base import Case, Condition, check
from lineman.contract.finding import Finding
from lineman.exchange import AppKey, Credential
from lineman.message import Message


def _must_be_refused(case: Case, clause: str) -> Iterator[Finding]:
    answer = case.answer
    records, what = holds_records(answer), Message.of(case.exchange.request.note or "bad credentials")
    if answer.kind is AnswerKind.UNAUTHORISED and not records:
        return
    yield case.finding(
        clause,
        Message.of("A request with {what} was answered {answer}, with records.", what=what, answer=answer.signature)
        if records
        else Message.of("A request with {what} was answered {answer}.", what=what, answer=answer.signature),
        "401 or 403, and no records",
        answer.signature + (" with records" if records else ""),
        parameter=case.exchange.request.note.partition(" (")[0],  # the rest of the note is not the same in every run
        constraint="credentials refused",
        observed=f"status {answer.status}" + (" with records" if records else ""),
    )


def _tried_for(clause: str) -> Condition:
    """Bad credentials that were tried for this clause, and that the service itself answered."""

    def applies(case: Case) -> bool:
        request = case.exchange.request
        bad = request.credential in (Credential.NONE, Credential.GIVEN)
        return bad and request.clauses[:1] == (clause,) and request.method == "POST" and case.is_answered

    return applies


@check("auth.required", where=_tried_for("auth.required"))
def missing_authorization_is_refused(case: Case) -> Iterator[Finding]:
    """Without Authorization nothing is answered."""
    yield from _must_be_refused(case, "auth.required")


@check("auth.bearer-format", where=_tried_for("auth.bearer-format"))
def other_formats_are_refused(case: Case) -> Iterator[Finding]:
    """Only ``Bearer``, a space and the token will do."""
    yield from _must_be_refused(case, "auth.bearer-format")


@check("auth.unknown-token", where=_tried_for("auth.unknown-token"))
def unknown_tokens_are_refused(case: Case) -> Iterator[Finding]:
    """A token that was never issued opens nothing."""
    yield from _must_be_refused(case, "auth.unknown-token")


@check("auth.expired-token", where=_tried_for("auth.expired-token"))
def expired_tokens_are_refused(case: Case) -> Iterator[Finding]:
    """A token past its lifetime opens nothing."""
    yield from _must_be_refused(case, "auth.expired-token")


def _foreign_key_is_refused(case: Case) -> bool:
    """A success is judged beside the answer that the own key gets."""
    request = case.exchange.request
    foreign = request.app_key in (AppKey.SECOND, AppKey.UNKNOWN) and request.credential is Credential.VALID
    refused = case.answer.kind is AnswerKind.UNAUTHORISED or holds_records(case.answer)
    return foreign and refused and case.is_answered and case.answer.kind is not AnswerKind.SUCCESS


@check("auth.foreign-app-key", where=_foreign_key_is_refused)
def foreign_app_key_is_refused_or_ignored(case: Case) -> Iterator[Finding]:
    """An app key that is not the token's: refused as credentials, or ignored; whose records come is judged by
    the model.
    """
    request, answer = case.exchange.request, case.answer
    if not holds_records(answer):
        return
    yield case.finding(
        "auth.foreign-app-key",
        Message.of(
            "An X-APP-Key that is not the token's was refused ({answer}), and records came all the same.",
            answer=answer.signature,
        ),
        "401 or 403 without records, or the same answer as with its own key",
        answer.signature,
        parameter="X-APP-Key",
        constraint=request.app_key.value,
        observed="records with a refusal",
    )
