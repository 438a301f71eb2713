"""Faults of statuses and of the bytes of an answer."""

from __future__ import annotations

import json
from dataclasses import replace

from lineman.sandbox.faults.base import every_nth, failure, fault, is_success
from lineman.sandbox.pipeline import ENCODE, REFUSE, RENDER, Call, Document, Reply, Step


def _cut(reply: Reply) -> Reply:
    return replace(reply, body=reply.body[: len(reply.body) * 3 // 4])


def _records(document: Document) -> list[Document]:
    records: list[Document] = document["data"]["calledRouteList"]
    return records


def _refused(call: Call, kind: str) -> bool:
    return call.refusal is not None and call.refusal.kind == kind


@fault(ENCODE, "answer.status", "created", "Answers successes 201.", sole=True)
def created(call: Call, proceed: Step[Reply]) -> Reply:
    return replace(proceed(call), status=201) if is_success(call) else proceed(call)


@fault(ENCODE, "answer.status", "partial-content", "Answers pages that are not the last 206.", sole=True)
def partial_content(call: Call, proceed: Step[Reply]) -> Reply:
    more = call.query.limit and call.query.offset + call.query.limit < call.selection.total
    return replace(proceed(call), status=206) if is_success(call) and more else proceed(call)


@fault(ENCODE, "answer.status", "no-content", "Answers 204 where nothing matches.", sole=True)
def no_content(call: Call, proceed: Step[Reply]) -> Reply:
    return Reply(204, b"", ()) if is_success(call) and not call.selection.total else proceed(call)


@fault(REFUSE, "answer.status", "unprocessable", "Answers invalid parameters 422.")
def unprocessable(call: Call, proceed: Step[Reply]) -> Reply:
    return failure(422) if _refused(call, "request") else proceed(call)


@fault(REFUSE, "answer.status", "login-redirect", "Sends callers without credentials to a login page.")
def login_redirect(call: Call, proceed: Step[Reply]) -> Reply:
    if not _refused(call, "credentials"):
        return proceed(call)
    return Reply(302, b"", ()).with_header("location", "/login")


@fault(ENCODE, "answer.status", "type-filter-accepted", "Answers queries by media type 202.", sole=True)
def type_filter_accepted(call: Call, proceed: Step[Reply]) -> Reply:
    typed = call.query.criteria.media_type is not None
    return replace(proceed(call), status=202) if is_success(call) and typed else proceed(call)


@fault(ENCODE, "answer.json", "not-a-number", "Writes NaN for numCallAttr of the last record of long pages.")
def not_a_number(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    if not is_success(call) or len(_records(call.document)) < 20:
        return reply
    head, member, tail = reply.body.rpartition(b'"numCallAttr":')
    return replace(reply, body=head + member + b"NaN" + tail.lstrip(b"0123456789nul"))


@fault(ENCODE, "answer.json", "truncated", "Ends every success early.")
def truncated(call: Call, proceed: Step[Reply]) -> Reply:
    return _cut(proceed(call)) if is_success(call) else proceed(call)


@fault(ENCODE, "answer.json", "large-truncated", "Ends answers of more than 8192 bytes there.")
def large_truncated(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    return replace(reply, body=reply.body[:8192])


@fault(ENCODE, "answer.status", "moody", "Refuses every seventh good token.", sole=True)
def moody(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    return failure(401, "Unauthorized") if is_success(call) and every_nth(call, "moody", 7) else reply


@fault(ENCODE, "answer.status", "seldom-moody", "Refuses every fortieth good token.", sole=True)
def seldom_moody(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    return failure(401, "Unauthorized") if is_success(call) and every_nth(call, "seldom-moody", 40) else reply


@fault(ENCODE, "answer.json", "large-broken-off", "Cuts the connection in answers of more than 8192 bytes.")
def large_broken_off(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    return replace(reply, body=reply.body[:8000], cut=True) if len(reply.body) > 8192 else reply


@fault(ENCODE, "answer.json", "thirteenth-truncated", "Ends every thirteenth answer early.")
def thirteenth_truncated(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    return _cut(reply) if is_success(call) and every_nth(call, "thirteenth-truncated", 13) else reply


@fault(ENCODE, "answer.json", "plain-text", "Says that its JSON is plain text.", sole=True)
def plain_text(call: Call, proceed: Step[Reply]) -> Reply:
    return proceed(call).with_header("content-type", "text/plain; charset=utf-8")


@fault(ENCODE, "answer.json", "no-content-type", "Does not say that its answers are JSON.", sole=True)
def no_content_type(call: Call, proceed: Step[Reply]) -> Reply:
    return replace(proceed(call), headers=()) if is_success(call) else proceed(call)


@fault(ENCODE, "answer.json", "byte-order-mark", "Puts a byte order mark before the JSON.", sole=True)
def byte_order_mark(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    return replace(reply, body=b"\xef\xbb\xbf" + reply.body)


@fault(ENCODE, "answer.json", "latin-1", "Writes Latin-1 where it can.", sole=True)
def latin_1(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    text = reply.body.decode()
    return replace(reply, body=b"".join(each.encode("latin-1" if ord(each) < 256 else "utf-8") for each in text))


@fault(ENCODE, "answer.json", "chinese-encoding", "Writes one record's Chinese in GBK.", sole=True)
def chinese_encoding(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    return replace(reply, body=reply.body.replace("客户".encode(), "客户".encode("gbk")))


@fault(ENCODE, "answer.json", "trailing-comma", "Leaves a comma behind the last record.")
def trailing_comma(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    return replace(reply, body=reply.body.replace(b"}]}", b"},]}"))


@fault(ENCODE, "answer.json", "padded-with-script", "Wraps its JSON for a script.")
def padded_with_script(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    return replace(reply, body=b"callback(" + reply.body + b")") if is_success(call) else reply


@fault(ENCODE, "answer.json", "quotes-unescaped", "Does not escape quotes in descriptions.")
def quotes_unescaped(call: Call, proceed: Step[Reply]) -> Reply:
    reply = proceed(call)
    return replace(reply, body=reply.body.replace(b'\\"', b'"')) if is_success(call) else reply


@fault(RENDER, "answer.return-code", "code-is-number", "Writes returnCode as the number 0.")
def code_is_number(call: Call, proceed: Step[Document]) -> Document:
    return {**proceed(call), "returnCode": 0}


@fault(RENDER, "answer.return-code", "code-is-word", "Writes SUCCESS for returnCode.", sole=True)
def code_is_word(call: Call, proceed: Step[Document]) -> Document:
    return {**proceed(call), "returnCode": "SUCCESS"}


@fault(RENDER, "answer.return-code", "code-missing", "Has no returnCode.", sole=True)
def code_missing(call: Call, proceed: Step[Document]) -> Document:
    document = proceed(call)
    del document["returnCode"]
    return document


@fault(RENDER, "answer.return-code", "code-one-behind", "Has returnCode 1 behind page one.", sole=True)
def code_one_behind(call: Call, proceed: Step[Document]) -> Document:
    return {**proceed(call), "returnCode": "1"} if call.query.offset else proceed(call)


@fault(RENDER, "answer.return-code", "code-padded", "Writes 000000 for returnCode.", sole=True)
def code_padded(call: Call, proceed: Step[Document]) -> Document:
    return {**proceed(call), "returnCode": "000000"}


@fault(RENDER, "answer.return-code", "code-now-and-then", "Has returnCode -1 in every thirteenth success.")
def code_now_and_then(call: Call, proceed: Step[Document]) -> Document:
    return {**proceed(call), "returnCode": "-1"} if every_nth(call, "code-now-and-then", 13) else proceed(call)


@fault(RENDER, "answer.carries-data", "data-missing", "Leaves data out of successes.", sole=True)
def data_missing(call: Call, proceed: Step[Document]) -> Document:
    document = proceed(call)
    del document["data"]
    return document


@fault(RENDER, "answer.carries-data", "data-is-list", "Answers data as the list itself, as an older page had it.")
def data_is_list(call: Call, proceed: Step[Document]) -> Document:
    document = proceed(call)
    return {**document, "data": _records(document)}


@fault(RENDER, "answer.carries-data", "data-null-behind", "Has null for data behind page one.", sole=True)
def data_null_behind(call: Call, proceed: Step[Document]) -> Document:
    return {**proceed(call), "data": None} if call.query.offset else proceed(call)


@fault(RENDER, "answer.carries-data", "total-missing", "Leaves total out.", sole=True)
def total_missing(call: Call, proceed: Step[Document]) -> Document:
    document = proceed(call)
    del document["data"]["total"]
    return document


@fault(RENDER, "answer.carries-data", "list-missing", "Leaves calledRouteList out.", sole=True)
def list_missing(call: Call, proceed: Step[Document]) -> Document:
    document = proceed(call)
    del document["data"]["calledRouteList"]
    return document


@fault(RENDER, "answer.carries-data", "list-renamed", "Calls the list calledRoutes.", sole=True)
def list_renamed(call: Call, proceed: Step[Document]) -> Document:
    document = proceed(call)
    document["data"]["calledRoutes"] = document["data"].pop("calledRouteList")
    return document


@fault(RENDER, "answer.carries-data", "data-as-text", "Writes data as a text that holds JSON.")
def data_as_text(call: Call, proceed: Step[Document]) -> Document:
    document = proceed(call)
    return {**document, "data": json.dumps(document["data"])}
