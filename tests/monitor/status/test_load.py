"""A year of results, readers in a burst: what the page may cost.

`python -m benchmarks.page_load` measures it in full.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from tests.monitor.servers import vendor
from tests.monitor.simulation import FakeClock
from tests.monitor.status import builders, bulk
from tests.monitor.status.burst import burst
from tests.monitor.test_daemon import Process, wait_for

from lineman.monitor.config.models import Configuration
from lineman.monitor.delivery.outbox import Outbox
from lineman.monitor.status.live import Pages
from lineman.monitor.status.snapshot import LiveState
from lineman.monitor.store import History
from lineman.monitor.writer import Writer

CANARIES = 10


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Configuration]:
    """A year of sums of ten canaries, and single results, one a minute, of its last three days."""
    path = tmp_path_factory.mktemp("year") / "history.sqlite"
    return path, bulk.a_year(path, CANARIES, 3)


def look(path: Path, setup: Configuration) -> tuple[float, str]:
    """The first look of a monitor that has just started: seconds of CPU, for others may be busy; and the page."""
    clock, live = FakeClock(builders.NOW), LiveState("here")
    live.watch(setup.canaries, builders.NOW)
    writer = Writer(None, setup.canaries, clock)
    pages = Pages(live, writer, Outbox({}, clock, None), clock, History(str(path)))
    began = time.thread_time()
    answer = pages.page("/", {})
    took = time.thread_time() - began
    assert answer is not None
    return took, answer.body.decode()


def yardstick() -> float:
    """Seconds of CPU that a fixed piece of work takes on this machine, as busy as it is."""
    began = time.thread_time()
    text = json.dumps([{"id": str(number), "words": ["a", "b", number]} for number in range(30_000)])
    json.loads(text)
    sorted(text.split(","))
    return time.thread_time() - began


def test_a_year_is_shown_at_three_times_the_yardstick_at_most(year: tuple[Path, Configuration]) -> None:
    """A busy machine makes both slower; ``benchmarks.page_load`` has the milliseconds of an idle one."""
    path, setup = year
    pairs = [(look(path, setup), yardstick()) for _ in range(7)]
    looks = [one for one, _ in pairs]
    assert all(f"All {CANARIES} canaries are up" in page for _, page in looks)
    assert looks[0][1].count("<h3>Response time</h3>") == CANARIES
    assert min(took for took, _ in looks) < 3 * min(work for _, work in pairs), "the best of seven"


def test_the_size_of_history_is_told(year: tuple[Path, Configuration]) -> None:
    path, setup = year
    size = path.stat().st_size / 1e6
    _, page = look(path, setup)
    assert f"<dt>History holds</dt><dd>{size:.1f} MB" in page
    assert f"bounded at {setup.monitor.max_megabytes} MB" in page


def test_no_view_reads_every_single_result(year: tuple[Path, Configuration]) -> None:
    path, setup = year
    with closing(sqlite3.connect(path)) as connection:
        (whole,) = connection.execute("SELECT count(*) FROM results").fetchone()
    plans = bulk.plans(path, setup)
    assert whole == CANARIES * 3 * 1_440
    assert len(plans) > 8
    scanned = [step for steps in plans.values() for step in steps if step.startswith("SCAN")]
    assert not [step for step in scanned if step.split()[1] in {"results", "slots", "sums"}], "each by an index"


TABLE = """
[canaries.c%d]
query = { accessCode = "9911411" }
interval = "1s"
timeout = "900ms"
"""


def test_a_burst_of_readers_delays_no_probe(tmp_path: Path) -> None:
    tables = "".join(TABLE % number for number in range(CANARIES))
    (tmp_path / "c.toml").write_text(f'{tables}[monitor]\nlisten = "127.0.0.1:0"\nhistory = "h.sqlite"\n')
    with vendor() as service:
        process = Process(tmp_path, {**os.environ, **service.environment})
        try:
            wait_for(lambda: f"All {CANARIES} canaries are up" in process.get("/")[1])
            begin = time.time_ns() // 1_000_000
            assert burst(process.port(), "/", 1_500) == {200: 1_500}
            end = time.time_ns() // 1_000_000
        finally:
            assert process.end() == 0
    delays, missed = bulk.delays(tmp_path / "h.sqlite", begin, end)
    assert len(delays) >= CANARIES
    assert missed == 0
    assert delays[len(delays) // 2] < 50, "milliseconds, of the middle one: the machine may be busy with other tests"
