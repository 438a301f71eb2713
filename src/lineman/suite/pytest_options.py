"""``pytest tests/contract`` for people who start pytest themselves: its options, and the plugin that they make."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lineman.suite.plugin import SuitePlugin
from lineman.suite.run_state import RunOptions
from lineman.suite.runner import prepare


def add_options(parser: pytest.Parser) -> None:
    """The options of ``pytest tests/contract``."""
    group = parser.getgroup("lineman", "contract suite")
    group.addoption("--target", help="name of a target in lineman.toml")
    group.addoption("--base-url", help="base URL of the target")
    group.addoption("--profile", default="full", choices=("smoke", "full", "deep"), help="how much to ask")
    group.addoption("--lineman-seed", default=1, type=int, help="seed of the generated queries")
    group.addoption("--report-dir", type=Path, default=None, help="folder for the run's files")
    group.addoption("--only", action="append", default=[], help="judge only clauses that match this glob (repeatable)")


def plugin_from_options(config: pytest.Config) -> SuitePlugin:
    """The plugin for people who start pytest themselves: same target, same files, same verdict."""
    option = config.option
    settings = RunOptions(
        profile=option.profile, seed=option.lineman_seed, only=tuple(option.only), report_dir=option.report_dir
    )
    try:
        return prepare(settings, name=option.target, base_url=option.base_url, environment=os.environ)
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None
