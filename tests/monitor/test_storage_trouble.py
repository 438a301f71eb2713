"""A full disk, a lock and a damaged file: deciding and telling go on, what was committed stays."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.monitor.simulation import FakeClock, result_of

from lineman.monitor.config.models import Canary
from lineman.monitor.incidents.alerts import Event
from lineman.monitor.incidents.notices import Notice
from lineman.monitor.result import ProbeVerdict
from lineman.monitor.slots import SlotEntry, SlotOutcome
from lineman.monitor.store import History
from lineman.monitor.writer import SlotResult, Writer

SUBJECT = Canary.model_validate(
    {"name": "subject", "interval": 1, "incident": {"opens_after": 2, "ends_after": 2}, "notices": ["night"]}
)


class Kept:
    """A keeper over a history, fed by hand."""

    def __init__(self, path: Path) -> None:
        self.clock = FakeClock(0)
        self.notices: list[Notice] = []
        self.writer = Writer(History(str(path)), {"subject": SUBJECT}, self.clock, self.notices.extend)
        self.writer.open()
        self.slot = 0

    def see(self, *verdicts: ProbeVerdict) -> None:
        for verdict in verdicts:
            self.slot += 1_000
            self.clock.live(6_000)
            entry = SlotEntry("subject", self.slot, self.slot, 1_000, SlotOutcome.RUN)
            self.writer.process_now(SlotResult(entry, result_of("subject", self.slot, verdict)))

    @property
    def events(self) -> list[Event]:
        return [notice.event for notice in self.notices]

    def close(self) -> None:
        assert self.writer.history is not None
        self.writer.history.close()


def slots_in(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return [row[0] for row in connection.execute("SELECT slot FROM results ORDER BY slot")]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("a small file system can be mounted by root only")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as stream:
        while True:
            stream.write(b"x" * 4_096)


def test_a_full_disk(small_disk: Path) -> None:
    path = small_disk / "history.sqlite"
    kept = Kept(path)
    kept.see(*[ProbeVerdict.OK] * 5)
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="No space"):
        fill(filler)
    before = slots_in(path)
    while not kept.writer.failing:
        kept.see(ProbeVerdict.OK)
    written = slots_in(path)
    assert written[: len(before)] == before
    kept.see(ProbeVerdict.FAILED, ProbeVerdict.FAILED, ProbeVerdict.OK, ProbeVerdict.OK)
    assert kept.events == [Event.FAILED, Event.RECOVERED]
    assert "full" in kept.writer.failing
    filler.unlink()
    kept.see(ProbeVerdict.OK)
    assert not kept.writer.failing
    kept.close()
    assert slots_in(path) == list(range(1_000, kept.slot + 1, 1_000))
    assert kept.events == [Event.FAILED, Event.RECOVERED]


def test_a_locked_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineman.monitor.store.engine.LOCK_SECONDS", 0.01)
    path = tmp_path / "history.sqlite"
    kept = Kept(path)
    kept.see(ProbeVerdict.OK)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        kept.see(ProbeVerdict.FAILED, ProbeVerdict.FAILED, ProbeVerdict.FAILED)
        assert "locked" in kept.writer.failing
        assert kept.events == [Event.FAILED]
        other.execute("ROLLBACK")
    kept.see(ProbeVerdict.OK, ProbeVerdict.OK)
    kept.close()
    assert not kept.writer.failing
    assert kept.events == [Event.FAILED, Event.RECOVERED]
    assert slots_in(path) == [1_000, 2_000, 3_000, 4_000, 5_000, 6_000]


def test_a_damaged_file_is_moved_aside_and_memory_lives_on(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    kept = Kept(path)
    kept.see(ProbeVerdict.OK, ProbeVerdict.FAILED, ProbeVerdict.FAILED)
    kept.close()
    for part in tmp_path.glob("history.sqlite-*"):
        part.unlink()
    path.write_bytes(b"no database at all" * 1_000)
    kept.see(ProbeVerdict.FAILED, ProbeVerdict.FAILED)
    assert not kept.writer.failing
    assert kept.events == [Event.FAILED]
    kept.close()
    assert [file.read_bytes()[:6] for file in tmp_path.glob("history.sqlite.damaged-*")] == [b"no dat"]
    again = Kept(path)
    again.slot, again.clock.now = kept.slot, kept.clock.now
    again.see(ProbeVerdict.OK, ProbeVerdict.OK)
    again.close()
    assert again.events == [Event.RECOVERED]


def test_only_a_checked_history_is_looked_through(tmp_path: Path) -> None:
    """When damage lies where nothing is read, then only a checked history is searched for it."""
    path = tmp_path / "history.sqlite"
    kept = Kept(path)
    kept.see(*[ProbeVerdict.OK] * 200)
    kept.close()
    content = bytearray(path.read_bytes())
    content[-4_096:] = b"\xff" * 4_096
    path.write_bytes(content)
    quick = History(str(path))
    quick.open()
    assert not quick.told
    thorough = History(str(path), checked=True)
    thorough.open()
    assert "is damaged" in thorough.told


def test_a_file_that_is_no_database_is_seen_without_a_check(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    path.write_bytes(b"no database at all" * 1_000)
    history = History(str(path))
    history.open()
    assert "is damaged" in history.told
    assert history.replaced
