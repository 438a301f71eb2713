"""Faults of answers that show the inside of a service, in the words of every runtime that such services run on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from lineman.sandbox.faults.base import failure, fault
from lineman.sandbox.pipeline import REFUSE, Call, Reply, Step

_FRAMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "node": ("Node", "TypeError: limit.toFixed is not a function\n    at query (/srv/app/routes.js:31:14)"),
        "node-async": ("Node, async", "Error: bad input\n    at async AccessCodes.query (/srv/app/routes.js:31:14)"),
        "node-async-bare": ("Node, async without a place", "Error: bad input\n    at async Promise.all (index 0)"),
        "node-new": ("Node, new", "Error: bad input\n    at new QueryParser (/srv/app/parser.js:9:11)"),
        "node-alias": (
            "Node, as",
            "Error: bad input\n    at Router.query [as handle_request] (/srv/app/layer.js:95:5)",
        ),
        "node-anonymous": ("Node, anonymous", "Error: bad input\n    at /srv/app/routes.js:31:14"),
        "node-esm": ("Node, modules", "Error: bad input\n    at query (file:///srv/app/routes.mjs:31:14)"),
        "node-internal": (
            "Node, internal",
            "Error: bad\n    at process.processTicksAndRejections (node:internal/x:95:5)",
        ),
        "php": (
            "PHP",
            "PHP Fatal error:  Uncaught TypeError: limit must be int in /var/www/app/Query.php:31\n"
            "Stack trace:\n#0 /var/www/app/index.php(12): Query->run('abc')\n#1 {main}\n  thrown",
        ),
        "php-frame": ("PHP, frames", "#0 /var/www/app/index.php(12): Query->run('abc')\n#1 {main}"),
        "php-warning": (
            "PHP, a warning",
            "<b>Warning</b>:  intval() in <b>/var/www/app/Query.php</b> on line <b>31</b>",
        ),
        "ruby": (
            "Ruby",
            "NoMethodError (undefined method `to_i' for []:Array):\n"
            "app/controllers/codes_controller.rb:31:in `query'\napp/models/code.rb:7:in `block in search'",
        ),
        "ruby-new-quotes": ("Ruby 3.4", "app/controllers/codes_controller.rb:31:in 'CodesController#query'"),
        "rust": ("Rust", "thread 'tokio-runtime-worker' panicked at src/query.rs:31:14:\ncalled `Option::unwrap()`"),
        "rust-backtrace": (
            "Rust, backtrace",
            "stack backtrace:\n   0: rust_begin_unwind\n   1: core::panicking::panic_fmt\n"
            "             at /srv/src/q.rs:31:14",
        ),
        "erlang": (
            "Erlang",
            '{badarg,[{erlang,list_to_integer,["abc"],[]},{codes,query,2,[{file,"src/codes.erl"},{line,31}]}]}',
        ),
        "elixir": (
            "Elixir",
            "** (ArgumentError) argument error\n    (codes 1.2.0) lib/codes/query.ex:31: Codes.Query.run/2",
        ),
        "go": (
            "Go",
            "panic: runtime error: index out of range [3] with length 3\n\n"
            "goroutine 18 [running]:\nmain.query(0xc0000a)\n\t/srv/app/query.go:31 +0x1b",
        ),
        "go-frame": ("Go, frames", "main.(*Codes).Query(0xc000118000)\n\t/srv/app/query.go:31 +0x1b"),
        "java": ("Java", "java.lang.NullPointerException\n\tat com.vendor.ccm.Codes.query(Codes.java:87)"),
        "java-cause": ("Java, cause", "Caused by: java.sql.SQLException: ORA-01722\n\t... 42 more"),
        "java-lambda": ("Java, lambda", "\tat com.vendor.ccm.Codes.lambda$query$3(Codes.java:87) ~[ccm.jar!/:1.2]"),
        "java-native": ("Java, native", "\tat java.base/jdk.internal.reflect.Method.invoke0(Native Method)"),
        "kotlin": ("Kotlin", "\tat com.vendor.ccm.CodesKt$query$1.invokeSuspend(Codes.kt:87)"),
        "scala": ("Scala", "\tat com.vendor.ccm.Codes$.$anonfun$query$1(Codes.scala:87)"),
        "dotnet-async": (".NET, async", "   at Vendor.Ccm.Codes.<Query>d__5.MoveNext() in /src/Codes.cs:line 87"),
        "python": (
            "Python",
            'Traceback (most recent call last):\n  File "/srv/app.py", line 31, in query\nKeyError: 0',
        ),
        "python-frame": ("Python, frames", '  File "/srv/app/views.py", line 31, in query\n    return int(limit)'),
        "perl": ("Perl", 'Can\'t locate object method "num" via package "Codes" at /srv/lib/Codes.pm line 31.'),
        "lua": (
            "Lua in the gateway",
            "lua entry thread aborted: runtime error: /etc/nginx/lua/codes.lua:31: attempt to index nil\n"
            "stack traceback:\n\tcodes.lua:31: in function 'query'",
        ),
        "swift": ("Swift", "Fatal error: Index out of range: file Codes/Query.swift, line 31"),
        "cpp": ("C++", "#0  0x00007f2a1b in Codes::query (this=0x0) at /srv/src/codes.cpp:87"),
        "sql-mysql": ("MySQL", "You have an error in your SQL syntax; check the manual near 'abc' at line 1"),
        "sql-postgres": (
            "PostgreSQL",
            'ERROR: invalid input syntax for type integer: "abc"\nLINE 1: SELECT id FROM codes LIMIT $1',
        ),
        "sql-oracle": ("Oracle", "ORA-01722: invalid number: SELECT ID, CODE FROM T_ACCESS_CODE WHERE TENANT_ID = 7"),
        "sql-gauss": (
            "GaussDB through MyBatis",
            "### Error querying database. ### SQL: SELECT id FROM t_access_code WHERE tenant_id = ?",
        ),
        "mongo": ("MongoDB", 'MongoServerError: unknown operator: $foo in db.codes.find({"tenant":7})'),
    }
)
"""Name to whose inside it is and how it looks."""
_REPRESENTATIVES = frozenset(
    ("node-async", "node-new", "node-alias", "php", "php-frame", "ruby", "rust", "erlang", "elixir", "go", "java-cause")
)


def _declare(name: str) -> None:
    runtime, text = _FRAMES[name]

    @fault(
        REFUSE,
        "error.no-internals",
        f"inside-{name}",
        f"Shows its inside ({runtime}) where it refuses a parameter.",
        sole=True,
        representative=name in _REPRESENTATIVES,
    )
    def hook(call: Call, proceed: Step[Reply]) -> Reply:
        reply = proceed(call)
        refused = call.refusal is not None and call.refusal.kind == "request"
        return replace(failure(text=text), status=max(reply.status, 400)) if refused else reply


for _name in _FRAMES:
    _declare(_name)
