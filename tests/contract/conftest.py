"""The contract suite for people who live in pytest: ``pytest tests/contract --target NAME``.

``lineman test`` runs the same tests and brings its own plugin object; then there is nothing to do here.
"""

import pytest

from lineman.suite.plugin import SuitePlugin
from lineman.suite.pytest_options import add_options, plugin_from_options


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    if not any(isinstance(plugin, SuitePlugin) for plugin in config.pluginmanager.get_plugins()):
        config.pluginmanager.register(plugin_from_options(config), "lineman-suite")
