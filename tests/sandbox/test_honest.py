"""The sandbox keeps the promises of the vendor's page, request by request."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from lineman.sandbox import (
    OUTAGES,
    VARIANTS,
    SandboxOptionError,
    SandboxOptions,
    credentials,
    parse_dialects,
    parse_seconds,
)

if TYPE_CHECKING:
    from tests.sandbox.conftest import Ask, Box

EXAMPLE = {"accessCode": "9911411", "mediatypeId": 5, "description": "access code", "limit": 10, "offset": 0}


def test_the_documented_example_gets_the_documented_answer(box: Callable[..., Box]) -> None:
    assert box().query(EXAMPLE).json() == {
        "returnCode": "0",
        "data": {
            "total": 1,
            "calledRouteList": [
                {
                    "id": "1124167935465633793",
                    "accessCode": "9911411",
                    "mediatypeId": 5,
                    "n400Number": None,
                    "description": None,
                    "numCallAttr": 3,
                }
            ],
        },
        "description": "success",
    }


def test_the_example_s_record_is_found_by_no_other_description(box: Callable[..., Box]) -> None:
    sandbox = box()
    assert sandbox.total({"accessCode": "9911411", "description": "access code"}) == 0
    assert sandbox.total({"accessCode": "9911411"}) == 1


def test_the_list_has_every_media_type_and_every_kind_of_text(box: Callable[..., Box]) -> None:
    sandbox = box(records=190)
    records = sandbox.everything()
    texts = "".join(record["description"] or "" for record in records)
    assert {record["mediatypeId"] for record in records} == {2, 5, 18, 19, 53}
    assert all(sample in texts for sample in ("客户", "'", '"', "%", "_", "[", "\\", "😀", "\u0301", "é"))
    assert any(record["accessCode"].startswith("00") for record in records)
    assert any(record["description"] is None for record in records)
    assert len({record["id"] for record in records}) == 190
    assert [record["id"] for record in records] != sorted(record["id"] for record in records)


def test_filters_agree_with_a_search_by_hand(box: Callable[..., Box]) -> None:
    sandbox = box(records=190)
    records = sandbox.everything()
    for text in ("line", "'", "%", "_", "\\", "[VIP]", "客户", "😀", "u\u0308", "Line", "é", "\n"):
        wanted = [record for record in records if text in (record["description"] or "")]
        assert sandbox.records({"description": text}) == wanted[:100]
        assert sandbox.total({"description": text}) == len(wanted)
    both = {"accessCode": "9", "description": "line", "mediatypeId": 5}
    wanted = [
        r for r in records if "9" in r["accessCode"] and "line" in (r["description"] or "") and r["mediatypeId"] == 5
    ]
    assert sandbox.records(both) == wanted


@pytest.mark.parametrize("text", ["\x00", "\ud800", "' OR 1=1 --", "x" * 100_000, "(?:", "%", "\u202e"])
def test_any_text_is_a_fine_filter(box: Callable[..., Box], text: str) -> None:
    sandbox = box(records=100)
    assert all(text in record["description"] for record in sandbox.records({"description": text}))


@pytest.mark.parametrize("limit", [100, 101, 1000, 2**31 - 1, 2**31, 2**63, 10**30, None])
def test_a_limit_from_100_on_means_100(box: Callable[..., Box], limit: int | None) -> None:
    """None stands for a number of 5001 digits, more than Python itself would read."""
    body = json.dumps({"limit": limit}).encode() if limit else b'{"limit":1' + b"0" * 5000 + b"}"
    sandbox = box()
    assert sandbox.query(body).content == sandbox.query({}).content


def test_pages_partition_the_list_and_total_minds_no_page(box: Callable[..., Box]) -> None:
    sandbox = box(records=200)
    pages = [sandbox.query({"limit": 20, "offset": offset}).json()["data"] for offset in range(0, 101, 20)]
    assert [record for page in pages for record in page["calledRouteList"]] == sandbox.everything()[:120]
    assert {page["total"] for page in pages} == {200}
    assert sandbox.query({"limit": 0}).json()["data"] == {"total": 200, "calledRouteList": []}


def test_a_page_behind_the_last_record_is_empty(box: Callable[..., Box]) -> None:
    assert box(records=30).query({"offset": 100}).json()["data"] == {"total": 30, "calledRouteList": []}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100000,
        b'{"limit":NaN}',
        b'{"limit":"abc"}',
        b'{"limit":true}',
        b'{"offset":[1]}',
        b'{"offset":{}}',
        b'{"limit":1.5}',
        b'{"accessCode":5}',
        b'{"mediatypeId":"x"}',
        b'{"limit":-1}',
    ],
)
def test_what_is_no_query_is_refused(box: Callable[..., Box], body: bytes) -> None:
    reply = box().query(body)
    assert reply.status_code == 400
    assert reply.json().keys() == {"returnCode", "description"}
    assert reply.json()["returnCode"] != "0"


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (None, 401),
        ("{token}", 401),
        ("Basic {token}", 401),
        ("Bearer{token}", 401),
        ("bearer {token}", 401),
        ("Bearer {never}", 403),
        ("Bearer {altered_end}", 403),
        ("Bearer {folded}", 403),
        ("Bearer {expired}", 403),
    ],
)
def test_bad_credentials_are_refused(box: Callable[..., Box], authorization: str | None, status: int) -> None:
    reply = box().query({}, authorization=authorization)
    assert reply.status_code == status
    assert "data" not in reply.json()


def test_tenants_see_their_own_records_only(box: Callable[..., Box]) -> None:
    sandbox = box()
    first = {record["id"] for record in sandbox.everything()}
    second = {record["id"] for record in sandbox.everything(authorization="Bearer {second}")}
    assert first
    assert len(second) > 100
    assert not first & second
    assert sandbox.query({}, key="{other}").status_code == 403
    assert sandbox.query({}, key="{key}").content == sandbox.query({}).content


def test_other_methods_and_paths_are_refused(box: Callable[..., Box], ask: type[Ask]) -> None:
    sandbox = box()
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"):
        assert sandbox.ask(ask(method=method))[0].status_code == 404
    for path in ("/", "/x", ask().path + "/", ask().path + "x", ask().path.lower()):
        assert sandbox.ask(ask(path=path))[0].status_code == 404


def test_tokens_have_documented_members_and_lifetimes(box: Callable[..., Box]) -> None:
    sandbox = box()
    reply = sandbox.ask_token(1, {"X-Token-Expire": "9999"}).json()
    assert {name: type(value) for name, value in reply.items()} == dict.fromkeys(
        ("AccessToken", "ApplyType", "CreateTime", "Expires", "Scope", "AppKey", "UserID"), str
    )
    assert (reply["Expires"], reply["ApplyType"]) == ("3600", "Bearer")
    sandbox.names["late"] = reply["AccessToken"]
    sandbox.now += 3599
    assert sandbox.query({}, authorization="Bearer {late}").status_code == 200
    sandbox.now += 1
    assert sandbox.query({}, authorization="Bearer {late}").status_code == 403


def test_the_token_operation_refuses(box: Callable[..., Box]) -> None:
    sandbox = box()
    assert sandbox.ask_token(1, app_secret="wrong").status_code == 403
    assert sandbox.ask_token(1, app_secret=5).status_code == 400
    for lifetime in ("0", "-1", "abc", "1.5"):
        assert sandbox.ask_token(1, {"X-Token-Expire": lifetime}).status_code == 400


def test_a_moving_list_changes_and_keeps_the_example(box: Callable[..., Box]) -> None:
    sandbox = box(variants=("moving",), records=150)
    states = []
    for _ in range(6):
        states.append(json.dumps(sandbox.everything()))
        sandbox.now += 0.5
    assert len(set(states)) == 6
    assert sandbox.total(EXAMPLE) == 1
    ids = [{record["id"] for record in json.loads(state)} for state in states]
    for index, (earlier, later) in enumerate(pairwise(ids)):
        assert not (later - earlier) & set().union(*ids[:index])


@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_variants_answer_the_example_all_the_same(box: Callable[..., Box], name: str) -> None:
    data = box(variants=(name,)).query(EXAMPLE).json()["data"]
    assert (data["total"], data["calledRouteList"][0]["accessCode"]) == (1, "9911411")


def test_a_rate_limit_says_when_to_come_back(box: Callable[..., Box]) -> None:
    sandbox = box(variants=("rate-limit-25",))
    replies = [sandbox.query({"limit": 0}) for _ in range(40)]
    assert replies[-1].status_code == 429
    assert replies[-1].headers["retry-after"] == "1"
    sandbox.now += 1.1
    assert sandbox.query({}).status_code == 200


NO_ANSWERS = {302, 403, 429, 502, 503, 599}
"""What outages answer; 599 stands for nothing at all."""


@pytest.mark.parametrize("name", sorted(name for name in OUTAGES if name.startswith("query-") or "half-way" in name))
def test_outages_end_service(box: Callable[..., Box], name: str) -> None:
    sandbox = box(outage=name)
    try:
        last = [sandbox.query({"limit": 0}) for _ in range(61)][-1]
    except (AssertionError, httpx.DecodingError):  # cut, or not encoded as it says
        return
    assert last.status_code in NO_ANSWERS or "html" in last.headers["content-type"]


def test_credentials_and_records_depend_on_the_seed(box: Callable[..., Box]) -> None:
    assert credentials(SandboxOptions(seed=7)) == credentials(SandboxOptions(seed=7, records=5))
    assert credentials(SandboxOptions(seed=7)) != credentials(SandboxOptions(seed=8))
    assert all(len(each.app_secret) >= 24 for each in credentials(SandboxOptions()))
    assert box(seed=7).everything() == box(seed=7).everything()
    assert box(seed=7).everything() != box(seed=8).everything()


def test_a_database_file_keeps_the_list(box: Callable[..., Box], tmp_path: Any) -> None:
    file = tmp_path / "list.sqlite"
    assert box(database=file).everything() == box(database=file).everything() == box().everything()


def test_a_database_that_is_none_is_told(box: Callable[..., Box], tmp_path: Any) -> None:
    file = tmp_path / "note.txt"
    file.write_text("not a database, " * 100)
    with pytest.raises(SandboxOptionError, match=r"note\.txt"):
        box(database=file)
    assert file.read_text().startswith("not a database")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"faults": ("get-answer",)}, "Unknown fault 'get-answer'. Did you mean 'get-answers'?"),
        ({"dialects": {"filter.cas": "x"}}, "Unknown dialect 'filter.cas'. Did you mean 'filter.case'?"),
        ({"dialects": {"filter.case": "insensitiv"}}, "Did you mean 'insensitive'?"),
        ({"variants": ("gzipp",)}, "Did you mean 'gzip'?"),
        ({"outage": "all-505"}, "Unknown outage 'all-505'."),
        ({"records": 1_000_001}, "records is 1000001"),
        ({"latency": -1.0}, "latency is -1.0"),
    ],
)
def test_unknown_options_are_told_with_the_nearest_name(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SandboxOptionError) as raised:
        SandboxOptions(**options)
    assert message in str(raised.value)


def test_option_texts_are_read() -> None:
    assert parse_dialects(["filter.case=insensitive"]) == {"filter.case": "insensitive"}
    assert (parse_seconds("150ms", "latency"), parse_seconds("0.15", "latency")) == (0.15, 0.15)
    with pytest.raises(SandboxOptionError, match="CLAUSE=ANSWER"):
        parse_dialects(["filter.case"])
    with pytest.raises(SandboxOptionError, match="150ms"):
        parse_seconds("soon", "latency")
