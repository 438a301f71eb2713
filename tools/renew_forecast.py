"""Measure what a run sends to the sandbox and write src/lineman/suite/forecast.json, for ``lineman test --plan``."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from lineman.sandbox import SandboxOptions, serve
from lineman.suite.forecast import GENERATED
from lineman.suite.run_state import Profile, RunOptions
from lineman.suite.runner import prepare, run_suite
from lineman.target import load_target

FILE = Path(__file__).resolve().parents[1] / "src/lineman/suite/forecast.json"
PROFILES: tuple[Profile, ...] = ("smoke", "full")


def measure() -> dict[str, Any]:
    """Requests by the clause that they are made for, and how many a full run sends after the generated queries."""
    found: dict[str, Any] = {}
    with serve(SandboxOptions()) as running:
        for profile in PROFILES:
            target = load_target(None, running.base_url, None, running.environment)
            run = run_suite(prepare(RunOptions(profile=profile), target=target)).run
            purposes = [exchange.clauses[0] if exchange.clauses else "token" for exchange in run.exchanges]
            found[profile] = dict(sorted(Counter(purposes).items()))
    notes = [exchange.note == GENERATED for exchange in run.exchanges]
    found["after_generated"] = len(notes) - 1 - max(number for number, one in enumerate(notes) if one)
    return found


if __name__ == "__main__":
    FILE.write_text(json.dumps(measure(), indent=1) + "\n", encoding="utf-8")
