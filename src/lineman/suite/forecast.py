"""What a run would send, from what one sent when ``tools/renew_forecast.py`` last measured it: nothing is rehearsed."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from importlib.resources import files
from typing import Any

from lineman.configuration import ConfigurationError
from lineman.contract.clauses import select
from lineman.suite.run_state import RunOptions

GENERATED = "generated from the data"
"""The note of queries that are generated from the data seen; a deep run sends more of them."""
GENERATED_FOR = "total.counts-matches"
DEEP_BUDGET = 5000
"""Requests of a deep run against a target without a budget of its own."""
RESERVE = 120
"""Requests of a deep run's budget that are kept for what comes after the generated queries."""
_ALWAYS = frozenset({"token", "request.all-optional", "request.example", "request.malformed-json", "auth.required"})
"""Asked whatever was selected: a token, signs of life, a refused credential and a refused request."""
_SIGNS_OF_READING = frozenset({"filter.no-match", "offset.pages"})
"""The clauses under which the opening of a run reads the list."""


@cache
def _measured() -> dict[str, Any]:
    measured: dict[str, Any] = json.loads(files("lineman.suite").joinpath("forecast.json").read_text("utf-8"))
    return measured


def forecast(options: RunOptions, budget: int | None) -> Counter[str]:
    """Requests by the clause that they are made for, of a run on an honest target with a list like the sandbox's."""
    profile = "smoke" if options.profile == "smoke" else "full"
    sent = Counter[str](_measured()[profile])
    if options.profile == "deep":
        sent[GENERATED_FOR] += _further_generated(options, budget)
    if options.only:
        wanted = select(options.only) | _ALWAYS | _SIGNS_OF_READING
        sent = Counter({clause: number for clause, number in sent.items() if clause in wanted})
    return sent


def _further_generated(options: RunOptions, budget: int | None) -> int:
    """How many generated queries a deep run sends beyond a full one's: whole rounds, as long as the budget allows."""
    most = (options.deep_rounds - 1) * options.generated
    if budget is None:
        return most
    room = budget - RESERVE - _until_generated()
    return min(most, max(0, room // options.generated) * options.generated)


def _until_generated() -> int:
    """Requests of a full run up to the last generated one."""
    return int(sum(_measured()["full"].values()) - _measured()["after_generated"])


def check_budget(options: RunOptions, budget: int | None) -> None:
    """Refuse a deep run whose budget leaves it little more than a full one.

    Raises:
        ConfigurationError: fewer than twice as many generated queries as a full run's would fit.
    """
    needed = _until_generated() + options.generated + RESERVE
    if options.profile == "deep" and not options.only and budget is not None and budget < needed:
        raise ConfigurationError(
            f"--profile deep needs {needed} requests at least to be more than full, and may send {budget}: give "
            f"--max-requests {needed} or more, or max_requests in the target"
        )
