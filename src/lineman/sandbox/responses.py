"""Answers as the vendor's page documents them: successes, refusals, and the bytes of both."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from lineman.sandbox.operation import parse_json
from lineman.sandbox.pipeline import ENCODE, Call, Document, Refusal, Reply
from lineman.sandbox.records import Record
from lineman.sandbox.tokens import DEFAULT_LIFETIME, LONGEST_LIFETIME

_CODES = {
    "request": "100001",
    "credentials": "100002",
    "path": "100004",
    "method": "100005",
    "no-data": "100404",
    "token-request": "200001",
    "token-credentials": "200002",
}
_FIXED_STATUSES = {"path": 404, "token-request": 400, "token-credentials": 403}
_TITLES = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 500: "Internal Server Error"}
_CONTENT_TYPES = {"html": "text/html; charset=utf-8", "text": "text/plain; charset=utf-8"}


def render(call: Call) -> Document:
    """The envelope of a success."""
    records = [render_record(call, record) for record in call.selection.records]
    return envelope(call, {"total": call.selection.total, "calledRouteList": records}, "0", "success")


def envelope(call: Call, data: Document | None, code: str, description: str) -> Document:
    """returnCode, data where there is any, and description."""
    document: Document = {"returnCode": code}
    everywhere = call.service.dialect("answer.extra-members") == "everywhere"
    if data is not None:
        document["data"] = {**data, "pageInfo": None} if everywhere else data
    document["description"] = description
    form = call.service.dialect("answer.envelope") if code == "0" else "full"
    if form == "no-description":
        del document["description"]
    elif form == "null-description":
        document["description"] = None
    return {**document, "requestId": f"sandbox-{call.number}"} if everywhere else document


def render_record(call: Call, record: Record) -> Document:
    """One element of calledRouteList."""
    nullable = call.service.dialect("answer.nullable")
    members: Document = {
        "id": record.id,
        "accessCode": record.access_code,
        "mediatypeId": record.media_type,
        "n400Number": record.service_number,
        "description": record.description,
        "numCallAttr": None if nullable == "attribute-null" and record.call_attribute == 2 else record.call_attribute,
    }
    if nullable == "omitted":
        members = {name: value for name, value in members.items() if value is not None}
    elif nullable == "empty-text":
        members = {name: "" if value is None else value for name, value in members.items()}
    elif nullable == "description-omitted" and record.description is None:
        del members["description"]
    if call.service.dialect("answer.extra-members") != "none":
        members |= {"tenantSpaceId": f"space-{call.tenant}", "skillQueues": []}
    return members


def encode(call: Call) -> Reply:
    """The document as UTF-8 JSON."""
    text = json.dumps(call.document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Reply(call.status, text.encode("utf-8", "replace"))


def refuse(call: Call) -> Reply:
    """The answer to a refusal, with the status and in the form of the dialect."""
    refusal = call.refusal
    if refusal is None:
        raise ValueError("nothing was refused")
    status = refusal_status(call, refusal)
    form = call.service.dialect("error.form")
    if status == 200 or form == "json":
        data: Document | None = None
        if refusal.reason == "return-code-with-data":
            data = {"total": 0, "calledRouteList": []}
        document = envelope(call, data, _CODES[refusal.kind], refusal.message)
        return replace(call, document=document, status=status).run(ENCODE)
    return plain_error(status, form)


def refusal_status(call: Call, refusal: Refusal) -> int:
    """The documented status for a refusal, as the dialect has it."""
    dialect = call.service.dialect
    if refusal.kind == "request":
        return {"status-400": 400, "status-500": 500, "return-code": 200}[dialect("request.refusal-form")]
    if refusal.kind == "no-data":
        return {"status-404": 404, "status-500": 500}.get(refusal.reason, 200)
    if refusal.kind == "credentials":
        return credentials_status(dialect("auth.refusal-status"), refusal.reason)
    if refusal.kind == "method":
        return int(dialect("request.method-refusal"))
    return _FIXED_STATUSES[refusal.kind]


def credentials_status(answer: str, reason: str) -> int:
    """401 or 403 for bad credentials; ``reason`` is missing, format, unknown, expired or foreign."""
    if answer == "by-kind":
        return 401 if reason in {"missing", "format"} else 403
    if answer == "expired-401":
        return 401 if reason == "expired" else 403
    return int(answer)


def plain_error(status: int, form: str) -> Reply:
    """An error in another form than the JSON envelope: html, text, gateway-json or empty."""
    title = _TITLES[status]
    if form == "html":
        body = f"<html><head><title>{status} {title}</title></head><body><h1>{status} {title}</h1></body></html>\n"
    elif form == "text":
        body = f"{title}\n"
    elif form == "gateway-json":
        body = json.dumps({"error_code": f"APIGW.0{status}", "error_msg": title})
    else:
        return Reply(status, b"", ())
    return Reply(status, body.encode(), (("content-type", _CONTENT_TYPES.get(form, "application/json")),))


def issue_token(call: Call) -> Reply:
    """The token operation."""
    try:
        members = parse_json(call.body)
    except Refusal:
        members = None
    if not isinstance(members, dict):
        raise Refusal("token-request", "json", "The request body is not a JSON object.")
    key, secret = members.get("app_key"), members.get("app_secret")
    if not isinstance(key, str) or not isinstance(secret, str):
        raise Refusal("token-request", "type", "app_key and app_secret are mandatory texts.")
    lifetime = token_lifetime(call)
    tenant = call.service.tokens.tenant_of(key, secret)
    if tenant is None:
        raise Refusal("token-credentials", "unknown", "Authentication fails.")
    token = call.service.tokens.issue(tenant, lifetime)
    return replace(call, document=token_document(token.text, key, token.created, lifetime)).run(ENCODE)


def token_document(text: str, key: str, created: float, lifetime: int) -> dict[str, Any]:
    """What the token operation answers; the numbers are texts, as documented."""
    return {
        "AccessToken": text,
        "ApplyType": "Bearer",
        "CreateTime": str(int(created)),
        "Expires": str(lifetime),
        "Scope": "DEFAULT",
        "AppKey": key,
        "UserID": key,
    }


def token_lifetime(call: Call) -> int:
    """Seconds asked for in X-Token-Expire: 1 to 3600, 600 when nothing is asked."""
    asked = call.headers.get("x-token-expire")
    if asked is None:
        return DEFAULT_LIFETIME
    if not (asked.isascii() and asked.isdigit() and len(asked) < 20 and int(asked) > 0):
        raise Refusal("token-request", "lifetime", "X-Token-Expire is not a positive number of seconds.")
    if int(asked) > LONGEST_LIFETIME and call.service.dialect("auth.token-lifetime") == "refused":
        raise Refusal("token-request", "lifetime", f"X-Token-Expire exceeds {LONGEST_LIFETIME}.")
    return min(int(asked), LONGEST_LIFETIME)
