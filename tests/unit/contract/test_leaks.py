"""What counts as the service's inside, and what is only a message."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lineman.contract.answer import read_answer
from lineman.contract.checks.base import Case
from lineman.contract.checks.leaks import text_outside_records
from lineman.contract.insides import inside_shown
from lineman.contract.query import parse_request_body
from lineman.exchange import Exchange, Operation, Phases, Request, Response, SentRequest


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('Traceback (most recent call last):\n  File "/srv/app.py", line 3', "a stack trace"),
        ("\tat com.vendor.Access.query(Access.java:87)", "a stack trace"),
        (r"   at Vendor.Access.Query(JsonElement body) in C:\build\Access.cs:line 87", "a stack trace"),
        ("   at Vendor.Access.Query(String a, Int32 b) in /src/Access.cs:line 87", "a stack trace"),
        ("System.FormatException: Input string was not in a correct format.", "a stack trace"),
        ("Warning: intval() in /var/www/access.php on line 12", "a stack trace"),
        ("#0 /var/www/access.php(12): query()", "a stack trace"),
        ("    at query (/srv/app/access.js:10:5)", "a stack trace"),
        ("goroutine 17 [running]:", "a stack trace"),
        ("Error: bad input\n    at async AccessCodes.query (/srv/app/routes.js:31:14)", "a stack trace"),
        ("    at async Promise.all (index 0)", "a stack trace"),
        ("    at async query (<anonymous>)", "a stack trace"),
        ("    at new QueryParser (/srv/app/parser.js:9:11)", "a stack trace"),
        ("    at new QueryParser (/srv/app/parser.ts:9)", "a stack trace"),
        ("    at Router.query [as handle_request] (/srv/app/layer.js:95:5)", "a stack trace"),
        ("    at query (file:///srv/app/routes.mjs:31:14)", "a stack trace"),
        ("    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)", "a stack trace"),
        ("    at /srv/app/routes.js:31:14", "a stack trace"),
        ("PHP Fatal error:  Uncaught TypeError: limit must be int", "a stack trace"),
        ("#1 {main}\n  thrown", "a stack trace"),
        ("<b>Warning</b>:  intval() in <b>/var/www/Query.php</b> on line <b>31</b>", "a stack trace"),
        ("NoMethodError (undefined method `to_i' for []:Array):", "a stack trace"),
        ("app/controllers/codes_controller.rb:31:in 'CodesController#query'", "a stack trace"),
        ("thread 'tokio-runtime-worker' panicked at src/query.rs:31:14", "a stack trace"),
        ("   1: core::panicking::panic_fmt\n             at /srv/src/q.rs:31:14", "a stack trace"),
        ('{badarg,[{codes,query,2,[{file,"src/codes.erl"},{line,31}]}]}', "a stack trace"),
        ("** (ArgumentError) argument error\n    lib/codes/query.ex:31: Codes.Query.run/2", "a stack trace"),
        ("** exception error: bad argument", "a stack trace"),
        ("main.(*Codes).Query(0xc000118000)\n\t/srv/app/query.go:31 +0x1b", "a stack trace"),
        ("panic: runtime error: index out of range [3] with length 3", "a stack trace"),
        ("Caused by: java.sql.SQLException\n\t... 42 more", "a stack trace"),
        ("\tat com.vendor.ccm.Codes.lambda$query$3(Codes.java:87) ~[ccm.jar!/:1.2]", "a stack trace"),
        ("\tat java.base/jdk.internal.reflect.Method.invoke0(Native Method)", "a stack trace"),
        ("\tat com.vendor.ccm.Codes$.$anonfun$query$1(Codes.scala:87)", "a stack trace"),
        ("/etc/nginx/lua/codes.lua:31: attempt to index nil", "a stack trace"),
        ("#0  0x00007f2a1b in Codes::query (this=0x0)", "a stack trace"),
        ("ORA-01722: invalid number", "a database query"),
        ("SELECT id FROM t_access_code WHERE tenant = 7", "a database query"),
        ("select a.id, a.access_code from t_access_code a", "a database query"),
        ("select * from t_access_code", "a database query"),
        ("syntax error at: where tenant_id = 7", "a database query"),
        ("select count(*) from t_access_code", "a database query"),
        ("select id from t_access_code limit 100", "a database query"),
        ("select distinct code from codes order by code", "a database query"),
        ("select a.id as id1_0_, a.code as code2_0_ from codes a", "a database query"),
        ("select code from tenant7.codes", "a database query"),
        ("could not execute: delete from t_access_code", "a database query"),
        ("update t_access_code set total = 1", "a database query"),
        ("bad SQL grammar: select id from t where access_code like ?", "a database query"),
        ("... where tenant_id = 'a' and", "a database query"),
        ("update t set a = 1 where id = $1", "a database query"),
        ("insert into t (a, b) values (1, 2)", "a database query"),
        ('near "%": syntax error', "a database query"),
        ("sqlstate[42000]: syntax error", "a database query"),
        ("SQLSTATE[42000]", "a database query"),
    ],
)
def test_an_inside_is_seen(text: str, kind: str) -> None:
    assert [found for found, _ in inside_shown(text)] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "limit must be an integer",
        "Bad request at line 1: unexpected token",
        "System error. Try again at 10:30 (UTC)",
        "Exception: the parameter limit is out of range",
        "Please select a media type from the list",
        "Please select a media type from 2, 5, 18, 19 and 53",
        "Select one value from those that the documentation names",
        "select a smaller page from this list where the limit is above 100",
        "Delete from your request what is no parameter",
        "limit is refused where it is not between 1 and 100",
        "Update the set of parameters, and delete from it what is unknown",
        "Allowed where limit = 1 to 100",
        "Use where and like in moderation",
        "invalid value at $.limit (integer expected)",
        "See https://developer.example.test/docs/errors.php for help",
        "Unauthorized: token missing in header",
        "Our office at new Delhi (north) is closed",
        "Look at async queries (see page 5) for more",
        "Meet us at new York (index 5): limit:10:5",
        "thread closed by moderator: panicked at first",
        "Error 400 at line 12: select was expected",
        "Access denied at gateway.vendor.example (edge) in region eu: try line 2",
    ],
)
def test_a_message_is_no_inside(text: str) -> None:
    assert list(inside_shown(text)) == []


QUERY = "select id from t_codes where tenant_id = 7"
RECORDS = '"calledRouteList":[{"id":"1","description":"select * from hotline where 1=1"},{"id":"2","description":""}]'


@pytest.mark.parametrize(
    "body",
    [
        f'{{"returnCode":"0","data":{{"total":2,{RECORDS}}}}}',
        f'{{"returnCode":"0","data":{{"total":2,{RECORDS}}}}},',
        f'{{"returnCode":"0","data":{{"total":2,{RECORDS}}}',
        f'{{"returnCode":"0","data":{{"total":2,{RECORDS[:60]}',
        f'{{"returnCode":0x0,"data":{{"total":2,{RECORDS}}}}}',
    ],
)
def test_a_records_own_text_is_no_inside_whatever_became_of_the_body(body: str) -> None:
    assert list(inside_shown(text_outside_records(case_of(body)))) == []


@pytest.mark.parametrize(
    "body",
    [
        f'{{"data":{{{RECORDS}}},"debug":"{QUERY}"}}',
        f'{{"data":{{{RECORDS}}},"debug":"{QUERY}",}}',
        '{"description":"Error\\n    at async Codes.query (/srv/app/routes.js:31:14)",}',
        "<pre>select id from t_codes where tenant_id = 7</pre>",
        '["select id from t_codes where tenant_id = 7"]',
    ],
)
def test_an_inside_beside_the_records_is_one_whatever_became_of_the_body(body: str) -> None:
    assert list(inside_shown(text_outside_records(case_of(body))))


def case_of(body: str) -> Case:
    """An answer with this body."""
    sent = SentRequest("POST", "http://127.0.0.1/", (), b"{}")
    response = Response(200, (), body.encode(), len(body))
    request = Request.of({})
    instant = datetime(2026, 1, 1, tzinfo=UTC)
    exchange = Exchange(1, request, Operation.QUERY, sent, instant, Phases(), response)
    return Case(exchange, read_answer(exchange), parse_request_body(request))


def test_what_was_cut_off_around_it_is_marked() -> None:
    before, after = "b" * 100, "a" * 300
    ((_, shown),) = inside_shown(f"{before} SQLSTATE {after}")
    assert shown.startswith("…b")
    assert shown.endswith("a…")
    assert [shown for _, shown in inside_shown("SQLSTATE 42")] == ["SQLSTATE 42"]
