"""Faults of the Authorization header and of tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lineman.sandbox.faults.base import document_of, fault, peek
from lineman.sandbox.operation import bearer_text
from lineman.sandbox.pipeline import AUTHENTICATE, ENCODE, QUERY, REFUSE, TOKEN, Call, Refusal, Reply, Step
from lineman.sandbox.responses import token_lifetime
from lineman.sandbox.store import Criteria
from lineman.sandbox.tokens import Token

_EMPTY = b'{"returnCode":"0","data":{"total":0,"calledRouteList":[]},"description":"success"}'


def _unless(call: Call, proceed: Step[int], excused: Callable[[str], int]) -> int:
    """The honest answer, unless the reason of its refusal is excused with a tenant."""
    try:
        return proceed(call)
    except Refusal as refusal:
        tenant = excused(refusal.reason)
        if not tenant:
            raise
        return tenant


def _empty_for(call: Call, proceed: Step[Reply], reason: str) -> Reply:
    try:
        return proceed(call)
    except Refusal as refusal:
        if refusal.reason != reason:
            raise
        return Reply(200, _EMPTY)


def _similar(call: Call, same: Callable[[str, str], bool]) -> int:
    """The tenant of a valid token that is the same as the given text, in some sense of same."""
    header = call.headers.get("authorization", "")
    tokens = call.service.tokens
    given = header.removeprefix("Bearer ")
    return next(
        (token.tenant for token in tokens.issued.values() if tokens.is_current(token) and same(token.text, given)), 0
    )


@fault(
    AUTHENTICATE,
    "auth.required",
    "anonymous-accepted",
    "Serves tenant one to callers without Authorization.",
    sole=True,
)
def anonymous_accepted(call: Call, proceed: Step[int]) -> int:
    return _unless(call, proceed, lambda reason: reason == "missing")


@fault(AUTHENTICATE, "auth.required", "app-key-suffices", "Takes X-APP-Key in place of Authorization.", sole=True)
def app_key_suffices(call: Call, proceed: Step[int]) -> int:
    keys = [tenant.app_key for tenant in call.service.tokens.tenants]
    key = call.headers.get("x-app-key", "")
    return _unless(call, proceed, lambda reason: keys.index(key) + 1 if reason == "missing" and key in keys else 0)


@fault(AUTHENTICATE, "auth.required", "anonymous-second-page", "Asks for no credentials behind page one.", sole=True)
def anonymous_second_page(call: Call, proceed: Step[int]) -> int:
    return _unless(call, proceed, lambda reason: reason == "missing" and peek(call).get("offset") not in {None, 0})


@fault(
    AUTHENTICATE,
    "auth.required",
    "anonymous-after-login",
    "Serves the caller without credentials who follows one with.",
)
def anonymous_after_login(call: Call, proceed: Step[int]) -> int:
    memory = call.service.memory
    memory["last-tenant"] = _unless(
        call, proceed, lambda reason: memory.get("last-tenant", 0) if reason == "missing" else 0
    )
    return int(memory["last-tenant"])


@fault(QUERY, "auth.required", "anonymous-empty-success", "A success without records in place of a refusal.", sole=True)
def anonymous_empty_success(call: Call, proceed: Step[Reply]) -> Reply:
    return _empty_for(call, proceed, "missing")


@fault(REFUSE, "auth.required", "records-in-refusal", "Answers 401 with the records in the body.", sole=True)
def records_in_refusal(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    if call.refusal is None or call.refusal.reason != "missing":
        return reply
    selection = call.service.store.find(1, Criteria(), 10, 0)
    records = [{"id": record.id, "accessCode": record.access_code} for record in selection.records]
    document = {"returnCode": "100002", "data": {"total": selection.total, "calledRouteList": records}}
    return replace(call, document=document, status=reply.status).run(ENCODE)


@fault(AUTHENTICATE, "auth.bearer-format", "scheme-ignored", "Takes any scheme before the token.", sole=True)
def scheme_ignored(call: Call, proceed: Step[int]) -> int:
    return _unless(call, proceed, lambda reason: _similar(call, lambda token, given: given.endswith(f" {token}")))


@fault(AUTHENTICATE, "auth.bearer-format", "bare-token-accepted", "Takes the token without a scheme.", sole=True)
def bare_token_accepted(call: Call, proceed: Step[int]) -> int:
    return _unless(call, proceed, lambda reason: reason == "format" and _similar(call, str.__eq__))


@fault(
    AUTHENTICATE, "auth.bearer-format", "space-not-required", "Takes Bearer and the token without a space.", sole=True
)
def space_not_required(call: Call, proceed: Step[int]) -> int:
    return _unless(call, proceed, lambda reason: _similar(call, lambda token, given: given == f"Bearer{token}"))


@fault(AUTHENTICATE, "auth.bearer-format", "basic-accepted", "Takes Basic before the token.", sole=True)
def basic_accepted(call: Call, proceed: Step[int]) -> int:
    return _unless(call, proceed, lambda reason: _similar(call, lambda token, given: given == f"Basic {token}"))


@fault(AUTHENTICATE, "auth.unknown-token", "any-token-accepted", "Takes any token at all.", sole=True)
def any_token_accepted(call: Call, proceed: Step[int]) -> int:
    return _unless(call, proceed, lambda reason: reason == "unknown")


@fault(
    AUTHENTICATE, "auth.unknown-token", "token-beginning", "Compares the first 16 characters of tokens only.", sole=True
)
def token_beginning(call: Call, proceed: Step[int]) -> int:
    return _unless(
        call,
        proceed,
        lambda reason: reason == "unknown" and _similar(call, lambda token, given: token[:16] == given[:16]),
    )


@fault(AUTHENTICATE, "auth.unknown-token", "token-end", "Compares the last 16 characters of tokens only.", sole=True)
def token_end(call: Call, proceed: Step[int]) -> int:
    return _unless(
        call,
        proceed,
        lambda reason: reason == "unknown" and _similar(call, lambda token, given: token[-16:] == given[-16:]),
    )


@fault(AUTHENTICATE, "auth.unknown-token", "token-case-folded", "Ignores the letter case of tokens.", sole=True)
def token_case_folded(call: Call, proceed: Step[int]) -> int:
    return _unless(
        call,
        proceed,
        lambda reason: reason == "unknown" and _similar(call, lambda token, given: token.lower() == given.lower()),
    )


@fault(
    AUTHENTICATE, "auth.unknown-token", "token-with-tail", "Takes a token with further characters behind it.", sole=True
)
def token_with_tail(call: Call, proceed: Step[int]) -> int:
    return _unless(
        call,
        proceed,
        lambda reason: reason == "unknown" and _similar(call, lambda token, given: given.startswith(token)),
    )


@fault(AUTHENTICATE, "auth.unknown-token", "token-by-length", "Takes any token of the right length.", sole=True)
def token_by_length(call: Call, proceed: Step[int]) -> int:
    return _unless(
        call,
        proceed,
        lambda reason: reason == "unknown" and _similar(call, lambda token, given: len(token) == len(given)),
    )


@fault(
    QUERY, "auth.unknown-token", "unknown-empty-success", "A success without records for an unknown token.", sole=True
)
def unknown_empty_success(call: Call, proceed: Step[Reply]) -> Reply:
    return _empty_for(call, proceed, "unknown")


@fault(AUTHENTICATE, "auth.unknown-token", "unknown-second-page", "Checks tokens on page one only.", sole=True)
def unknown_second_page(call: Call, proceed: Step[int]) -> int:
    return _unless(call, proceed, lambda reason: reason == "unknown" and peek(call).get("offset") not in {None, 0})


def _expired(call: Call, reason: str) -> Token | None:
    return call.service.tokens.find(bearer_text(call)) if reason == "expired" else None


@fault(AUTHENTICATE, "auth.expired-token", "expired-accepted", "Never looks at a token's lifetime.", sole=True)
def expired_accepted(call: Call, proceed: Step[int]) -> int:
    def excused(reason: str) -> int:
        token = _expired(call, reason)
        return token.tenant if token else 0

    return _unless(call, proceed, excused)


@fault(AUTHENTICATE, "auth.expired-token", "expired-grace", "Takes tokens for a minute after their end.", sole=True)
def expired_grace(call: Call, proceed: Step[int]) -> int:
    def excused(reason: str) -> int:
        token = _expired(call, reason)
        return token.tenant if token and call.service.clock() < token.expires + 60 else 0

    return _unless(call, proceed, excused)


@fault(AUTHENTICATE, "auth.expired-token", "expired-second-page", "Takes expired tokens behind page one.", sole=True)
def expired_second_page(call: Call, proceed: Step[int]) -> int:
    def excused(reason: str) -> int:
        token = _expired(call, reason)
        return token.tenant if token and peek(call).get("offset") not in {None, 0} else 0

    return _unless(call, proceed, excused)


@fault(
    QUERY, "auth.expired-token", "expired-empty-success", "A success without records for an expired token.", sole=True
)
def expired_empty_success(call: Call, proceed: Step[Reply]) -> Reply:
    return _empty_for(call, proceed, "expired")


@fault(TOKEN, "auth.expired-token", "lifetime-ignored", "Answers the lifetime asked for, and gives an hour.", sole=True)
def lifetime_ignored(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    tokens = call.service.tokens
    token = tokens.find(document_of(reply)["AccessToken"])
    if token is not None and token_lifetime(call) < 3600:
        tokens.issued[token.text] = replace(token, expires=token.created + 3600)
    return reply
