"""A target that lives as long as a module's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lineman.sandbox import RunningSandbox, SandboxOptions, serve


@pytest.fixture(scope="module")
def honest() -> Iterator[RunningSandbox]:
    """A deployment that keeps every promise."""
    with serve(SandboxOptions()) as running:
        yield running


@pytest.fixture(scope="module")
def faulty() -> Iterator[RunningSandbox]:
    """A deployment that refuses a limit of 0."""
    with serve(SandboxOptions(faults=("zero-refused",))) as running:
        yield running
