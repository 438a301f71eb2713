"""One server for all tests of a worker, a database for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from tests.monitor.postgres.cluster import Cluster, programs
from tests.monitor.postgres.locations import Table


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running PostgreSQL, where it is installed; its absence in CI is a failure."""
    found = programs()
    if found is None:
        message = "no PostgreSQL on this machine (Debian: postgresql): history on it is not tested"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    running = Cluster.begin(found)
    yield running
    running.end()


@pytest.fixture
def database(cluster: Cluster) -> str:
    """The URL of an empty database."""
    return cluster.create()


@pytest.fixture
def table(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    """Locations around that database."""
    with ExitStack() as stack:
        yield Table(database, monkeypatch, stack)
