"""Anything in the place of anything: ``python -m benchmarks.fuzz [MINUTES]``, or ``make fuzz MINUTES=20``.

Hypothesis draws answers of both operations with any JSON value, or a text that is hardly JSON, in the place of each
member, under any status and headers. Client, checks, oracle, probe and records read each of them; now and then a whole
run does, and its pages are rendered. Prints how many inputs there were, and every different exception with its input.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from tests.proof.harness import LeapingClock, Wire, target

from lineman.client import Redactor
from lineman.client.tokens import TokenAnswer
from lineman.contract.answer import holds_records, is_html, read_answer
from lineman.contract.checks import findings_of, run_checks
from lineman.contract.finding import merge
from lineman.contract.model import Model, read_listing
from lineman.contract.oracle.compare import judge_by_model
from lineman.contract.query import parse_query
from lineman.exchange import Exchange, Operation, Phases, Request, Response, SentRequest
from lineman.monitor.config.models import Canary, Expectation
from lineman.monitor.probe.judge import judge as judge_probe
from lineman.report.run_folder import write_run_files
from lineman.sandbox import SandboxOptions, create_app
from lineman.secret import Secret
from lineman.suite.hypotheses import explain
from lineman.suite.record import curl, exchange_record
from lineman.suite.run_state import RunOptions
from lineman.suite.runner import prepare, run_suite
from lineman.text import pretty

ROUND = 500
"""Inputs drawn at once: Hypothesis keeps track of all that it has drawn in one go."""
A_WHOLE_RUN = 400
"""Inputs for each one that a whole run meets, which takes as long as all of them."""
_RECORD = {
    "id": "1",
    "accessCode": "9911411",
    "mediatypeId": 5,
    "n400Number": None,
    "description": "Hotline",
    "numCallAttr": 3,
}
_RECORDS = [{**_RECORD, "id": str(number), "accessCode": f"99{number:05}"} for number in range(12)]
_DATA = {"total": 12, "calledRouteList": _RECORDS[:10]}
ANSWER = {"returnCode": "0", "description": "success", "data": _DATA}
TOKEN = {"AccessToken": "PLANTED.token-Zx9Yw8Vu7Ts6", "Expires": "600"}
PLACES = (
    (),
    *(("data", *rest) for rest in ((), ("total",), ("calledRouteList",), ("calledRouteList", 0))),
    *(("data", "calledRouteList", 3, name) for name in _RECORD),
    *((name,) for name in ("returnCode", "description")),
)
QUERIES: tuple[dict[str, Any], ...] = (
    {},
    {"limit": 5},
    {"offset": 10},
    {"accessCode": "99"},
    {"limit": 0},
    {"limit": "x"},
)
STATUSES = (200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 418, 429, 500, 502, 503, 599, 700)
_ODD = (
    *("9" * 400, "-" + "9" * 5000, "1e400", "-1e400", "1e-400", "0." + "9" * 400, "NaN", "Infinity", "-Infinity"),
    *("-0", "-0.0", "1E+2", "12.0", "01", "+1", "1.", ".5", "0x10", "1_000", "true", "null", "9" * 100_000),
    *(
        '"\\ud800"',
        '"\\u0000"',
        '{"\\ud800": 1}',
        "\ufeff1",
        "\x00",
        "'0'",
        "",
        ",",
        "]",
        "}",
        "{}{}",
        "undefined",
        "<html>",
    ),
    *("[" * 500 + "]" * 500, '{"a":' * 200 + "1" + "}" * 200, '{"id":1,"id":2}', '{"__class__": 1, "": {}}'),
    *('"' + "x" * 70_000 + '"', '"[redacted:token]"'),
)
"""Texts that a generator of JSON values does not come upon."""
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=True, allow_infinity=True),
    st.text(max_size=40),
    st.sampled_from(("0", "12", "5", "9911411", "\x1b[2J", "::error::", "{value}", "%s", "{0}", "{", "<b>")),
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
TEXTS = st.one_of(_VALUES.map(json.dumps), st.sampled_from(_ODD), st.sampled_from(_ODD))
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            ("Content-Type", "content-encoding", "Retry-After", "Location", "Date", "Content-Length", "X-Y")
        ),
        st.one_of(
            st.sampled_from(
                ("application/json", "text/html; charset=x", "9" * 400, "-1", "http://[", "1e9", "\x1b[0m")
            ),
            st.text(st.characters(max_codepoint=255), max_size=30),
        ),
    ),
    max_size=3,
)
_CANARY = Canary(
    name="fuzz", expect=Expectation(records=({"id": "1", "mediatypeId": 5},), total_at_least=1, total_at_most=99)
)


@dataclass
class Tally:
    """How many inputs there were, and what went wrong: the place of an exception to its first input."""

    inputs: int = 0
    runs: int = 0
    exceptions: dict[str, str] = field(default_factory=dict)

    def failed(self, text: object) -> None:
        """Note the exception that is being handled, once for each place in lineman that it passed last."""
        trace = traceback.format_exc()
        places = [line.strip() for line in trace.splitlines() if line.startswith('  File "') and "lineman/" in line]
        self.exceptions.setdefault((places or [trace])[-1], f"{trace}\ninput: {text!r:.600}")


@dataclass(frozen=True)
class Drawn:
    """One input: a place, the text that stands there, and the answer around it."""

    place: tuple[str | int, ...]
    text: str
    status: int
    headers: tuple[tuple[str, str], ...]
    query: int

    @property
    def body(self) -> bytes:
        """The answer to a query with the text in its place."""
        return _with(ANSWER, self.place, self.text)

    @property
    def token_body(self) -> bytes:
        """The same of the token operation."""
        return _with(TOKEN, ("Expires",) if self.query % 2 else ("AccessToken",), self.text)


def _with(document: object, place: tuple[str | int, ...], text: str) -> bytes:
    if not place:
        return text.encode("utf-8", "surrogatepass")
    changed = json.loads(json.dumps(document))
    node = changed
    for step in place[:-1]:
        node = node[step]
    node[place[-1]] = "@HERE@"
    return json.dumps(changed).replace('"@HERE@"', text).encode("utf-8", "surrogatepass")


INPUTS = st.builds(
    Drawn,
    place=st.sampled_from(PLACES),
    text=TEXTS,
    status=st.sampled_from(STATUSES),
    headers=HEADERS.map(tuple),
    query=st.integers(0, len(QUERIES) - 1),
)


def exchange(drawn: Drawn, number: int = 1) -> Exchange:
    """The exchange of a query with this answer."""
    request = Request.of(QUERIES[drawn.query], "total.counts-matches")
    made = Redactor()
    made.learn(Secret(TOKEN["AccessToken"]), "token")
    response = Response(drawn.status, drawn.headers, drawn.body, len(drawn.body))
    body, _ = made.body(response.body)
    headers, _ = made.headers(response.headers)
    return Exchange(
        number=number,
        request=request,
        operation=Operation.QUERY,
        sent=SentRequest("POST", "http://target/query", (), request.body),
        started=datetime(2026, 1, 1, tzinfo=UTC),
        phases=Phases(total=0.01),
        response=replace(response, body=body, headers=headers),
        redaction=made,
    )


def _honest(number: int = 90) -> Exchange:
    whole = json.dumps({**ANSWER, "data": {"total": 12, "calledRouteList": _RECORDS}}).encode()
    drawn = Drawn((), whole.decode(), 200, (("Content-Type", "application/json"),), 0)
    return replace(exchange(drawn, number), request=Request.of({"limit": 100}))


def look(drawn: Drawn) -> None:
    """Everything that reads one answer reads this one."""
    seen = exchange(drawn)
    read_answer(seen)
    holds_records(read_answer(seen))
    is_html(seen)
    listing = read_listing(parse_query({}), [_honest()])
    assert listing is not None
    for model in (Model(), Model(listings=[listing])):
        outcomes = judge_by_model(seen, model)
        found = merge([*findings_of(run_checks(seen)), *findings_of(outcomes)])
        explain([seen, _honest(91), replace(seen, number=3)], {1, 3}, model)
        for finding in found:
            pretty([finding.expected, finding.actual, finding.summary, finding.fingerprint])
    own = read_listing(parse_query({}), [seen])
    if own is not None:
        model = Model(listings=[own])
        judge_by_model(seen, model)
        judge_by_model(_honest(), model)
    exchange_record(seen, evidence=True).model_dump_json()
    curl(seen, "http://target")
    judge_probe(seen, _CANARY)
    TokenAnswer.read(drawn.token_body)


class Altered(Wire):
    """A sandbox whose answers have the text in its place, from some number on, one in so many."""

    drawn: Drawn
    counted: int = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx."""
        answer = await super().handle_async_request(request)
        if answer.status_code != 200:
            return answer
        if "token" in request.url.path.lower():
            return httpx.Response(200, content=self.drawn.token_body) if self.drawn.query == 1 else answer
        self.counted += 1
        if self.counted % (1 + 3 * (self.drawn.query % 2)):
            return answer
        try:
            body = _with(json.loads(await answer.aread()), self.drawn.place, self.drawn.text)
        except (IndexError, KeyError, TypeError, ValueError):
            return answer
        return httpx.Response(200, content=body, headers={"Content-Type": "application/json"})


def whole_run(drawn: Drawn) -> None:
    """A run against a sandbox that answers so, and its pages.

    Raises:
        AssertionError: lineman itself failed.
    """
    leaping, options = LeapingClock(), SandboxOptions()
    app = create_app(options, clock=leaping.epoch)
    transport = Altered(app, leaping, 10.0)
    transport.drawn = drawn
    plugin = prepare(RunOptions(profile="smoke"), target=target(options), transport=transport, clock=leaping)
    try:
        result = run_suite(plugin)
    finally:
        app.state.service.close()
    with tempfile.TemporaryDirectory() as folder:
        write_run_files(result.run, Path(folder))
    if "lineman itself" in result.run.explanation:
        raise AssertionError(result.run.explanation)


def play(first: int, count: int, tally: Tally, *, runs: bool = True) -> None:
    """Draw ``count`` inputs and have lineman read them."""

    @seed(first)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(INPUTS)
    def each(drawn: Drawn) -> None:
        tally.inputs += 1
        try:
            look(drawn)
        except Exception:  # noqa: BLE001 -- whatever it is, it is what is looked for
            tally.failed(drawn)
        if runs and tally.inputs % A_WHOLE_RUN == 0:
            tally.runs += 1
            try:
                whole_run(drawn)
            except Exception:  # noqa: BLE001 -- whatever it is, it is what is looked for
                tally.failed(drawn)

    each()


def _told(tally: Tally) -> Iterator[str]:
    yield from tally.exceptions.values()
    yield f"{tally.inputs:,} inputs, {tally.runs} of them to a whole run; {len(tally.exceptions)} different exceptions"


def main(arguments: list[str]) -> int:
    """Play for so many minutes, and tell what happened."""
    logging.disable(logging.CRITICAL)
    end = time.monotonic() + 60 * float(arguments[0] if arguments else 20)
    tally, first = Tally(), 1
    while time.monotonic() < end:
        play(first, ROUND, tally)
        first += 1
    sys.stdout.write("\n".join(_told(tally)) + "\n")
    return min(1, len(tally.exceptions))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
