"""A second process that draws: loading the plotting library takes as long as many a run, and a run leaves a core free.

with warm_worker():
    …                             # the run; meanwhile the process loads what drawing needs
    draw_in_worker(measured, …)   # the picture, or None where there is no such process or it failed
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

_PATIENCE = 20.0
"""Seconds in which a picture is drawn even on a machine that does much else."""
_waiting: list[subprocess.Popen[str]] = []


@contextmanager
def warm_worker() -> Iterator[None]:
    """Have a process at hand for the first picture that is asked for within the block."""
    process = _start()
    if process is None:
        yield
        return
    _waiting.append(process)
    try:
        yield
    finally:
        if process in _waiting:
            _waiting.remove(process)
            process.kill()
            process.communicate()


def draw_in_worker(measured: dict[str, list[float]], limit: float | None, title: str) -> str | None:
    """Have the picture drawn that :func:`lineman.report.plots.draw_svg` draws; None where it cannot be had this way."""
    if not _waiting:
        return None
    process = _waiting.pop()
    try:
        picture, _ = process.communicate(json.dumps([measured, limit, title]), timeout=_PATIENCE)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        process.kill()
        process.communicate()
        return None
    return picture if process.returncode == 0 and picture else None


def _start() -> subprocess.Popen[str] | None:
    """A session of its own, so that Ctrl-C reaches it only through the end of its input."""
    if find_spec("matplotlib") is None:  # an extra
        return None
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "lineman.report.plots"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            start_new_session=True,
        )
    except OSError:
        return None
