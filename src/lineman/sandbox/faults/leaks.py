"""Faults of answers that show what concerns no caller."""

from __future__ import annotations

from dataclasses import replace

from lineman.sandbox.faults.base import failure, fault
from lineman.sandbox.pipeline import ENCODE, REFUSE, RENDER, Call, Document, Reply, Step

_JAVA = (
    "java.lang.NumberFormatException: For input string\n"
    "\tat java.lang.Integer.parseInt(Integer.java:652)\n"
    "\tat com.vendor.ccm.access.AccessCodeController.query(AccessCodeController.java:87)\n"
)
_PYTHON = 'Traceback (most recent call last):\n  File "/srv/app/views.py", line 31, in query\nKeyError: 0\n'
_DOTNET = (
    "Input string was not in a correct format.\r\n"
    "   at Vendor.Ccm.Access.AccessCodeController.Query(JsonElement body) in C:\\build\\AccessCodeController.cs:line 87"
)
_SQL = "SELECT id, access_code FROM t_access_code WHERE tenant_id = 7 ORDER BY create_time LIMIT 100"


def _refused(call: Call, kind: str) -> bool:
    return call.refusal is not None and call.refusal.kind == kind


def _token(call: Call) -> str:
    return call.headers.get("authorization", "")


@fault(REFUSE, "error.no-internals", "stack-trace-for-bad-json", "Shows a stack trace for a broken body.", sole=True)
def stack_trace_for_bad_json(call: Call, proceed: Step[Reply]) -> Reply:
    broken = call.refusal is not None and call.refusal.reason == "json"
    return failure(500, _JAVA) if broken else proceed(call)


@fault(
    REFUSE, "error.no-internals", "traceback-for-bad-type", "Shows a traceback for a number that is none.", sole=True
)
def traceback_for_bad_type(call: Call, proceed: Step[Reply]) -> Reply:
    broken = call.refusal is not None and call.refusal.reason == "type"
    return replace(failure(500), body=_PYTHON.encode()) if broken else proceed(call)


@fault(REFUSE, "error.no-internals", "frames-in-refusal", "Shows .NET frames where it refuses a parameter.", sole=True)
def frames_in_refusal(call: Call, proceed: Step[Reply]) -> Reply:
    return failure(400, _DOTNET) if _refused(call, "request") else proceed(call)


@fault(REFUSE, "error.no-internals", "query-in-refusal", "Shows its SQL where it refuses a parameter.", sole=True)
def query_in_refusal(call: Call, proceed: Step[Reply]) -> Reply:
    if not _refused(call, "request"):
        return proceed(call)
    return failure(400, f"You have an error in your SQL syntax near '{_SQL}'")


@fault(REFUSE, "error.no-internals", "token-in-refusal", "Repeats the header where it refuses credentials.", sole=True)
def token_in_refusal(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    return failure(reply.status, f"Invalid token: {_token(call)}") if _refused(call, "credentials") else reply


@fault(REFUSE, "error.no-internals", "stack-trace-for-unknown-path", "Shows a stack trace with a 404.", sole=True)
def stack_trace_for_unknown_path(call: Call, proceed: Step[Reply]) -> Reply:
    return failure(404, _JAVA) if _refused(call, "path") else proceed(call)


@fault(RENDER, "error.no-internals", "query-in-success", "Shows its SQL as a debugging member of successes.", sole=True)
def query_in_success(call: Call, proceed: Step[Document]) -> Document:
    return {**proceed(call), "debug": _SQL}


@fault(RENDER, "error.no-internals", "token-in-success", "Repeats the token as a member of successes.", sole=True)
def token_in_success(call: Call, proceed: Step[Document]) -> Document:
    return {**proceed(call), "session": _token(call).removeprefix("Bearer ")}


@fault(ENCODE, "error.no-internals", "token-in-header", "Repeats the token in a header.", sole=True)
def token_in_header(call: Call, proceed: Step[Reply]) -> Reply:
    return proceed(call).with_header("x-debug-authorization", _token(call))
