"""Checks on requests whose credentials must be refused."""

from __future__ import annotations

from collections.abc import Iterator

from lineman.contract.answer import AnswerKind, holds_records
from lineman.contract.checks.base import Case, check
from lineman.contract.finding import Finding
from lineman.exchange import AppKey, Credential


def _must_be_refused(case: Case, clause: str) -> Iterator[Finding]:
    answer = case.answer
    if answer.kind in (AnswerKind.OUTAGE, AnswerKind.NO_ANSWER):
        return
    records = holds_records(answer)
    if answer.kind is AnswerKind.UNAUTHORISED and not records:
        return
    yield case.finding(
        clause,
        f"{_sentence(case)} was answered {answer.signature}{' with records' if records else ''}.",
        "401 or 403, and no records",
        answer.signature + (" with records" if records else ""),
        parameter=case.exchange.request.note.partition(" (")[0],  # the rest of the note is not the same in every run
        constraint="credentials refused",
        observed=f"status {answer.status}" + (" with records" if records else ""),
    )


def _sentence(case: Case) -> str:
    return f"A request with {case.exchange.request.note or 'bad credentials'}"


def _judged_for(case: Case, clause: str) -> bool:
    request = case.exchange.request
    return (
        request.credential in (Credential.NONE, Credential.GIVEN)
        and request.clauses[:1] == (clause,)
        and request.method == "POST"
    )


@check("auth.required")
def missing_authorization_is_refused(case: Case) -> Iterator[Finding]:
    """Without Authorization nothing is answered."""
    if _judged_for(case, "auth.required"):
        yield from _must_be_refused(case, "auth.required")


@check("auth.bearer-format")
def other_formats_are_refused(case: Case) -> Iterator[Finding]:
    """Only ``Bearer``, a space and the token will do."""
    if _judged_for(case, "auth.bearer-format"):
        yield from _must_be_refused(case, "auth.bearer-format")


@check("auth.unknown-token")
def unknown_tokens_are_refused(case: Case) -> Iterator[Finding]:
    """A token that was never issued opens nothing."""
    if _judged_for(case, "auth.unknown-token"):
        yield from _must_be_refused(case, "auth.unknown-token")


@check("auth.expired-token")
def expired_tokens_are_refused(case: Case) -> Iterator[Finding]:
    """A token past its lifetime opens nothing."""
    if _judged_for(case, "auth.expired-token"):
        yield from _must_be_refused(case, "auth.expired-token")


@check("auth.foreign-app-key")
def foreign_app_key_is_refused_or_ignored(case: Case) -> Iterator[Finding]:
    """An app key that is not the token's: refused as credentials, or ignored; whose records come is judged by
    the model.
    """
    request, answer = case.exchange.request, case.answer
    if request.app_key not in (AppKey.SECOND, AppKey.UNKNOWN) or request.credential is not Credential.VALID:
        return
    if answer.kind in (AnswerKind.SUCCESS, AnswerKind.OUTAGE, AnswerKind.NO_ANSWER) or not holds_records(answer):
        return
    yield case.finding(
        "auth.foreign-app-key",
        f"An X-APP-Key that is not the token's was refused ({answer.signature}), and records came all the same.",
        "401 or 403 without records, or the same answer as with its own key",
        answer.signature,
        parameter="X-APP-Key",
        constraint=request.app_key.value,
        observed="records with a refusal",
    )
