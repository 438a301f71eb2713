"""Every seeded fault shows to a caller who asks about its clause, and to one who asks honestly nothing shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from lineman.sandbox import FAULTS

if TYPE_CHECKING:
    from tests.sandbox.conftest import Ask, Box

QUERY_PATH = "/apiaccess/rest/cc-management/v1/accessCodeInfo/queryAccessCodeList"
EXAMPLE = {"accessCode": "9911411", "mediatypeId": 5, "description": "access code", "limit": 10, "offset": 0}
EXAMPLE_AS_WRITTEN = (
    b'{"accessCode": "9911411", "mediatypeId": 5, "description": "access code", "limit":10, "offset":0}'
)
OTHERS = {"offset": 100}
LONG = "routes to the regional overflow desk; staffed on weekdays from 08:00 to 18:00"
TEXTS = (
    "'", "\\", "office\\", "a\\o", "😀", "😀 smiling", "x" * 51 + "y", "line" * 70,
    "Customer service hotline" + "z" * 90,
    "' OR '1'='1", "line--", "DROP TABLE",
    "hotl.ne", "(", "[VIP]", "客户", "Zu\u0308rich", "100%25 refund", "<b>", '"quoted"',
    "_off", "\0", "hotline\0x", "💡 smiling", "level ١", "hotline.", "hotline ", "Café", "ＶＩＰ", "🔥line",
    LONG + "x", "back\\slash", "null", " ", "li\u200bne", "li&ne", "^Claims and returns$",
)  # fmt: skip
SCHEMES = (
    "{token}", "Bearer{token}", "Basic {token}", "Token {token}", "Bearer", "Digest {token}", "Bearer\t{token}",
    "Custom of {token}",
)  # fmt: skip
LOOKALIKES = ("never", "altered_end", "altered_start", "folded", "longer", "middle", "letters", "unsigned")
REFUSED: tuple[dict[str, Any], ...] = (
    {"body": {"limit": 5, "offset": 20, "accessCode": [7]}},
    {"body": {"accessCode": "9911", "limit": "abc"}},
    {"body": b"{"},
    {"authorization": "Bearer {never}"},
    {"authorization": None},
    {"authorization": "Basic {token}"},
    {"key": "{other}"},
    {"path": "/nothing"},
)
"""Requests that are refused, and that may leave something behind."""
FOUR_TIMES: dict[str, Any] = {"times": 4, "body": {}}
FIVE_RECORDS: dict[str, Any] = {"body": {"limit": 5}}
REPEATED: list[dict[str, Any]] = [
    {"body": {"limit": 1}, "times": 40},
    {"body": {"mediatypeId": 5}},
    {"body": {}},
]
AFTER_REFUSALS: list[dict[str, Any]] = [
    probe for refused in REFUSED for probe in (refused, FOUR_TIMES, refused, FIVE_RECORDS)
]
NO_NUMBERS: tuple[Any, ...] = ("abc", True, [5], {}, "12abc")
SIZED: tuple[dict[str, Any], ...] = (
    {"limit": 10, "offset": 10},
    {"accessCode": "9911", "limit": 20, "offset": 20},
    {"accessCode": "9870990", "limit": 2},
    {"description": "line", "limit": 3},
)
EVERYDAY: list[dict[str, Any]] = [
    {"body": {}},
    {"body": {"limit": 5, "offset": 5}},
    {"body": {"accessCode": "9911"}},
    *REFUSED,
]
"""What shows the faults of a clause that has no requests of its own in PROBES: pages, a filter, and what is refused."""
PROBES: dict[str, list[dict[str, Any]]] = {
    "request.method": [{"method": method} for method in ("GET", "PUT", "DELETE", "PATCH")],
    "request.path": [
        {"path": path} for path in (QUERY_PATH + "X", QUERY_PATH.rpartition("/")[0] + "/other", "/nothing")
    ],
    "request.malformed-json": [{"body": body} for body in (b"{", b'{"limit":1', b"[]", b"null", b"5", b"not json")],
    "request.all-optional": [
        {"body": body}
        for body in (
            {},
            {"offset": 0},
            {"accessCode": "1"},
            {"description": "line"},
            {"accessCode": "1", "description": "line"},
            {"limit": 5},
        )
    ],
    "request.example": [{"body": EXAMPLE}, {"body": EXAMPLE_AS_WRITTEN}, {"body": b'{"limit" : 5}'}],
    "auth.required": [
        {"authorization": None},
        {"authorization": None, "body": {"offset": 100}},
        {"authorization": None, "key": "{key}"},
        {"authorization": "Bearer {token}"},
        {"authorization": None},
    ],
    "auth.bearer-format": [{"authorization": text} for text in SCHEMES],
    "auth.unknown-token": [
        {"authorization": f"Bearer {{{name}}}", "body": body}
        for name in (*LOOKALIKES, "payload", "signature")
        for body in ({}, OTHERS)
    ],
    "auth.expired-token": [{"authorization": "Bearer {expired}", "body": body} for body in ({}, OTHERS)],
    "auth.app-key-optional": [{"key": key} for key in (None, "{key}")],
    "auth.foreign-app-key": [{"key": key} for key in ("{other}", "0123456789abcdef")],
    "auth.tenant-isolation": [
        {"authorization": who, "body": body}
        for body in ({}, OTHERS, {"accessCode": "99"}, {"mediatypeId": 5}, {"description": "line", "limit": 9})
        for who in ("Bearer {token}", "Bearer {second}")
    ],
    "filter.access-code": [
        {"body": {"accessCode": text}} for text in ("0", "9911", "411", "00", "9911411", "400", "95", "9870990")
    ]
    + [{"body": {"accessCode": "991149"}}, {"body": {"accessCode": "1"}}],
    "filter.description": [
        {"body": {"description": text}}
        for text in (
            "Customer service hotline",
            "line",
            "ine",
            "0",
            "level 2",
            "(9911",
            " line",
            "1 ",
            "  two",
            "care night",
        )
    ],
    "filter.media-type": [{"body": {"mediatypeId": number}} for number in (2, 5, 53, 18, 7)],
    "filter.conjunction": [
        {"body": body}
        for body in (
            {"accessCode": "9", "description": "line"},
            {"accessCode": "9", "description": "line", "mediatypeId": 5},
            {"accessCode": "9", "mediatypeId": 53},
        )
    ],
    "filter.any-text": [{"body": {"description": text}} for text in (*TEXTS, "0")],
    "limit.page-size": [{"body": {"limit": limit}} for limit in (1, 7, 60, 99)] + [{"body": body} for body in SIZED],
    "limit.zero": [{"body": {"limit": 0}}, {"body": {"limit": 0, "mediatypeId": 5}}],
    "limit.default": [{"body": {}}, {"body": OTHERS}, {"body": {"description": "line"}}],
    "limit.maximum": [{"body": {"limit": 100}}, {"body": {"limit": 100, "mediatypeId": 5}}],
    "limit.clamp": [{"body": {"limit": limit}} for limit in (101, 1000, 2**31 - 1, 2**31, 2**63)]
    + [{"body": {"limit": 101, "offset": 100}}],
    "limit.page-cap": [{"body": {"limit": limit}} for limit in (101, 1000, -1, None, "1000", 100)],
    "limit.type": [{"body": {"limit": limit}} for limit in NO_NUMBERS],
    "offset.default": [{"body": {}}, {"body": {"offset": 0}}, {"body": {"limit": 10}}, {"body": {"mediatypeId": 5}}],
    "offset.pages": [{"body": {"limit": limit, "offset": limit * page}} for limit in (3, 10) for page in (1, 2)]
    + [{"body": {"limit": 10, "offset": 10, "mediatypeId": 5}}]
    + [{"body": {"accessCode": "9911", "limit": 20, "offset": 20}}],
    "offset.maximum": [{"body": {"limit": 100, "offset": 100}}],
    "offset.beyond-total": [{"body": {"accessCode": "9911411", "limit": 10, "offset": 50}}],
    "offset.type": [{"body": {"offset": offset}} for offset in NO_NUMBERS],
    "order.stable": [{"body": {"limit": 10}, "times": 8}, {"body": {"limit": 1}}],
    "answer.status": [
        {"body": {}, "times": 16},
        {"body": {"limit": 1}, "times": 40},
        {"body": {"accessCode": "zzz"}},
        {"body": {"limit": "abc"}},
        {"method": "GET"},
        {"authorization": None},
        {"body": {"mediatypeId": 5}},
    ],
    "answer.json": [{"body": {}, "times": 14}],
    "answer.schema": [{"body": {}}, {"body": {"mediatypeId": 5}}, {"body": OTHERS}, {"body": {"limit": 1}}],
    "answer.return-code": [{"body": {}, "times": 14}, {"body": OTHERS}],
    "answer.carries-data": [{"body": {}}, {"body": OTHERS}],
    "total.counts-matches": [
        {"body": body}
        for body in (
            {},
            OTHERS,
            {"limit": 0},
            {"description": "line"},
            {"mediatypeId": 5},
            {"limit": 10, "offset": 20},
            {"mediatypeId": 5, "description": "line"},
        )
    ],
    "record.unique": [{"body": {}}, {"body": OTHERS}, {"body": {"limit": 10, "offset": 10}}],
    "query.repeatable": [{"body": {"offset": 100}, "times": 21}],
    "query.independent": [
        {"body": body}
        for body in (
            {"mediatypeId": 5, "limit": 10},
            {"mediatypeId": 5, "limit": 10, "offset": 10},
            {"mediatypeId": 5, "limit": 20, "offset": 10},
            {"limit": 20, "offset": 10},
            {"description": "line", "limit": 20, "offset": 10},
            {},
            {"limit": 3},
        )
    ]
    + REPEATED
    + AFTER_REFUSALS,
    "error.no-internals": [
        {"body": b"{"},
        {"body": {"limit": "abc"}},
        {"authorization": "Bearer {never}"},
        {"path": "/nothing"},
        {"body": {}},
    ],
}


BROKEN = sorted({fault.clause for fault in FAULTS.values()})
"""Every clause that has faults."""


@pytest.fixture
def transcript(box: Callable[..., Box], ask: type[Ask]) -> Callable[..., list[tuple[object, ...]]]:
    """What a caller sees who sends the probes of a clause, one by one and then all together."""

    def sent(clause: str, **options: Any) -> list[tuple[object, ...]]:
        sandbox = box(**options)
        requests = [ask(**probe) for probe in PROBES.get(clause, EVERYDAY)]
        seen: list[tuple[object, ...]] = []
        for each in requests:
            seen += [_seen(sandbox, each) for _ in range(each.times)]
        seen += _expiry(sandbox) if clause == "auth.expired-token" else []
        if clause == "query.independent":
            seen += [_summary(sandbox, reply) for reply in sandbox.ask(*requests)]
        return seen

    return sent


def _seen(sandbox: Box, request: Ask) -> tuple[object, ...]:
    try:
        return _summary(sandbox, sandbox.ask(request)[0])
    except httpx.DecodingError:
        return ("not encoded as it says",)
    except AssertionError:  # how httpx's transport in this process tells a connection that was cut
        return ("cut",)


def _expiry(sandbox: Box) -> list[tuple[object, ...]]:
    sandbox.names["brief"] = sandbox.token(1, {"X-Token-Expire": "1"})
    sandbox.now += 2
    return [_summary(sandbox, sandbox.query(authorization="Bearer {brief}"))]


def _summary(sandbox: Box, reply: Any) -> tuple[object, ...]:
    """Status, headers and body, with tokens named by their roles, since they differ from sandbox to sandbox."""
    text = reply.content.decode("latin-1")
    headers = str(sorted((name, value) for name, value in reply.headers.items() if name != "content-length"))
    for name in sorted(sandbox.names):
        text, headers = text.replace(sandbox.names[name], name), headers.replace(sandbox.names[name], name)
    return reply.status_code, headers, text


def _is_shown(name: str) -> bool:
    """Of the gateway's family every kind of request is shown with 502, and every happening by its representatives."""
    return FAULTS[name].representative or name.startswith("gateway-502-") or not name.startswith("gateway-")


@pytest.mark.parametrize("name", sorted(filter(_is_shown, FAULTS)))
def test_a_fault_shows_to_who_asks_about_its_clause(
    name: str, transcript: Callable[..., list[tuple[object, ...]]]
) -> None:
    fault = FAULTS[name]
    honest = transcript(fault.clause, variants=fault.variants)
    assert transcript(fault.clause, faults=(name,)) != honest


@pytest.mark.parametrize("clause", BROKEN)
def test_honest_sandboxes_answer_alike(clause: str, transcript: Callable[..., list[tuple[object, ...]]]) -> None:
    assert transcript(clause) == transcript(clause)


@pytest.mark.parametrize("clause", BROKEN)
def test_every_promise_has_faults_of_its_own(clause: str) -> None:
    mine = [fault for fault in FAULTS.values() if fault.clause == clause]
    assert len(mine) >= 2
    assert any(fault.sole for fault in mine)


def test_requests_are_kept_only_for_clauses_that_have_faults() -> None:
    assert set(PROBES) <= set(BROKEN)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.name)
def test_a_fault_is_described_for_people(fault: Any) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", fault.name)
    assert fault.summary.endswith(".")


def test_the_honest_code_knows_no_fault() -> None:
    import lineman.sandbox  # noqa: PLC0415 - only for its folder

    folder = Path(lineman.sandbox.__file__).parent
    for room in ("operation", "responses", "store", "tokens"):
        assert not re.search(r"\bfaults?\b", (folder / f"{room}.py").read_text(encoding="utf-8"))
