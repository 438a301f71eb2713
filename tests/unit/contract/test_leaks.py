"""What counts as the service's inside, and what is only a message."""

from __future__ import annotations

import pytest

from lineman.contract.checks.leaks import inside_shown


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
        "Access denied at gateway.vendor.example (edge) in region eu: try line 2",
    ],
)
def test_a_message_is_no_inside(text: str) -> None:
    assert list(inside_shown(text)) == []


def test_what_was_cut_off_around_it_is_marked() -> None:
    before, after = "b" * 100, "a" * 300
    ((_, shown),) = inside_shown(f"{before} SQLSTATE {after}")
    assert shown.startswith("…b")
    assert shown.endswith("a…")
    assert [shown for _, shown in inside_shown("SQLSTATE 42")] == ["SQLSTATE 42"]
