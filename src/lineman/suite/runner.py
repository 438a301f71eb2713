"""Runs the contract suite: prepares the service, starts pytest on ``tests/contract``, and concludes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from lineman.client import BlockingClient, Paths, RequestClock
from lineman.contract.operation import document
from lineman.files import write_atomically
from lineman.report.run import Run
from lineman.resources import resource
from lineman.suite.allowance import MOST
from lineman.suite.closure import close
from lineman.suite.isolation import PLUGINS, isolated
from lineman.suite.journal import Journal
from lineman.suite.pins import read_pins
from lineman.suite.plugin import SuitePlugin
from lineman.suite.quiet import QuietTerminal
from lineman.suite.raw_page import write_raw_page
from lineman.suite.requirements import check_target
from lineman.suite.run_state import RunOptions, RunState
from lineman.suite.service import Service
from lineman.suite.session import CaseOutcome
from lineman.suite.verdict import conclude
from lineman.target import Target, load_target


def prepare(
    settings: RunOptions,
    *,
    name: str | None = None,
    base_url: str | None = None,
    environment: Mapping[str, str] | None = None,
    target: Target | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: RequestClock | None = None,
) -> SuitePlugin:
    """Build the plugin for a target.

    Raises:
        ConfigurationError: the target's settings are wrong or missing.
        UnknownClauseError: a glob of the options matches no clause.
    """
    chosen = target or load_target(name, base_url, None, os.environ if environment is None else environment)
    chosen.require_credentials()
    if chosen.max_requests is None and settings.profile != "deep":
        chosen = replace(chosen, max_requests=MOST)
    check_target(settings, chosen)
    recorder = RunState()
    paths = Paths(query=document().query_path, token=document().token_path)
    client = BlockingClient(
        chosen,
        paths=paths,
        transport=transport,
        clock=clock,
        on_exchange=recorder.record,
        max_seconds=settings.max_time,
    )
    service = Service(client, settings, recorder)
    return SuitePlugin(service, settings)


RAW_PAGE = "pytest.html"
_UNFINISHED = ".pytest.html"
"""Where pytest-html writes its page while the run goes on."""
_NOT_NEEDED = ("cacheprovider", "unraisableexception")
"""Pytest's own plugins that a run has no use for, and that cost it time or leave files behind."""


@dataclass(frozen=True)
class SuiteResult:
    """A run and what pytest made of it."""

    run: Run
    plugin: SuitePlugin


def run_suite(
    plugin: SuitePlugin,
    *,
    report_dir: Path | None = None,
    progress: Callable[[CaseOutcome, int], None] | None = None,
    pytest_args: Sequence[str] = (),
    sandbox: bool = False,
    limit: Callable[[], None] | None = None,
) -> SuiteResult:
    """Run ``tests/contract`` with the plugin and draw the verdict. Writes ``pytest.html`` where a folder is given."""
    started = datetime.now(UTC)
    options = plugin.settings
    pins = read_pins(options.pins).of(plugin.service.client.target.name, default=options.default_target)

    def so_far() -> Run:
        return conclude(plugin.service, plugin.session, started, datetime.now(UTC), pins, sandbox=sandbox)

    journal = _journal(plugin, report_dir, so_far)
    plugin.progress = _checkpoints(journal, progress)
    folder = resource("tests/contract")
    args = [
        str(folder),
        f"--rootdir={folder}",
        "-c",
        str(folder / "pytest.ini"),
        *(part for name in _NOT_NEEDED for part in ("-p", f"no:{name}")),
    ]
    if report_dir is not None:
        args += [part for name in PLUGINS for part in ("-p", name)]
        args += [f"--html={report_dir / _UNFINISHED}", "--self-contained-html"]
    plugins: list[object] = [plugin]
    if not pytest_args:
        plugins.append(QuietTerminal())
    try:
        with isolated():
            code = pytest.main([*args, *pytest_args], plugins=plugins)
    except KeyboardInterrupt:
        plugin.session.interrupted = True
        code = pytest.ExitCode.INTERRUPTED
    finally:
        plugin.service.client.close()
        if journal is not None:
            journal.close()
        if report_dir is not None:
            _finish_raw_page(report_dir)
    if code in (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR) and plugin.session.internal_error is None:
        plugin.session.internal_error = f"pytest ended with {pytest.ExitCode(code).name}"
    run = close(so_far(), plugin.service.state.exchanges, plugin.service.state.final)
    if report_dir is not None:
        write_raw_page(run, report_dir)
    return SuiteResult(run, plugin)


def _finish_raw_page(folder: Path) -> None:
    """Put pytest-html's page in its place: it would follow a symbolic link there, and let everybody read the page."""
    unfinished = folder / _UNFINISHED
    with suppress(OSError):
        write_atomically(folder / RAW_PAGE, unfinished.read_bytes())
    with suppress(OSError):
        unfinished.unlink()


def _journal(plugin: SuitePlugin, report_dir: Path | None, so_far: Callable[[], Run]) -> Journal | None:
    if report_dir is None:
        return None
    journal = Journal(report_dir, so_far, time.monotonic)
    journal.checkpoint()
    plugin.service.state.journal = journal.exchange
    return journal


def _checkpoints(
    journal: Journal | None, progress: Callable[[CaseOutcome, int], None] | None
) -> Callable[[CaseOutcome, int], None]:
    def step(outcome: CaseOutcome, total: int) -> None:
        if journal is not None:
            journal.checkpoint()
        if progress is not None:
            progress(outcome, total)

    return step
