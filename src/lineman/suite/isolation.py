"""A run depends on nothing that happens to lie about: no variable, file or plugin of pytest's or Hypothesis's users."""

from __future__ import annotations

import gzip
import json
import os
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis.configuration import set_hypothesis_home_dir

PLUGINS = ("pytest_metadata.plugin", "pytest_html.plugin", "pytest_html.fixtures")
"""What a run needs of pytest's plugins; the others of the environment are not loaded."""
_TABLE = ("unicode_data", unicodedata.unidata_version, "codec-v2-utf-8.json.gz")
_TABLE_OF_UTF8 = [[[0, 0xD7FF], [0xE000, 0x10FFFF]], []]
"""What UTF-8 encodes: all but surrogates; and what does not come back as it was: nothing."""
_VARIABLES = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD")


@contextmanager
def isolated() -> Iterator[None]:
    """Run pytest and Hypothesis as if nobody else used them here; Hypothesis keeps its files in a folder of its own."""
    before = {name: os.environ.pop(name, None) for name in _VARIABLES}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        with tempfile.TemporaryDirectory(prefix="lineman-") as folder:
            _write_table(Path(folder))
            set_hypothesis_home_dir(Path(folder))
            yield
    finally:
        set_hypothesis_home_dir(None)
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _write_table(folder: Path) -> None:
    """Give Hypothesis its own file of the characters that UTF-8 encodes, which it otherwise makes by trying all
    1.1 million of them: a second and 120 MB for every run. Where it looks for another file, it makes its own.
    """
    path = folder.joinpath(*_TABLE)
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(json.dumps(_TABLE_OF_UTF8).encode()))
