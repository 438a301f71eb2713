"""A run depends on nothing that happens to lie about: no variable, file or plugin of pytest's or Hypothesis's users."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis.configuration import set_hypothesis_home_dir

PLUGINS = ("pytest_metadata.plugin", "pytest_html.plugin", "pytest_html.fixtures")
"""What a run needs of pytest's plugins; the others of the environment are not loaded."""
_VARIABLES = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD")


@contextmanager
def isolated() -> Iterator[None]:
    """Run pytest and Hypothesis as if nobody else used them here; Hypothesis keeps its files in a folder of its own."""
    before = {name: os.environ.pop(name, None) for name in _VARIABLES}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        with tempfile.TemporaryDirectory(prefix="lineman-") as folder:
            set_hypothesis_home_dir(Path(folder))
            yield
    finally:
        set_hypothesis_home_dir(None)
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
