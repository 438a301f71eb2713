"""Windows and days read together say what a reading of each by itself says."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.monitor.status import builders

from lineman.monitor.clock import DAY, HOUR, MINUTE
from lineman.monitor.config.models import Canary, MonitorSettings
from lineman.monitor.result import ProbeResult, ProbeVerdict
from lineman.monitor.status.uptime_windows import DAYS, WINDOWS, Spans, spans
from lineman.monitor.store.engine import Reader
from lineman.monitor.store.queries import uptime_between
from lineman.monitor.store.retention import tidy
from lineman.monitor.uptime import Uptime

WORK = {"zone": "UTC", "at": "03:00", "lasts": "30m"}
SUBJECT = builders.canary("subject", interval="5m", maintenance=[WORK])
BEGIN = builders.NOW - 3 * DAY - 7 * MINUTE


def script(name: str, slot: int) -> ProbeResult | None:
    turn = slot // SUBJECT.interval % 41
    if turn < 3:
        return builders.found(name, slot, ProbeVerdict.FAILED)
    if turn < 5:
        return builders.found(name, slot, ProbeVerdict.UNKNOWN)
    return None if turn == 5 else builders.found(name, slot)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("spans") / "history.sqlite"
    builders.play(path, {"subject": SUBJECT}, script, BEGIN, builders.NOW).close()
    return path


def read(path: Path, canary: Canary = SUBJECT) -> tuple[Spans, dict[int, Uptime]]:
    lengths = [days * DAY for days in WINDOWS]
    with Reader(str(path)).reading() as connection:
        together = spans(connection, "here", canary, builders.NOW, lengths)
        alone = {
            length: uptime_between(connection, "here", canary, (builders.NOW - length) // HOUR * HOUR, builders.NOW)
            for length in lengths
        }
    return together, alone


def test_single_results_and_sums_say_the_same(played: Path, tmp_path: Path) -> None:
    before, alone = read(played)
    assert before.windows == alone
    copy = tmp_path / "tidied.sqlite"
    history = builders.play(copy, {"subject": SUBJECT}, script, BEGIN, builders.NOW)
    tidy(history, [SUBJECT], MonitorSettings(), builders.NOW)
    history.close()
    after, summed_alone = read(copy)
    assert after.windows == summed_alone == before.windows
    assert after.days == before.days


def test_days_add_up_to_the_whole(played: Path) -> None:
    found, _ = read(played)
    assert sum(found.days.values(), Uptime()) == found.windows[DAYS * DAY]
    assert sorted(found.days) == list(range(BEGIN // DAY * DAY, builders.NOW, DAY))
    whole = found.windows[DAYS * DAY]
    assert min(whole.up, whole.down, whole.unknown, whole.maintenance) > 0
    assert whole.window + whole.maintenance == builders.NOW - (found.begin or 0)


def test_nothing_is_known_of_a_canary_that_nobody_probed(played: Path) -> None:
    assert read(played, builders.canary("another"))[0] == Spans()
