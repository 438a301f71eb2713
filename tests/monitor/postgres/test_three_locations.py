"""Three monitors in three locations, as processes on one PostgreSQL: a partition, an outage, and the leader killed."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from tests.monitor.postgres.cluster import PASSWORD, Cluster
from tests.monitor.servers import Receiver, Vendor, receiver, send, vendor
from tests.monitor.test_daemon import Process, wait_for

INTERVAL = 1.5
CONFIGURATION = """
[canaries.subject]
interval = "1500ms"
timeout = "1s"
retry = false
notices = ["hook"]
incident = { opens_after = 2, ends_after = 1, settle = "2s" }
[notices.hook]
webhook = "%s"
[monitor]
joint = true
location = "%s"
history_env = "HISTORY"
listen = "127.0.0.1:0"
"""


@dataclass
class Locations:
    """The monitors by location, what each of them sees, and whom they tell."""

    processes: dict[str, Process]
    vendors: dict[str, Vendor]
    hook: Receiver

    def leader(self) -> str | None:
        """Who said last of itself that it leads, among those that live."""
        living = {name: process for name, process in self.processes.items() if process.process.poll() is None}
        found = [name for name, process in living.items() if leads(process)]
        assert len(found) < 2
        return found[0] if found else None


def leads(process: Process) -> bool:
    lines = [line for line in list(process.log) if "leads" in line]
    return bool(lines) and "no longer" not in lines[-1]


@contextlib.contextmanager
def three(folder: Path, database: str) -> Iterator[Locations]:
    with ExitStack() as stack:
        found = Locations({}, {}, stack.enter_context(receiver()))
        for name in ("frankfurt", "oslo", "porto"):
            (folder / name).mkdir()
            (folder / name / "c.toml").write_text(CONFIGURATION % (found.hook.url, name))
            found.vendors[name] = stack.enter_context(vendor())
            environment = {**os.environ, **found.vendors[name].environment, "HISTORY": database}
            found.processes[name] = Process(folder / name, environment)
            stack.callback(_end, found.processes[name])
        yield found


def _end(process: Process) -> None:
    if process.process.poll() is None:
        process.end()
    process.reader.join(5)
    assert process.process.stderr is not None
    process.process.stderr.close()


def broken(handler: BaseHTTPRequestHandler, _: str) -> None:
    send(handler, 503, {})


def test_a_partition_an_outage_and_a_leader_killed(cluster: Cluster, database: str, tmp_path: Path) -> None:
    with three(tmp_path, database) as found:
        wait_for(_slots_with(cluster, database, 1, "ok"), 60)
        honest = found.vendors["porto"].query
        found.vendors["porto"].query = broken
        # One location alone sees it as failed, long enough for an incident of its own.
        wait_for(lambda: cluster.execute(database, "SELECT 1 FROM incidents WHERE location = 'porto'"), 60)
        wait_for(_slots_with(cluster, database, 2, "failed", location="porto"), 60)
        assert cluster.execute(database, "SELECT 1 FROM incidents WHERE location = '*'") == []
        assert found.hook.every == []

        found.hook.status = 500
        for one in found.vendors.values():
            one.query = broken
        wait_for(lambda: cluster.execute(database, "SELECT 1 FROM outbox WHERE attempts > 0"), 60)
        leader = found.leader()
        assert leader is not None
        found.processes[leader].process.kill()
        killed_at = time.monotonic()
        found.processes[leader].process.wait()
        found.hook.status = 204
        wait_for(lambda: [body["event"] for body in found.hook.every] == ["failed"], 60)
        assert time.monotonic() - killed_at < 2 * INTERVAL
        assert found.leader() not in (None, leader)
        for one in found.vendors.values():
            one.query = honest
        wait_for(lambda: len(found.hook.every) > 1, 60)
        wait_for(_slots_with(cluster, database, 1, "ok", after="recovered"), 60)
        assert [body["event"] for body in found.hook.every] == ["failed", "recovered"]
        assert re.search(r"at \d of 3 locations: .*503", found.hook.every[0]["body"])
        log = "".join(line for process in found.processes.values() for line in process.log)
    assert PASSWORD not in log
    assert "Traceback" not in log


def _slots_with(
    cluster: Cluster, database: str, count: int, verdict: str, location: str = "*", after: str = ""
) -> Callable[[], bool]:
    """A condition: so many slots have this verdict (after a notice of this kind was written)."""
    since = f"AND slot > (SELECT max(created) FROM outbox WHERE event = '{after}')" if after else ""  # noqa: S608 - ours
    query = f"SELECT 1 FROM results WHERE location = '{location}' AND verdict = '{verdict}' {since}"  # noqa: S608 - ours

    def condition() -> bool:
        there = cluster.execute(database, "SELECT 1 FROM pg_tables WHERE tablename = 'outbox'")
        return bool(there) and len(cluster.execute(database, query)) >= count

    return condition
