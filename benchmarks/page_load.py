"""What the status page costs, in full: a year of one-minute results lived day by day, then ten thousand readers.

Arguments: canaries (10), days (365), requests (10000). Fails where the page takes 300 ms or more, where history
outgrows its bound, or where a probe began 50 ms or more behind its slot during the burst (99th percentile).
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.monitor.servers import vendor
from tests.monitor.status import builders, bulk
from tests.monitor.status.burst import burst
from tests.monitor.status.test_load import TABLE, look
from tests.monitor.test_daemon import Process, wait_for

from lineman.monitor.clock import DAY
from lineman.monitor.status.rendering import export
from lineman.monitor.store import History
from lineman.monitor.store.retention import tidy


def main(canaries: int, days: int, requests: int) -> int:
    """Return 0 where every number is reached."""
    with tempfile.TemporaryDirectory() as folder:
        reached = [_year(Path(folder) / "history.sqlite", canaries, days)]
        reached += [
            _readers(Path(folder) / f"monitor{number}", canaries, requests, path)
            for number, path in enumerate(("/", "/badge.svg"))
        ]
    return 0 if all(reached) else 1


def _year(path: Path, canaries: int, days: int) -> bool:
    """Live so many days, tidying up once a day as the monitor does every hour."""
    setup = bulk.setup(canaries)
    bulk.prepare(path)
    history, began, largest = History(str(path)), time.monotonic(), 0
    for day in range(days, 0, -1):
        begin = builders.NOW - day * DAY
        bulk.write_results(path, list(setup.canaries), begin, begin + DAY)
        tidy(history, setup.canaries.values(), setup.monitor, begin + DAY)
        history.close()
        largest = max(largest, sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*")))
    written = canaries * days * 1_440
    _say(f"{written:,} results of {canaries} canaries over {days} days written in {time.monotonic() - began:.0f} s")
    bound = setup.monitor.max_megabytes
    _say(
        f"history: {path.stat().st_size / 1e6:,.0f} MB at the end, {largest / 1e6:,.0f} MB at most; bound {bound:,} MB"
    )
    looks = []
    for _ in range(5):
        start = time.perf_counter()
        _, page = look(path, setup)
        looks.append((time.perf_counter() - start) * 1_000)
    _say(f"page, history read anew: {', '.join(f'{took:.0f}' for took in looks)} ms; {len(page) / 1e3:.0f} kB")
    start = time.perf_counter()
    export(setup, str(path), builders.NOW)
    _say(f"export: {(time.perf_counter() - start) * 1_000:.0f} ms")
    return sorted(looks)[2] < 300 and largest < bound * 1.2e6


def _readers(folder: Path, canaries: int, requests: int, path: str) -> bool:
    """A running monitor, its probes at rest and while readers hammer it."""
    folder.mkdir(exist_ok=True)
    tables = "".join(TABLE % number for number in range(canaries))
    (folder / "c.toml").write_text(f'{tables}[monitor]\nlisten = "127.0.0.1:0"\nhistory = "h.sqlite"\n')
    with vendor() as service:
        process = Process(folder, {**os.environ, **service.environment})
        try:
            wait_for(lambda: f"All {canaries} canaries are up" in process.get("/")[1])
            edges = [time.time_ns() // 1_000_000]
            time.sleep(10)
            edges.append(time.time_ns() // 1_000_000)
            statuses = burst(process.port(), path, requests)
            edges.append(time.time_ns() // 1_000_000)
        finally:
            process.end()
    calm, _ = bulk.delays(folder / "h.sqlite", edges[0], edges[1])
    busy, lost = bulk.delays(folder / "h.sqlite", edges[1], edges[2])
    _say(f"{path}: {requests:,} requests in {(edges[2] - edges[1]) / 1_000:.1f} s, answers {dict(statuses)}")
    for name, found in (("at rest", calm), ("in the burst", busy)):
        _say(
            f"  {name}: {len(found)} probes, behind their slots by {_part(found, 50)} ms (median), "
            f"{_part(found, 99)} ms (99 %)"
        )
    shutil.rmtree(folder)
    return _part(busy, 99) < 50 and lost == 0 and statuses == {200: requests}


def _part(ordered: list[int], percent: int) -> int:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    sys.exit(main(*[*given, *(10, 365, 10_000)[len(given) :]]))
