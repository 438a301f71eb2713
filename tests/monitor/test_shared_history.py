"""Several configurations on one history, and what is pending for what is gone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.monitor.servers import Receiver, receiver
from tests.monitor.simulation import FakeClock, result_of

from lineman.monitor.clock import MINUTE
from lineman.monitor.config import load_configuration
from lineman.monitor.daemon import Daemon
from lineman.monitor.incidents.alerts import Event
from lineman.monitor.incidents.notices import Notice
from lineman.monitor.oneshot import keep
from lineman.monitor.result import ProbeVerdict
from lineman.monitor.slots import SlotEntry, SlotOutcome
from lineman.monitor.store import History, HistoryError
from lineman.monitor.store.configurations import configuration_id, name_location
from lineman.monitor.writer import SlotResult, Watched, Writer

NOW = 1_800_000_000_000
BAD, OK = ProbeVerdict.FAILED, ProbeVerdict.OK


class Host:
    """Probes from cron, each with its own configuration, on one history."""

    def __init__(self, folder: Path, hook: Receiver) -> None:
        self.folder, self.hook = folder, hook
        self.history = str(folder / "history.sqlite")
        self.now = NOW

    def configure(self, name: str, *canaries: str, channel: str = "hook") -> None:
        text = f'[notices.{channel}]\nwebhook = "{self.hook.url}"\n'
        for canary in canaries:
            text += f'[canaries.{canary}]\ninterval = "1m"\nnotices = ["{channel}"]\n'
            text += f"[canaries.{canary}.incident]\nopens_after = 1\nends_after = 1\n"
        (self.folder / f"{name}.toml").write_text(text)

    def probe(self, name: str, canary: str, verdict: ProbeVerdict) -> None:
        self.now += MINUTE
        path = self.folder / f"{name}.toml"
        configuration = load_configuration(path, {})
        result = result_of(canary, self.now, verdict)
        assert keep(self.history, configuration, configuration.canaries[canary], result, path) == []

    @property
    def told(self) -> list[str]:
        return [body["title"] for body in self.hook.every]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with receiver() as hook:
        yield Host(tmp_path, hook)


def test_two_configurations_each_keep_to_their_own_canaries(host: Host) -> None:
    host.configure("one", "a")
    host.configure("two", "b")
    for _ in range(3):
        host.probe("one", "a", BAD)
        host.probe("two", "b", OK)
    host.probe("one", "a", OK)
    assert host.told == ["FAILED: a", "RECOVERED: a"]


def test_what_is_taken_out_of_the_only_file_that_has_it_is_withdrawn(host: Host) -> None:
    host.configure("one", "a", "c")
    host.configure("two", "b")
    for _ in range(2):
        host.probe("one", "a", BAD)
        host.probe("two", "b", OK)
    host.configure("one", "c")
    host.probe("two", "b", OK)
    host.probe("one", "c", OK)
    host.probe("one", "c", OK)
    assert host.told == ["FAILED: a", "NO LONGER WATCHED: a"]


def test_a_canary_that_moves_to_another_file_goes_on(host: Host) -> None:
    host.configure("one", "a", "c")
    host.configure("two", "b")
    host.probe("two", "b", OK)
    host.probe("one", "a", BAD)
    host.configure("two", "a", "b")
    host.probe("two", "a", BAD)
    host.configure("one", "c")
    host.probe("one", "c", OK)
    host.probe("two", "a", OK)
    assert host.told == ["FAILED: a", "RECOVERED: a"]


# Pending for what is gone.


def test_a_failure_that_reached_nobody_and_whose_canary_is_gone_is_told_to_nobody(host: Host) -> None:
    host.configure("one", "a", "c")
    host.probe("one", "c", OK)
    host.hook.status = 503
    host.probe("one", "a", BAD)
    host.configure("one", "c")
    host.hook.status = 204
    for _ in range(2):
        host.probe("one", "c", OK)
    host.configure("one", "a", "c")
    host.probe("one", "a", OK)
    assert host.told == []


def test_a_channel_that_is_gone_gets_nothing_and_comes_back_to_the_present(host: Host) -> None:
    host.configure("one", "a")
    host.probe("one", "a", OK)
    host.hook.status = 503
    host.probe("one", "a", BAD)
    host.hook.status = 204
    host.configure("one", "a", channel="other")
    host.probe("one", "a", BAD)  # the new channel is told of what is open
    host.probe("one", "a", OK)
    host.configure("one", "a")
    host.probe("one", "a", OK)  # the old one is not told of what is over
    assert host.told == ["FAILED: a", "RECOVERED: a"]


def test_good_news_about_what_is_gone_still_arrives(host: Host) -> None:
    host.configure("one", "a", "c")
    host.probe("one", "a", BAD)
    host.hook.status = 503
    host.probe("one", "a", OK)
    host.configure("one", "c")
    host.hook.status = 204
    host.probe("one", "c", OK)
    assert host.told == ["FAILED: a", "RECOVERED: a"]


def test_what_was_decided_first_arrives_first(host: Host) -> None:
    host.configure("one", "a")
    host.hook.status = 503
    host.probe("one", "a", BAD)
    host.hook.status = 204
    host.probe("one", "a", OK)
    assert host.told == ["FAILED: a", "RECOVERED: a"]


# Locations.


@contextmanager
def monitor(folder: Path, **environment: str) -> Iterator[Daemon]:
    service = Daemon(folder, {"LINEMAN_BASE_URL": "http://127.0.0.1:9", "LINEMAN_TOKEN": "t", **environment})
    try:
        yield service
    finally:
        service._location.release()


def written(folder: Path, settings: str = "") -> Path:
    (folder / "a.toml").write_text(f'[canaries.a]\ninterval = "1m"\n[monitor]\nlisten = ""\n{settings}\n')
    return folder


def test_two_monitors_under_one_location_are_refused_with_a_sentence(tmp_path: Path) -> None:
    folder = written(tmp_path)
    sentence = r"another monitor \(process \d+\) .* 'here': .* location = \"NAME\""
    with monitor(folder), pytest.raises(HistoryError, match=sentence):
        Daemon(folder, {})
    with monitor(folder):
        pass


def test_two_locations_on_one_history_are_fine(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    written(tmp_path)
    written(other, 'history = "../lineman-history.sqlite"\nlocation = "other"')
    with monitor(tmp_path), monitor(other):
        pass


def test_a_location_that_gets_a_name_goes_on_with_what_was_written(host: Host) -> None:
    host.configure("one", "a")
    host.probe("one", "a", BAD)
    with (host.folder / "one.toml").open("a") as file:
        file.write('[monitor]\nlocation = "frankfurt"\n')
    path = host.folder / "one.toml"
    configuration = load_configuration(path, {})
    host.now += MINUTE
    said = keep(host.history, configuration, configuration.canaries["a"], result_of("a", host.now, OK), path)
    assert said == ["history of the location 'here' goes on as 'frankfurt'"]
    assert host.told == ["FAILED: a", "RECOVERED: a"]
    host.probe("one", "a", OK)


def test_a_location_beside_others_says_that_it_begins_anew(host: Host) -> None:
    host.configure("one", "a")
    host.probe("one", "a", OK)
    history = History(host.history, "paris")
    with history.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO slots SELECT 'paris', canary, lap, first, last, interval, outcome, reason FROM slots"
        )
    history.close()
    said = name_location(History(host.history, "frankfurt"))
    assert said.startswith("history holds results of the location 'here' and of others: 'frankfurt' begins anew")


# Files.


def test_what_editors_and_systems_leave_beside_canaries_is_no_canary_file(tmp_path: Path) -> None:
    text = '[canaries.a]\ninterval = "1m"\n'
    (tmp_path / "a.toml").write_text(text)
    for name in ("._a.toml", "a.toml~", "#a.toml#", ".a.toml.swp", "a.toml.bak"):
        shutil.copy(tmp_path / "a.toml", tmp_path / name)
    (tmp_path / ".#a.toml").symlink_to("somebody@host.1234:1700000000")
    assert list(load_configuration(tmp_path, {}).canaries) == ["a"]


# A running monitor.


def test_bad_news_that_reached_nobody_is_untold_in_memory_as_well(host: Host) -> None:
    host.configure("one", "a")
    canary = load_configuration(host.folder / "one.toml", {}).canaries["a"]
    notices: list[Notice] = []
    writer = Writer(History(host.history), {"a": canary}, FakeClock(NOW), notices.extend)
    writer.open()
    entry = SlotEntry("a", NOW, NOW, MINUTE, SlotOutcome.RUN)
    writer.process_now(SlotResult(entry, result_of("a", NOW, BAD)))
    (failed,) = notices
    writer.start()
    writer.reconfigure(Watched({}, lambda _: False, frozenset({(failed.matter, failed.channel)})))
    assert writer.stop(60)
    assert [notice.event for notice in notices] == [Event.FAILED], "nobody is told that it is watched no longer"


def test_a_configuration_behind_a_link_that_changes_stays_the_same(tmp_path: Path) -> None:
    for name in ("..one", "..two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.toml").write_text("")
    link = tmp_path / "a.toml"
    link.symlink_to(tmp_path / "..one" / "a.toml")
    before = configuration_id(link)
    link.unlink()
    link.symlink_to(tmp_path / "..two" / "a.toml")
    assert configuration_id(link) == before
