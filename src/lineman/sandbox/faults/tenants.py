"""Faults of X-APP-Key, and of the wall between tenants."""

from __future__ import annotations

from dataclasses import replace

from lineman.sandbox.faults.base import all_matches, failure, fault, page
from lineman.sandbox.operation import find_token
from lineman.sandbox.pipeline import AUTHENTICATE, QUERY, RENDER, SELECT, Call, Document, Refusal, Reply, Step
from lineman.sandbox.records import Record
from lineman.sandbox.store import Selection


def _key(call: Call) -> str:
    return call.headers.get("x-app-key", "")


def _keys(call: Call) -> list[str]:
    return [tenant.app_key for tenant in call.service.tokens.tenants]


def _key_tenant(call: Call) -> int:
    """Whose key is given: 1, 2, or 0 for nobody's."""
    keys = _keys(call)
    return keys.index(_key(call)) + 1 if _key(call) in keys else 0


def _matches_of(call: Call, proceed: Step[Selection], tenant: int) -> tuple[Record, ...]:
    return all_matches(replace(call, tenant=tenant), proceed)


@fault(AUTHENTICATE, "auth.app-key-optional", "app-key-mandatory", "Refuses requests without X-APP-Key.", sole=True)
def app_key_mandatory(call: Call, proceed: Step[int]) -> int:
    tenant = proceed(call)
    if not _key(call):
        raise Refusal("credentials", "missing", "X-APP-Key is missing.")
    return tenant


@fault(AUTHENTICATE, "auth.app-key-optional", "own-key-refused", "Refuses the token's own X-APP-Key.", sole=True)
def own_key_refused(call: Call, proceed: Step[int]) -> int:
    tenant = proceed(call)
    if _key_tenant(call) == tenant:
        raise Refusal("credentials", "foreign", "The app key does not match the token.")
    return tenant


@fault(
    SELECT,
    "auth.app-key-optional",
    "keyless-sees-less",
    "Hides multimedia codes from callers without X-APP-Key.",
    sole=True,
)
def keyless_sees_less(call: Call, proceed: Step[Selection]) -> Selection:
    if _key(call):
        return proceed(call)
    return page(call, (record for record in all_matches(call, proceed) if record.media_type != 53))


@fault(SELECT, "auth.app-key-optional", "keyless-order", "Orders the list otherwise without X-APP-Key.", sole=True)
def keyless_order(call: Call, proceed: Step[Selection]) -> Selection:
    return proceed(call) if _key(call) else page(call, reversed(all_matches(call, proceed)))


@fault(RENDER, "auth.app-key-optional", "keyless-description", "Masks descriptions without X-APP-Key.", sole=True)
def keyless_description(call: Call, proceed: Step[Document]) -> Document:
    document = proceed(call)
    if not _key(call):
        for record in document["data"]["calledRouteList"]:
            record["description"] = None
    return document


@fault(AUTHENTICATE, "auth.foreign-app-key", "foreign-key-switches", "Serves the tenant of X-APP-Key.", sole=True)
def foreign_key_switches(call: Call, proceed: Step[int]) -> int:
    if _key_tenant(call):
        find_token(call)
        return _key_tenant(call)
    return proceed(call)


@fault(
    AUTHENTICATE,
    "auth.foreign-app-key",
    "unknown-key-empty",
    "A success without records for a key nobody has.",
    sole=True,
)
def unknown_key_empty(call: Call, proceed: Step[int]) -> int:
    if _key(call) and not _key_tenant(call):
        find_token(call)
        return 3
    return proceed(call)


@fault(
    AUTHENTICATE,
    "auth.foreign-app-key",
    "unknown-key-default-tenant",
    "Serves tenant two for a key nobody has.",
    sole=True,
)
def unknown_key_default_tenant(call: Call, proceed: Step[int]) -> int:
    if _key(call) and not _key_tenant(call):
        return 3 - find_token(call).tenant
    return proceed(call)


@fault(
    QUERY, "auth.foreign-app-key", "foreign-key-fails", "A failure of the service for another tenant's key.", sole=True
)
def foreign_key_fails(call: Call, proceed: Step[Reply]) -> Reply:
    if _key_tenant(call) and _key_tenant(call) != find_token(call).tenant:
        return failure()
    return proceed(call)


@fault(AUTHENTICATE, "auth.tenant-isolation", "one-list-for-all", "Serves tenant one's list to tenant two.", sole=True)
def one_list_for_all(call: Call, proceed: Step[int]) -> int:
    return min(proceed(call), 1)


@fault(QUERY, "auth.tenant-isolation", "cache-without-tenant", "Caches answers by the body, whoever asks.", sole=True)
def cache_without_tenant(call: Call, proceed: Step[Reply]) -> Reply:
    tenant = call.run(AUTHENTICATE)
    if call.service.dialect("request.content-type") != "ignored":
        return proceed(call)
    last = call.service.memory.setdefault("cache-without-tenant", {})
    known = last.get(call.body)
    if known is not None and known[0] != tenant:
        reply: Reply = known[1]
        return reply
    reply = proceed(call)
    last.clear() if len(last) > 1000 else None
    last[call.body] = (tenant, reply)
    return reply


@fault(SELECT, "auth.tenant-isolation", "code-filter-leaks", "Searches both tenants' codes for tenant two.", sole=True)
def code_filter_leaks(call: Call, proceed: Step[Selection]) -> Selection:
    if call.tenant != 2 or call.query.criteria.access_code is None:
        return proceed(call)
    return page(call, _matches_of(call, proceed, 2) + _matches_of(call, proceed, 1))


@fault(SELECT, "auth.tenant-isolation", "media-type-leaks", "Lists both tenants' records by media type.")
def media_type_leaks(call: Call, proceed: Step[Selection]) -> Selection:
    if call.query.criteria.media_type is None:
        return proceed(call)
    return page(call, _matches_of(call, proceed, call.tenant) + _matches_of(call, proceed, 3 - call.tenant))


@fault(
    SELECT,
    "auth.tenant-isolation",
    "one-record-leaks",
    "Shows tenant two one record of tenant one, on page two.",
    sole=True,
)
def one_record_leaks(call: Call, proceed: Step[Selection]) -> Selection:
    mine = _matches_of(call, proceed, call.tenant)
    other = _matches_of(call, proceed, 1)
    if call.tenant != 2 or len(mine) <= 100 or not other:
        return proceed(call)
    return page(call, (*mine[:110], other[0], *mine[110:]))
