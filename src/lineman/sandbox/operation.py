"""The query operation as the vendor's page documents it, from the request to its meaning."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NoReturn

from lineman.sandbox.pipeline import (
    AUTHENTICATE,
    DECODE,
    ENCODE,
    INTERPRET,
    LARGEST_OFFSET,
    PAGE_SIZE,
    QUERY,
    REFUSE,
    RENDER,
    ROUTE,
    SELECT,
    TOKEN,
    Call,
    Query,
    Refusal,
    Reply,
)
from lineman.sandbox.store import Criteria, Selection
from lineman.sandbox.tokens import Token

QUERY_PATH = "/apiaccess/rest/cc-management/v1/accessCodeInfo/queryAccessCodeList"
TOKEN_PATH = "/apigovernance/api/oauth/tokenByAkSk"  # noqa: S105 - a path
_PROPERTIES = frozenset(("accessCode", "mediatypeId", "description", "limit", "offset"))
_NUMBERS = frozenset(("mediatypeId", "limit", "offset"))
_QUERYABLE_MEDIA = frozenset((2, 5, 53))
_ANSWERED_MEDIA = frozenset((2, 5, 18, 19, 53))
_MOST_DIGITS = 400


async def handle(call: Call) -> Reply:
    """Answer one request; every refusal becomes an answer."""
    try:
        return call.run(TOKEN) if call.run(ROUTE) == "token" else call.run(QUERY)
    except Refusal as refusal:
        return replace(call, refusal=refusal).run(REFUSE)


def route(call: Call) -> str:
    """Which operation is meant; both are POST."""
    if call.path not in {QUERY_PATH, TOKEN_PATH}:
        raise Refusal("path", "unknown", "The requested content is not found.")
    if call.method != "POST":
        raise Refusal("method", "unknown", "The request method is not supported.")
    return "query" if call.path == QUERY_PATH else "token"


def query(call: Call) -> Reply:
    """The query operation, step by step."""
    call = replace(call, tenant=call.run(AUTHENTICATE))
    call = replace(call, members=call.run(DECODE))
    call = replace(call, query=call.run(INTERPRET))
    call = replace(call, selection=call.run(SELECT))
    refuse_if_empty(call)
    call = replace(call, document=call.run(RENDER))
    return call.run(ENCODE)


def authenticate(call: Call) -> int:
    """The tenant whose valid token the request carries."""
    token = find_token(call)
    given = call.headers.get("x-app-key")
    keys = [tenant.app_key for tenant in call.service.tokens.tenants]
    if given and given != keys[token.tenant - 1]:
        answer = call.service.dialect("auth.foreign-app-key")
        if answer == "refused" or (answer == "known-refused" and given in keys):
            raise Refusal("credentials", "foreign", "The app key does not match the token.")
    return token.tenant


def find_token(call: Call) -> Token:
    """The valid token in the Authorization header; raises Refusal."""
    token = call.service.tokens.find(bearer_text(call))
    if token is None:
        raise Refusal("credentials", "unknown", "Authentication fails.")
    if not call.service.tokens.is_current(token):
        raise Refusal("credentials", "expired", "The token has expired.")
    return token


def bearer_text(call: Call) -> str:
    """What stands after ``Bearer`` and a space; raises Refusal."""
    header = call.headers.get("authorization")
    if header is None:
        raise Refusal("credentials", "missing", "Authorization is missing.")
    scheme, space, text = header.partition(" ")
    if call.service.dialect("auth.scheme-case") == "accepted":
        scheme = scheme.capitalize()
    if scheme != "Bearer" or not space:
        raise Refusal("credentials", "format", "Authorization is not of the form Bearer and token.")
    return text.lstrip(" ") if call.service.dialect("auth.extra-space") == "accepted" else text


def decode(call: Call) -> Mapping[str, Any]:
    """The JSON object in the body."""
    check_content_type(call)
    if not call.body and call.service.dialect("request.empty-body") == "empty-query":
        return {}
    members = parse_json(call.body)
    if not isinstance(members, dict):
        raise Refusal("request", "json", "The request body is not a JSON object.")
    return members


def check_content_type(call: Call) -> None:
    """Refuse a missing or different Content-Type where the dialect does."""
    answer = call.service.dialect("request.content-type")
    given = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    missing, other = not given, bool(given) and given != "application/json"
    if (missing and answer in {"refused", "refused-if-missing"}) or (
        other and answer in {"refused", "refused-if-other"}
    ):
        raise Refusal("request", "content-type", "Content-Type is not application/json.")


def parse_json(body: bytes) -> Any:
    """Strict JSON in UTF-8, with integers of any size; raises Refusal."""
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_no_constant, parse_int=_integer)
    except (ValueError, RecursionError):
        raise Refusal("request", "json", "The request body is not JSON.") from None


def interpret(call: Call) -> Query:
    """The filters and the page that the members ask for; raises Refusal for a member out of its type or range."""
    members = present_members(call)
    criteria = Criteria(
        access_code=_text(call, members, "accessCode"),
        description=_text(call, members, "description"),
        **_media_type(call, members),
    )
    blank = call.service.dialect("filter.empty-text")
    texts = (criteria.access_code, criteria.description)
    if blank == "no-filter":
        criteria = replace(criteria, access_code=texts[0] or None, description=texts[1] or None)
    elif "" in texts and blank == "refused":
        raise Refusal("request", "empty-text", "A filter is an empty text.")
    elif "" in texts and blank == "nothing":
        criteria = replace(criteria, nothing=True)
    limit = read_limit(call, members)
    return Query(criteria, limit, read_offset(call, members, limit))


def present_members(call: Call) -> dict[str, Any]:
    """The members that the page names and that are there; null counts as the dialect has it."""
    unknown = call.members.keys() - _PROPERTIES
    if unknown and call.service.dialect("request.unknown-property") == "refused":
        raise Refusal("request", "property", f"The parameter {min(unknown)!r} is unknown.")
    nulls = {name for name, value in call.members.items() if name in _PROPERTIES and value is None}
    answer = call.service.dialect("request.null-property")
    if (nulls and answer == "refused") or (nulls & _NUMBERS and answer == "refused-for-numbers"):
        raise Refusal("request", "null", f"The parameter {min(nulls)} is null.")
    return {name: value for name, value in call.members.items() if name in _PROPERTIES and value is not None}


def read_limit(call: Call, members: Mapping[str, Any]) -> int:
    """Records on a page: 0 to 100, where any number above means 100."""
    limit = _number(call, members, "limit", PAGE_SIZE)
    if limit < 0:
        answer = call.service.dialect("limit.negative")
        if answer == "refused":
            raise Refusal("request", "range", "limit is negative.")
        limit = PAGE_SIZE if answer == "default" else 0
    return min(limit, PAGE_SIZE)


def read_offset(call: Call, members: Mapping[str, Any], limit: int) -> int:
    """How many records to skip."""
    offset = _number(call, members, "offset", 0)
    if offset < 0:
        if call.service.dialect("offset.negative") == "refused":
            raise Refusal("request", "range", "offset is negative.")
        offset = 0
    if offset > LARGEST_OFFSET:
        answer = call.service.dialect("offset.over-maximum")
        if answer == "refused":
            raise Refusal("request", "range", f"offset exceeds {LARGEST_OFFSET}.")
        offset = LARGEST_OFFSET if answer == "clamped" else offset
    if limit and offset % limit:
        answer = call.service.dialect("offset.misaligned")
        if answer == "refused":
            raise Refusal("request", "alignment", "offset is no multiple of limit.")
        offset -= offset % limit if answer == "rounded" else 0
    return offset


def select(call: Call) -> Selection:
    """The page, from the store."""
    return call.service.store.find(call.tenant, call.query.criteria, call.query.limit, call.query.offset)


def refuse_if_empty(call: Call) -> None:
    """Where the dialect has a failure for a query without a match, or for a page behind the last record."""
    if not call.selection.total:
        answer = call.service.dialect("filter.no-match")
    elif call.query.limit and call.query.offset >= call.selection.total:
        answer = call.service.dialect("offset.beyond-total")
    else:
        return
    if answer != "empty":
        raise Refusal("no-data", answer, "no data")


def _text(call: Call, members: Mapping[str, Any], name: str) -> str | None:
    value = members.get(name)
    if (
        isinstance(value, int)
        and not isinstance(value, bool)
        and call.service.dialect("filter.text-coercion") == "coerced"
    ):
        return str(value)
    if value is not None and not isinstance(value, str):
        raise Refusal("request", "type", f"{name} is not a text.")
    return value


def _media_type(call: Call, members: Mapping[str, Any]) -> dict[str, Any]:
    """The keyword arguments of Criteria that say which media type is asked for."""
    value = members.get("mediatypeId")
    if value is None:
        return {}
    if call.service.dialect("filter.media-type-coercion") == "coerced":
        value = _coerced(value, "integral")
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refusal("request", "type", "mediatypeId is not an integer.")
    answer = call.service.dialect("filter.media-type-undocumented")
    if value not in _QUERYABLE_MEDIA:
        if answer == "refused" or (answer == "known-only" and value not in _ANSWERED_MEDIA):
            raise Refusal("request", "range", "mediatypeId is none of 2, 5 and 53.")
        return {"media_type": value, "nothing": answer == "empty"}
    return {"media_type": value}


def _number(call: Call, members: Mapping[str, Any], name: str, default: int) -> int:
    value = members.get(name)
    if value is None:
        return default
    value = _coerced(value, call.service.dialect("limit.coercion"))
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refusal("request", "type", f"{name} is not an integer.")
    return value


def _coerced(value: Any, answer: str) -> Any:
    """The integer that a text or a fraction means in a dialect; the value itself where it means none."""
    if isinstance(value, str) and answer in {"coerced", "integral", "text-only"}:
        if re.fullmatch(r"-?[0-9]{1,400}", value):
            return int(value)
        value = float(value) if answer == "coerced" and re.fullmatch(r"-?[0-9]{1,18}\.[0-9]{1,18}", value) else value
    whole = isinstance(value, float) and value.is_integer() and answer in {"integral", "float-only"}
    if whole or (isinstance(value, float) and abs(value) != float("inf") and answer == "coerced"):
        return int(value)
    return value


def _integer(text: str) -> int:
    """An integer of any length; beyond 400 digits only its sign and that it is huge matter."""
    return int(text[: _MOST_DIGITS + 1])


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
