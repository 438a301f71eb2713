"""A planted secret is searched for wherever it could come out."""

from __future__ import annotations

import base64
import contextlib
import copy
import html
import json
import pickle
import re
from collections.abc import Callable
from dataclasses import asdict, replace
from urllib.parse import quote

import httpx
import pytest

from lineman.client import ClientError, Redactor, TokenRefused
from lineman.contract.answer import read_answer
from lineman.contract.checks import findings_of, run_checks
from lineman.contract.finding import Finding, RecordDiff
from lineman.exchange import Credential, Exchange, Request
from lineman.secret import Secret
from lineman.suite.record import curl
from lineman.target import Credentials, Target

from .harness import CREDENTIALS, KEY, SECRET, TOKEN, Vendor, answer, setting

ODD = 'PLANTED/+=" <odd>&\\secret'


def redactor(*values: str) -> Redactor:
    made = Redactor()
    for value in values:
        made.learn(Secret(value), "token")
    return made


DISGUISES: list[Callable[[str], str]] = [
    str,
    lambda text: quote(text, safe=""),
    quote,
    lambda text: re.sub("%..", lambda escape: escape[0].lower(), quote(text, safe="")),
    lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    lambda text: json.dumps({"echo": text}),
    lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text),
    html.escape,
    lambda text: text.encode().hex(),
    str.upper,
    str.swapcase,
    lambda text: "".join(f"&#{ord(letter)};" for letter in text),
    lambda text: "".join(f"&#x{ord(letter):X};" for letter in text),
    lambda text: "".join(f"&#{ord(letter):05};" if place % 2 else letter for place, letter in enumerate(text)),
    "\u00ad".join,
    "&shy;".join,
    "\u200b".join,
    lambda text: text[::-1],
    lambda text: text.encode().hex()[::-1],
    lambda text: "".join(f"%{byte:02x}" if byte % 2 else chr(byte).upper() for byte in text.encode()),
    "\x00".join,
    lambda text: json.dumps("\0".join(text))[1:-1],
    "%00".join,
    lambda text: "\x00".join(f"%{byte:02x}" for byte in text.encode()),
]


@pytest.mark.parametrize("value", [TOKEN, ODD])
@pytest.mark.parametrize("wrap", DISGUISES)
def test_a_secret_is_found_in_every_form(value: str, wrap: Callable[[str], str]) -> None:
    wrapped = wrap(value)
    body, kinds = redactor(value).body(f"before {wrapped} after".encode())
    assert body.startswith(b"before ")
    assert body.endswith(b" after")
    assert b"[redacted:token]" in body
    assert wrapped.encode() not in body
    assert kinds == ("token",)


@pytest.mark.parametrize("ahead", range(4))
@pytest.mark.parametrize("behind", range(4))
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("value", [TOKEN, "PLANTED?>?>~~~ÿÿÿ"])
def test_a_secret_is_found_in_base64_wherever_it_begins(
    ahead: int, behind: int, encode: Callable[[bytes], bytes], value: str
) -> None:
    encoded = encode(b"\xfa" * ahead + value.encode() + b"\xfb" * behind)
    body, kinds = redactor(value).body(b'{"trace":"' + encoded + b'"}')
    assert kinds == ("token",)
    assert len(body) - len(b'{"trace":"[redacted:token]"}') <= ahead * 8 // 6 + behind * 8 // 6 + 8
    assert base64.b64encode(value.encode())[4:-4] not in body


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-32-le"])
def test_a_secret_is_found_in_wide_characters(encoding: str) -> None:
    body, kinds = redactor(TOKEN).body(f"before {TOKEN} after".encode(encoding))
    assert TOKEN not in body.replace(b"\0", b"").decode("latin-1")
    assert kinds == ("token",)


@pytest.mark.parametrize("ahead", range(4))
def test_a_secret_is_found_in_base64_that_is_reversed_or_of_the_reversed_text(ahead: int) -> None:
    for raw, turn in ((TOKEN[::-1].encode(), False), (TOKEN.encode(), True)):
        encoded = base64.b64encode(b"\xfa" * ahead + raw + b"\xfb")
        body, kinds = redactor(TOKEN).body(b"<" + (encoded[::-1] if turn else encoded) + b">")
        assert kinds == ("token",)
        assert b"[redacted:token]" in body


def test_a_secret_is_found_in_the_name_of_a_header() -> None:
    fields, kinds = redactor(TOKEN).headers(((f"X-{TOKEN}", "1"), ("Content-Encoding", TOKEN.upper())))
    assert kinds == ("token",)
    assert fields == (("X-[redacted:token]", "1"), ("Content-Encoding", "[redacted:token]"))


def test_the_beginnings_of_escapes_are_no_escapes() -> None:
    hostile = b"&#0" * 200_000 + b"%4" * 200_000 + b"\\u00" * 200_000
    assert redactor(TOKEN).body(hostile) == (hostile, ())


def test_a_short_secret_is_found_only_where_it_stands_alone() -> None:
    body, kinds = redactor("1234").body(b'{"accessCode":"912345","echo":"1234"}')
    assert body == b'{"accessCode":"912345","echo":"[redacted:token]"}'
    assert kinds == ("token",)


def test_a_secret_torn_by_the_bound_is_found() -> None:
    body, _ = redactor(TOKEN).body(b"padding" + TOKEN[:12].encode(), truncated=True)
    assert body == b"padding[redacted:token]"


def test_halves_of_characters_hide_nothing() -> None:
    assert TOKEN not in redactor(TOKEN).text(f"\ud800 {TOKEN} \udc80")
    assert redactor(TOKEN).text("\udc80 热线") == "\udc80 热线"


def test_innocent_text_stays() -> None:
    innocent = "PLANTED 热线 100% _*?".encode()
    assert redactor(TOKEN).body(innocent) == (innocent, ())


def leaks(*things: object) -> bool:
    shown = " ".join(f"{thing!r} {thing!s} {thing}" for thing in things)
    return "PLANTED" in shown


def test_a_secret_shows_itself_nowhere() -> None:
    secret = Secret(SECRET)
    assert not leaks(secret, [secret], {"a": secret}, CREDENTIALS, Target.of("http://h", CREDENTIALS))
    assert "PLANTED" not in f"{secret:>40}" + "%s %r" % (secret, secret)  # noqa: UP031  # this form too
    assert not hasattr(secret, "__dict__")
    with pytest.raises(TypeError):
        json.dumps(secret)
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(CREDENTIALS)
    assert copy.deepcopy(CREDENTIALS) == CREDENTIALS
    assert "PLANTED" not in str(asdict(Target.of("http://h", CREDENTIALS)))
    assert secret == Secret(SECRET)
    assert secret != SECRET


def echo(request: httpx.Request) -> httpx.Response:
    told = request.headers["Authorization"]
    return answer(
        {"told": told, "base64": base64.b64encode(told.encode()).decode(), "secret": SECRET},
        200,
        X_Echo=told,
        Location=f"/next?token={quote(told, safe='')}",
    )


@pytest.mark.anyio
@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "Bearer {token}",
        "{token}",
        "Bearer {altered:first}",
        "Bearer {altered:middle}",
        "Bearer {altered:last}",
        "Bearer {truncated}",
        "Bearer {extended}",
        "Bearer {swapcase}",
        "Basic {token}",
    ],
)
async def test_no_exchange_holds_a_secret_that_was_echoed(authorization: str | None) -> None:
    test = setting(Vendor(queries=echo))
    credential = Credential.VALID if authorization is None else Credential.GIVEN
    exchange = await test.client.send(Request.of({}, credential=credential, authorization=authorization))
    assert set(exchange.leaked_secrets) >= {"app_secret"}
    assert "token" in exchange.leaked_secrets
    assert not leaks(*test.exchanges, test.client.statistics, test.client.target)
    for seen in test.exchanges:
        assert b"PLANTED" not in pickle.dumps(seen)
        assert TOKEN.swapcase().encode() not in pickle.dumps(seen)
        assert base64.b64encode(TOKEN.encode())[4:-4] not in pickle.dumps(seen)
    assert test.exchanges[0].leaked_secrets == ()
    assert test.exchanges[0].sent.body == b'{"app_key":"$LINEMAN_APP_KEY","app_secret":"$LINEMAN_APP_SECRET"}'


@pytest.mark.anyio
@pytest.mark.parametrize("status", [200, 403, 500])
@pytest.mark.parametrize("wrap", [*DISGUISES, lambda text: base64.b64encode(f"a{text[::-1]}".encode()).decode()])
async def test_no_answer_of_the_token_operation_shows_a_disguised_secret(
    wrap: Callable[[str], str], status: int
) -> None:
    told = f"{wrap(SECRET)} {wrap(TOKEN)}"
    given = json.dumps({"AccessToken": TOKEN, "Expires": "600", "debug": "@"}).replace("@", told.replace('"', "'"))
    fields = {f"X-{place}": part for place, part in enumerate(told.split()) if part.isascii() and part.isprintable()}
    test = setting(Vendor(token_answers=[httpx.Response(status, content=given.encode(), headers=fields)] * 3))
    with contextlib.suppress(ClientError):
        await test.client.send(Request.of({}))
    assert test.exchanges[0].response is not None
    shown = str(asdict(test.exchanges[0].response))
    # In a token refused only what lineman knows can be found: its own secret.
    for secret in (SECRET, TOKEN)[: 2 if status == 200 else 1]:
        assert wrap(secret) not in shown
        assert wrap(secret).encode() not in test.exchanges[0].response.body


@pytest.mark.anyio
async def test_a_header_of_the_settings_is_shown_nowhere_and_is_no_leak_where_it_comes_back() -> None:
    headers = (
        ("X-Gateway-Key", "PLANTED-gateway-key-77"),
        ("Cookie", "a=1; session=PLANTEDsession0815"),
        ("X-E", "zh"),
    )
    vendor = Vendor(
        queries=lambda request: answer({"echo": [*request.headers.values(), "PLANTEDsession0815", "zh"]}, 500)
    )
    test = setting(vendor, headers=headers)
    exchange = await test.client.send(Request.of({}))
    assert ("X-Gateway-Key", "$LINEMAN_HEADER_X_GATEWAY_KEY") in exchange.sent.headers
    assert not leaks(*test.exchanges)
    assert exchange.response is not None
    assert b"[redacted:header]" in exchange.response.body
    assert b'"zh"' in exchange.response.body, "a short value says nothing, and stands in many a text"
    assert "header" not in exchange.leaked_secrets
    assert '-H "X-Gateway-Key: $LINEMAN_HEADER_X_GATEWAY_KEY"' in curl(exchange, test.client.target.base_url)


@pytest.mark.anyio
async def test_the_authorization_shown_runs_in_a_shell() -> None:
    test = setting(Vendor())
    exchange: Exchange = await test.client.send(Request.of({}))
    assert ("Authorization", "Bearer $LINEMAN_TOKEN") in exchange.sent.headers
    assert ("X-APP-Key", "$LINEMAN_APP_KEY") in exchange.sent.headers


@pytest.mark.anyio
async def test_no_error_holds_a_secret_nor_does_a_frame_that_it_passes() -> None:
    refusal = answer({"error": f"{SECRET} is wrong"}, 403)
    test = setting(Vendor(token_answers=[refusal]))
    with pytest.raises(TokenRefused) as caught:
        await test.client.send(Request.of({}))
    assert not leaks(caught.value, caught.value.args, *test.exchanges)
    frames = [frame for frame in caught.traceback if "lineman" in str(frame.path) and "tests" not in str(frame.path)]
    assert frames
    assert not leaks(*(value for frame in frames for value in frame.locals.values()))


@pytest.mark.anyio
async def test_an_ask_given_up_on_shows_no_secret_in_its_frames() -> None:
    test = setting(Vendor(), max_requests=1)
    request = Request.of({}, credential=Credential.GIVEN, authorization="Bearer {token}")
    with pytest.raises(Exception, match="budget") as caught:
        await test.client.send(request)
    frames = [frame for frame in caught.traceback if "tests" not in str(frame.path)]
    assert not leaks(*(value for frame in frames for value in frame.locals.values()))


@pytest.mark.anyio
async def test_a_token_in_an_answer_that_is_no_json_is_learned() -> None:
    broken = httpx.Response(200, text=f"<pre>AccessToken: '{TOKEN}'</pre>")
    test = setting(Vendor(token_answers=[broken]))
    with pytest.raises(Exception, match="without a usable AccessToken"):
        await test.client.send(Request.of({}))
    assert not leaks(*test.exchanges)


def test_credentials_of_a_ready_token_are_known_at_once() -> None:
    test = setting(Vendor(), Credentials(token=Secret(TOKEN)))
    assert test.client.redactor.text(f"x {TOKEN} y") == "x [redacted:token] y"


RECORD = {"id": "1", "accessCode": f"400{'12345678'}", "description": "[redacted:token]"}


def weak_vendor(**more: str) -> Vendor:
    body = {"returnCode": "0", "data": {"total": 1, "calledRouteList": [RECORD]}, **more}
    return Vendor(queries=lambda request: answer(body))


WEAK = Credentials(KEY, Secret("12345678"))


@pytest.mark.anyio
async def test_what_arrived_is_judged_and_what_is_shown_is_redacted() -> None:
    test = setting(weak_vendor(), WEAK)
    exchange = await test.client.send(Request.of({}))
    assert read_answer(exchange).records == (RECORD,)
    assert exchange.response is not None
    assert b"12345678" not in exchange.response.body
    assert not [finding for finding in findings_of(run_checks(exchange)) if finding.clause == "error.no-internals"]
    assert b"12345678" not in pickle.dumps(exchange)
    assert pickle.loads(pickle.dumps(exchange)).judged == exchange.response  # noqa: S301 -- it was written right here
    assert "12345678" not in repr(exchange) + repr(exchange.arrived) + repr(read_answer(exchange))
    assert "12345678" not in repr(copy.deepcopy(exchange.arrived))


@pytest.mark.anyio
@pytest.mark.parametrize("said", ["the secret is 12345678", "12345678"])
async def test_a_weak_secret_that_stands_for_itself_is_a_leak(said: str) -> None:
    test = setting(weak_vendor(description=said), WEAK)
    (finding,) = (
        f for f in findings_of(run_checks(await test.client.send(Request.of({})))) if f.clause == "error.no-internals"
    )
    assert finding.observed == "app_secret"


@pytest.mark.anyio
async def test_a_finding_shows_no_secret_of_what_arrived() -> None:
    test = setting(weak_vendor(), WEAK)
    exchange = await test.client.send(Request.of({}))
    records = read_answer(exchange).records
    finding = Finding(
        "filter.access-code",
        f"Not found: {records[0]['accessCode']}.",
        [dict(records[0])],
        {"40012345678": ("40012345678", 5)},
        (exchange,),
        rows=RecordDiff(missing=records, out_of_order=("40012345678",)),
    )
    assert "12345678" not in repr((finding.summary, finding.expected, finding.actual, finding.rows))
    assert finding.rows.missing[0]["id"] == "1"
    assert "12345678" not in repr(replace(finding, summary="again 40012345678"))
