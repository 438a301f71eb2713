"""The pytest plugin: gives tests the service, notices what each of them found, and stops where going on says nothing.

Tests declare the clauses that they judge (``@pytest.mark.clause``), whether they belong to a full run only
(``full``), and how many
records they need (``needs_records``). A test fails where a violation was proven while it ran; the run's verdict is
drawn from all
findings, not from tests.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from html import escape
from typing import Any

import pytest

from lineman.client import ClientError
from lineman.client.errors import TokenRefused
from lineman.contract.clauses import catalogue, select
from lineman.contract.finding import Finding
from lineman.contract.operation import document
from lineman.exchange import Credential, Exchange
from lineman.suite.expiry import ShortLivedToken
from lineman.suite.preflight import open_service
from lineman.suite.run_state import CredentialsRefused, NoVerdict, RunOptions
from lineman.suite.service import Service
from lineman.suite.session import LEFT_OUT, CaseOutcome, Session
from lineman.text import clip

SHOWN = 3
"""Exchanges attached to one failed test; the QA report has them all."""
BODY = 2000


def attach_evidence(report: pytest.TestReport, service: Service, first: int, item: pytest.Item) -> None:
    """Attach the last exchanges of a failed phase; pytest-html itself would drop them where setup fails."""
    if report.outcome != "failed":
        return
    extras: list[dict[str, Any]] = list(getattr(report, "extras", []))
    blamed = {e.number for f in service.state.findings for e in f.exchanges}
    exchanges = service.state.exchanges[first:] if report.when == "call" else service.state.exchanges
    shown = [e for e in exchanges if e.number in blamed][:SHOWN] or exchanges[-SHOWN:]
    extras.extend(_extra(f"<pre>{escape(_text(exchange))}</pre>") for exchange in shown)
    report.extras = extras  # type: ignore[attr-defined]  # pytest-html reads this attribute


def _extra(content: str) -> dict[str, Any]:
    return {"name": None, "format_type": "html", "content": content, "mime_type": None, "extension": None}


def _text(exchange: Exchange) -> str:
    request = exchange.sent
    lines = [f"#{exchange.number} {request.method} {request.url}"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    lines += ["", _body(request.body), ""]
    if exchange.response is None:
        failure = exchange.failure
        return "\n".join([*lines, f"no answer: {failure.message if failure else ''}"])
    lines.append(f"HTTP {exchange.response.status}")
    lines += [f"{name}: {value}" for name, value in exchange.response.headers]
    return "\n".join([*lines, "", _body(exchange.response.body)])


def _body(body: bytes | None) -> str:
    text = (body or b"").decode("utf-8", "backslashreplace")
    return text if len(text) <= BODY else f"{text[:BODY]}\n... ({len(body or b'')} bytes in all)"


MOST_TRACE = 100_000
"""Characters of a trace that are kept: several times the deepest one, and far less than a target can say."""


def _show_no_values(config: pytest.Config) -> None:
    """Traces say where something failed, never the values of variables and arguments there: they may be secrets."""
    config.option.showlocals = False
    config.option.fulltrace = False
    if config.option.tbstyle in ("auto", "long"):
        config.option.tbstyle = "short"


TEXT_FILTER = "text_filter"
"""Name of the argument of tests that run once for each text filter, for the clause of that filter."""
ALWAYS_RUN = frozenset({"request.example", "auth.required", "request.malformed-json"})
"""Asked in every run, whatever was selected: no pass without a success, a refused credential and a refused
request seen.
"""


_BAD_CREDENTIALS = frozenset(
    {"auth.required", "auth.bearer-format", "auth.scheme-case", "auth.unknown-token", "auth.foreign-app-key"}
)
"""What sends bad credentials, after which a service may lock the caller out: then nothing else is left to ask."""
_RUN_LAST = frozenset({"answer.nullable", "answer.extra-members", "error.form", "auth.refusal-status"})
_AFTER_TOKEN_EXPIRY = ("test_request",)
"""Test modules that come after the expired token: with the others, a fast service has been asked long enough."""


@dataclass(eq=False)
class SuitePlugin:
    """One per run. ``progress`` is called after each test."""

    service: Service
    settings: RunOptions
    progress: Callable[[CaseOutcome, int], None] | None = None
    quiet: bool = True
    session: Session = field(default_factory=Session)
    early: ShortLivedToken = field(default_factory=ShortLivedToken)
    on_end: Callable[[], None] | None = None
    _partly: str = ""
    """What the test that runs could not verify."""
    _found: tuple[str, ...] = ()

    # -- collection -----------------------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line("markers", "clause(*ids): the clauses that the test judges")
        config.addinivalue_line("markers", "full: not part of a smoke run")
        config.addinivalue_line("markers", "needs_records(n=1): needs a list with so many records")
        _show_no_values(config)

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keep the tests of the selected clauses, the vital ones first and the one that waits for a token last."""
        wanted = select(self.settings.only)
        kept = [item for item in items if self._clauses(item) & (wanted | ALWAYS_RUN) or not self._clauses(item)]
        dropped = [item for item in items if item not in kept]
        config.hook.pytest_deselected(items=dropped)
        kept.sort(key=self._rank)
        items[:] = kept
        self.session.planned = [(item.nodeid, tuple(sorted(self._clauses(item)))) for item in items]

    def _rank(self, item: pytest.Item) -> int:
        """The order of tests: signs of life, then the rest, bad credentials, and what looks over the whole run.

        The expired token is shown soon after its end, because a service may take it for some seconds more: behind as
        many tests as a fast service answers while the token lives. What came first cannot depend on the time, because
        a seed stands for a run request by request.
        """
        clauses = self._clauses(item)
        if clauses & _RUN_LAST:
            return 4 if "answer.status" in clauses else 6
        if clauses & _BAD_CREDENTIALS:
            return 5
        if "auth.expired-token" in clauses:
            return 2
        if clauses & ALWAYS_RUN or "filter.case" in clauses:
            return 0
        return 3 if item.path.stem in _AFTER_TOKEN_EXPIRY else 1

    @staticmethod
    def _clauses(item: pytest.Item) -> set[str]:
        marked = {id_ for marker in item.iter_markers("clause") for id_ in marker.args}
        callspec = getattr(item, "callspec", None)
        if callspec is not None and TEXT_FILTER in callspec.params:
            marked = {document().filters[callspec.params[TEXT_FILTER]].clause}
        return marked

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run a test that asks for a text filter once for each that the document has."""
        if TEXT_FILTER in metafunc.fixturenames:
            metafunc.parametrize(TEXT_FILTER, document().text_filters)

    # -- running --------------------------------------------------------------------------------------------------

    @pytest.fixture(scope="session", name="service")
    def _service(self) -> Service:
        return self.service

    @pytest.fixture(scope="session", name="early_token")
    def _early_token(self) -> ShortLivedToken:
        return self.early

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        if self.session.stopped is not None:
            item.session.shouldstop = self.session.stopped
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if not self.service.opened:
            self._guarded(item, self._open)
        if self.service.smoke and item.get_closest_marker("full"):
            self.session.finished.add(item.nodeid)
            self.service.state.left_out |= dict.fromkeys(self._clauses(item), LEFT_OUT)
            pytest.skip(LEFT_OUT)
        reason = self._not_here(item)
        if reason is not None:
            self.service.not_verified(self._clauses(item), reason)
            self.session.finished.add(item.nodeid)
            pytest.skip(reason)

    def _open(self) -> None:
        open_service(self.service)
        if (
            "auth.expired-token" in {id_ for _, clauses in self.session.planned for id_ in clauses}
            and not self.service.smoke
        ):
            self.early.get(self.service)

    def _not_here(self, item: pytest.Item) -> str | None:
        marker = item.get_closest_marker("needs_records")
        needed = (marker.args[0] if marker.args else 1) if marker else 0
        have = len(self.service.data.records)
        if have < needed:
            listing = self.service.listing
            return (
                "the list could not be read" if listing is None else f"the list has {have} records, {needed} are needed"
            )
        return None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        before = len(self.service.state.findings)
        self._partly, self._found = "", ()
        self._first = len(self.service.state.exchanges)
        result: Any = None
        try:
            result = yield
        except (NoVerdict, ClientError) as error:
            self._stop(item, error)
        self.session.finished.add(item.nodeid)
        self.service.state.tested |= self._clauses(item)
        found = self.service.state.findings[before:]
        self._found = tuple(dict.fromkeys(finding.clause for finding in found))
        if found:
            self._stop_at_enough()
            pytest.fail(_summary(found), pytrace=False)
        self._skip_where_nothing_was_verified(item)
        return result

    def _stop_at_enough(self) -> None:
        most = self.settings.max_violations
        different = {finding.fingerprint for finding in self.service.state.findings}
        if most is not None and len(different) >= most and self.session.stopped is None:
            self.session.stopped = f"{len(different)} violations are as many as were asked for"

    def _skip_where_nothing_was_verified(self, item: pytest.Item) -> None:
        """A test that could verify none of its clauses has not passed; one that verified some says which not."""
        clauses = [catalogue()[id_] for id_ in sorted(self._clauses(item))]
        lacking = {one.id: reason for one in clauses if (reason := self.service.state.why_not_verified(one))}
        if lacking and len(lacking) == len(clauses):
            pytest.skip("; ".join(dict.fromkeys(lacking.values())))
        self._partly = "; ".join(f"{id_} not verified: {reason}" for id_, reason in lacking.items())

    def _guarded(self, item: pytest.Item, action: Callable[[], None]) -> None:
        try:
            action()
        except (NoVerdict, ClientError) as error:
            self._stop(item, error)

    def _stop(self, item: pytest.Item, error: Exception) -> None:
        self.session.stopped = f"{error}{self._own_part(error)}"
        item.session.shouldstop = self.session.stopped
        pytest.fail(f"the run ends here: {self.session.stopped}", pytrace=False)

    def _own_part(self, error: Exception) -> str:
        """What lineman may have done itself to good credentials that are refused suddenly; empty for all else."""
        state = self.service.state
        bad = sum(one.request.credential in (Credential.NONE, Credential.GIVEN) for one in state.final)
        if not isinstance(error, CredentialsRefused | TokenRefused) or not bad or not self.service.successes:
            return ""
        words = f"lineman sent {bad} requests with bad credentials before, and may itself have caused a lock-out"
        state.notes.append(words)
        return f"; {words}"

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if call.excinfo is not None and not call.excinfo.errisinstance(
            (pytest.fail.Exception, pytest.skip.Exception, KeyboardInterrupt)
        ):
            self.session.internal_error = f"{item.name}: {self._without_secrets(call.excinfo.exconly())}"
            report.longrepr = self._without_secrets(report.longreprtext)
        attach_evidence(report, self.service, getattr(self, "_first", 0), item)
        if report.when == "call" or report.outcome != "passed":
            clauses = tuple(sorted(self._clauses(item)))
            skipped = report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else ""
            outcome = CaseOutcome(
                item.name, clauses, report.outcome, report.duration, skipped or self._partly, self._found
            )
            self.session.outcomes.append(outcome)
            if self.progress is not None:
                self.progress(outcome, len(self.session.planned))
        return report

    def pytest_internalerror(self, excrepr: object) -> None:
        self.session.internal_trace = self._without_secrets(str(excrepr))
        self.session.internal_error = self.session.internal_trace.strip().splitlines()[-1]

    def _without_secrets(self, text: str) -> str:
        """What an exception says may be what a target said."""
        return clip(self.service.client.redactor.text(text), MOST_TRACE)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """A real interrupt; pytest ends a session that should stop in the same way."""
        self.session.interrupted = excinfo.type is KeyboardInterrupt

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        if self.on_end is not None:
            self.on_end()


def _summary(findings: list[Finding]) -> str:
    lines = dict.fromkeys(f"{finding.clause}: {finding.summary}" for finding in findings)
    return "\n".join(lines)
