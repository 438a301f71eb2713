"""Faults of methods, paths, bodies and optional parameters."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import replace
from typing import Any

from lineman.sandbox.faults.base import failure, fault, peek, reject, without
from lineman.sandbox.operation import QUERY_PATH, parse_json
from lineman.sandbox.pipeline import DECODE, HANDLE, INTERPRET, QUERY, REFUSE, Call, Query, Refusal, Reply, Step

_EXAMPLE_CODE = "9911411"


def _as_post(call: Call) -> Call:
    return replace(call, method="POST", body=call.body or b"{}")


@fault(HANDLE, "request.method", "get-answers", "Answers GET with records.", sole=True)
def get_answers(call: Call, proceed: Step[Awaitable[Reply]]) -> Awaitable[Reply]:
    return proceed(_as_post(call) if call.method == "GET" else call)


@fault(HANDLE, "request.method", "put-answers", "Answers PUT as if it were POST.", sole=True)
def put_answers(call: Call, proceed: Step[Awaitable[Reply]]) -> Awaitable[Reply]:
    return proceed(_as_post(call) if call.method == "PUT" else call)


@fault(HANDLE, "request.method", "any-method-answers", "Does not look at the method at all.", sole=True)
def any_method_answers(call: Call, proceed: Step[Awaitable[Reply]]) -> Awaitable[Reply]:
    return proceed(_as_post(call))


@fault(HANDLE, "request.method", "delete-answers", "Answers DELETE with records.", sole=True)
def delete_answers(call: Call, proceed: Step[Awaitable[Reply]]) -> Awaitable[Reply]:
    return proceed(_as_post(call) if call.method == "DELETE" else call)


@fault(HANDLE, "request.path", "sibling-path-answers", "Answers any path that starts as the operation's.", sole=True)
def sibling_path_answers(call: Call, proceed: Step[Awaitable[Reply]]) -> Awaitable[Reply]:
    return proceed(replace(call, path=QUERY_PATH) if call.path.startswith(QUERY_PATH) else call)


@fault(HANDLE, "request.path", "any-name-answers", "Answers any operation name in the same folder.", sole=True)
def any_name_answers(call: Call, proceed: Step[Awaitable[Reply]]) -> Awaitable[Reply]:
    folder = QUERY_PATH.rpartition("/")[0]
    return proceed(replace(call, path=QUERY_PATH) if call.path.startswith(f"{folder}/") else call)


@fault(
    REFUSE, "request.path", "unknown-path-page", "Answers unknown paths 200 with the page of an application.", sole=True
)
def unknown_path_page(call: Call, proceed: Step[Reply]) -> Reply:
    if call.refusal is None or call.refusal.kind != "path":
        return proceed(call)
    return Reply(200, b"<!doctype html><div id=app></div>", (("content-type", "text/html"),))


@fault(REFUSE, "request.path", "unknown-path-500", "Answers unknown paths 500.", sole=True)
def unknown_path_500(call: Call, proceed: Step[Reply]) -> Reply:
    return failure() if call.refusal is not None and call.refusal.kind == "path" else proceed(call)


@fault(REFUSE, "request.path", "unknown-path-400", "Answers unknown paths 400.", sole=True)
def unknown_path_400(call: Call, proceed: Step[Reply]) -> Reply:
    return failure(400) if call.refusal is not None and call.refusal.kind == "path" else proceed(call)


@fault(DECODE, "request.malformed-json", "malformed-means-empty", "Takes a body that is not JSON for {}.", sole=True)
def malformed_means_empty(call: Call, proceed: Step[Mapping[str, Any]]) -> Mapping[str, Any]:
    try:
        parse_json(call.body)
    except Refusal:
        return {}
    return proceed(call)


@fault(DECODE, "request.malformed-json", "truncated-json-repaired", "Closes a brace that is missing.", sole=True)
def truncated_json_repaired(call: Call, proceed: Step[Mapping[str, Any]]) -> Mapping[str, Any]:
    try:
        return proceed(call)
    except Refusal:
        return proceed(replace(call, body=call.body.rstrip().rstrip(b",:") + b"}"))


@fault(DECODE, "request.malformed-json", "array-accepted", "Takes a JSON array for {}.", sole=True)
def array_accepted(call: Call, proceed: Step[Mapping[str, Any]]) -> Mapping[str, Any]:
    return {} if call.body.lstrip().startswith(b"[") else proceed(call)


@fault(DECODE, "request.malformed-json", "scalar-accepted", "Takes null, a number or a text for {}.", sole=True)
def scalar_accepted(call: Call, proceed: Step[Mapping[str, Any]]) -> Mapping[str, Any]:
    try:
        body = parse_json(call.body)
    except Refusal:
        return proceed(call)
    return proceed(call) if isinstance(body, dict | list) else {}


@fault(QUERY, "request.malformed-json", "malformed-cuts", "Cuts the connection for a body that is not JSON.", sole=True)
def malformed_cuts(call: Call, proceed: Step[Reply]) -> Reply:
    try:
        return proceed(call)
    except Refusal as refusal:
        if refusal.reason != "json":
            raise
        return Reply(500, b'{"retu', cut=True)


@fault(
    QUERY,
    "request.malformed-json",
    "malformed-empty-success",
    "A success without records for a broken body.",
    sole=True,
)
def malformed_empty_success(call: Call, proceed: Step[Reply]) -> Reply:
    try:
        return proceed(call)
    except Refusal as refusal:
        if refusal.reason != "json":
            raise
        return Reply(200, b'{"returnCode":"0","data":{"total":0,"calledRouteList":[]},"description":"success"}')


@fault(INTERPRET, "request.all-optional", "empty-object-refused", "Refuses {}.", sole=True)
def empty_object_refused(call: Call, proceed: Step[Query]) -> Query:
    return proceed(call) if call.members else reject("The request is empty.")


@fault(INTERPRET, "request.all-optional", "offset-needs-limit", "Refuses offset without limit.", sole=True)
def offset_needs_limit(call: Call, proceed: Step[Query]) -> Query:
    if "offset" in call.members and "limit" not in call.members:
        reject("limit is mandatory with offset.")
    return proceed(call)


@fault(INTERPRET, "request.all-optional", "limit-mandatory", "Refuses a filter without limit.", sole=True)
def limit_mandatory(call: Call, proceed: Step[Query]) -> Query:
    if call.members.keys() & {"accessCode", "description", "mediatypeId"} and "limit" not in call.members:
        reject("limit is mandatory.")
    return proceed(call)


@fault(
    INTERPRET, "request.all-optional", "description-needs-code", "Refuses description without accessCode.", sole=True
)
def description_needs_code(call: Call, proceed: Step[Query]) -> Query:
    if "description" in call.members and "accessCode" not in call.members:
        reject("accessCode is mandatory with description.")
    return proceed(call)


@fault(INTERPRET, "request.all-optional", "texts-need-media-type", "Refuses both texts without mediatypeId.", sole=True)
def texts_need_media_type(call: Call, proceed: Step[Query]) -> Query:
    if {"description", "accessCode"} <= call.members.keys() and "mediatypeId" not in call.members:
        reject("mediatypeId is mandatory with accessCode and description.")
    return proceed(call)


@fault(INTERPRET, "request.all-optional", "some-filter-mandatory", "Refuses a query without any filter.")
def some_filter_mandatory(call: Call, proceed: Step[Query]) -> Query:
    if not call.members.keys() & {"accessCode", "description", "mediatypeId"}:
        reject("At least one filter is mandatory.")
    return proceed(call)


@fault(INTERPRET, "request.example", "example-refused", "Refuses the documented example.", sole=True)
def example_refused(call: Call, proceed: Step[Query]) -> Query:
    return reject("Incorrect request.") if _is_example(call) else proceed(call)


@fault(INTERPRET, "request.example", "all-five-refused", "Refuses a request that has all five parameters.")
def all_five_refused(call: Call, proceed: Step[Query]) -> Query:
    return reject("Too many parameters.") if len(call.members) == 5 else proceed(call)


@fault(QUERY, "request.example", "example-fails", "A failure of the service for the documented example.", sole=True)
def example_fails(call: Call, proceed: Step[Reply]) -> Reply:
    return failure() if _is_example(replace(call, members=peek(call))) else proceed(call)


def _is_example(call: Call) -> bool:
    return call.members.get("accessCode") == _EXAMPLE_CODE and without(call, "accessCode").members == {
        "mediatypeId": 5,
        "description": "access code",
        "limit": 10,
        "offset": 0,
    }
