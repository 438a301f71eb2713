"""Pages of several histories, made once, and the browser that the report's tests use."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.monitor.status import builders
from tests.report.conftest import browser

__all__ = ["browser", "scenes"]


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a history and its export for each scene."""
    folder = tmp_path_factory.mktemp("scenes")
    for scene in (builders.all_well, builders.in_incident, builders.no_data, builders.hostile):
        path = folder / f"{scene.__name__}.sqlite"
        builders.page_file(path, scene(path))
    return folder
