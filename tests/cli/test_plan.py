"""``--plan`` says what a run really sends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from lineman.configuration import ConfigurationError
from lineman.sandbox import RunningSandbox, SandboxOptions, serve
from lineman.suite.forecast import check_budget, forecast
from lineman.suite.run_state import RunOptions
from lineman.suite.runner import prepare, run_suite
from lineman.target import load_target


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with serve(SandboxOptions()) as sandbox:
        yield sandbox


def sent(options: RunOptions, running: RunningSandbox, budget: int | None = None) -> int:
    target = replace(load_target(None, running.base_url, None, running.environment), max_requests=budget)
    run = run_suite(prepare(options, target=target)).run
    assert run.exit_code == 0, run.explanation
    return run.requests


@pytest.mark.parametrize(
    ("options", "budget"),
    [
        (RunOptions(profile="smoke"), None),
        (RunOptions(), None),
        (RunOptions(profile="deep"), 600),
        (RunOptions(profile="smoke", only=("limit.*",)), None),
    ],
    ids=["smoke", "full", "deep", "only"],
)
def test_the_forecast_is_what_is_sent(running: RunningSandbox, options: RunOptions, budget: int | None) -> None:
    """Where a run differs by more than one request in ten, tools/renew_forecast.py measures again."""
    assert sum(forecast(options, budget).values()) == pytest.approx(sent(options, running, budget), rel=0.1, abs=4)


def test_deep_is_more_than_full_or_says_what_it_needs() -> None:
    """When a deep run may send what a remote target allows, then it has twice full's generated queries at least."""
    clause = "total.counts-matches"
    full, deep = forecast(RunOptions(), 600), forecast(RunOptions(profile="deep"), 600)
    assert deep[clause] >= 2 * full[clause]
    check_budget(RunOptions(profile="deep"), 600)
    with pytest.raises(ConfigurationError, match=r"deep needs \d+ requests at least .* give --max-requests"):
        check_budget(RunOptions(profile="deep"), 400)
