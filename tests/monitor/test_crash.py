"""Killed at random points while failures come and go: nothing committed is lost, nothing told is lost or told twice.

``LINEMAN_KILLS`` sets how often (200 by ``make crash``); a small number runs with the other tests.
"""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.monitor.crashing import BAD, GOOD, INTERVAL
from tests.monitor.servers import Receiver, receiver

KILLS = int(os.environ.get("LINEMAN_KILLS", "12"))
ROOT = Path(__file__).parents[2]


def run(path: Path | str, url: str, last: int, seconds: float | None) -> list[int]:
    """Run the process, kill it after so long, and return the slots that it said were committed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.monitor.crashing", str(path), url, str(last)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        out, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        out, _ = process.communicate()
    assert process.returncode in (0, -9)
    return [int(line) for line in out.splitlines() if line.strip()]


def test_kill_at_random_points(tmp_path: Path) -> None:
    path, generator, committed = tmp_path / "history.sqlite", random.Random(7), set[int]()  # noqa: S311 - no secret
    with receiver() as hook:
        for _ in range(KILLS):
            committed.update(run(path, hook.url, 10**9, 0.9 + generator.random() * 0.8))
        last = (max(committed, default=0) // (BAD + GOOD) + 1) * (BAD + GOOD) + BAD + GOOD - 1
        committed.update(run(path, hook.url, last, None))
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        slots = {row[0] // INTERVAL for row in connection.execute("SELECT slot FROM results")}
        incidents = connection.execute("SELECT id, opened, ended FROM incidents ORDER BY opened").fetchall()
        unsettled = connection.execute("SELECT count(*) FROM outbox WHERE settled IS NULL").fetchone()
    connection.close()
    assert committed <= slots
    assert slots == set(range(1, last + 1))
    assert unsettled == (0,)
    judge(incidents, last, hook)


def judge(incidents: list[tuple[str, int, int]], last: int, hook: Receiver) -> None:
    """Exactly the incidents that were played, and of each exactly its two notices."""
    begins = [1, *range(BAD + GOOD, last, BAD + GOOD)]
    ends = [begin // (BAD + GOOD) * (BAD + GOOD) + BAD for begin in begins]
    played = [(b * INTERVAL, e * INTERVAL) for b, e in zip(begins, ends, strict=True)]
    assert [(opened, ended) for _, opened, ended in incidents] == played
    told = Counter((body["event"], body["incidents"][0]) for body in hook.once.values())
    assert told == Counter({(event, row[0]): 1 for row in incidents for event in ("failed", "recovered")})
