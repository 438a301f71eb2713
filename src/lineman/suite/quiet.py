"""Sessions of pytest that say nothing on the terminal."""

from __future__ import annotations

import io

import pytest
from _pytest.terminal import TerminalReporter


class QuietTerminal:
    """Puts a terminal reporter that writes nowhere in the place of pytest's own, which other plugins rely on."""

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        manager = config.pluginmanager
        reporter = manager.get_plugin("terminalreporter")
        if reporter is None:
            return
        manager.unregister(reporter)
        manager.register(TerminalReporter(config, io.StringIO()), "terminalreporter")
