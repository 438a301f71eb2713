"""Settings of several locations that do not hold, passwords that stay hidden, and trouble that is told."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from tests.monitor.simulation import FakeClock

from lineman.monitor.config import MonitorConfigurationError, load_configuration
from lineman.monitor.config.models import Canary, MonitorSettings
from lineman.monitor.daemon import Daemon
from lineman.monitor.incidents.alerts import Event
from lineman.monitor.incidents.notices import HistoryTrouble, Notice
from lineman.monitor.leader import lease_of, poll_of
from lineman.monitor.store import History, HistoryError

CANARY = Canary.model_validate({"name": "subject", "interval": 10, "timeout": 5, "notices": ["night"]})
CANARIES = {"subject": CANARY}


@pytest.mark.parametrize(
    ("monitor", "said"),
    [
        ("quorum = 0.6", "quorum: means nothing without joint = true"),
        ('joint = true\nlocation = "a"', "joint: needs a PostgreSQL that all locations reach"),
        ('joint = true\nhistory = "postgresql://h/d"', "joint: give every monitor a location of its own"),
        ('history = "postgresql://u:hushed@h/d"', r"history: postgresql://u:\*\*\*@h/d holds a password"),
        ('history_env = "NOWHERE"', "history_env: the environment variable NOWHERE is not set"),
        ('history_file = "/nowhere"', "history_file: /nowhere cannot be read: No such file"),
        ('history_env = "URL"\nhistory = "x"', "give one of history, history_env, history_file"),
        ('joint = true\nlocation = "*"\nhistory = "postgresql://h/d"', "location: "),
        ("joint = true\nquorum = 1.1", "quorum: expected at most 1"),
        ("joint = true\nquorum = 0", "quorum: expected more than 0"),
    ],
)
def test_settings_that_do_not_hold(tmp_path: Path, monitor: str, said: str) -> None:
    (tmp_path / "c.toml").write_text(f"[canaries.subject]\n[monitor]\n{monitor}\n")
    with pytest.raises(MonitorConfigurationError, match=said) as caught:
        load_configuration(tmp_path, {"URL": "postgresql://u:hushed@h/d"})
    assert "hushed" not in str(caught.value)


def test_a_canary_with_a_quorum_of_its_own_needs_joint(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("[canaries.subject]\nquorum = 0.5\n")
    with pytest.raises(MonitorConfigurationError, match=r"\[canaries.subject\] quorum: means nothing without joint"):
        load_configuration(tmp_path, {})


def test_the_address_of_history_is_never_shown(tmp_path: Path) -> None:
    text = '[canaries.subject]\n[monitor]\njoint = true\nlocation = "a"\nhistory_env = "URL"\n'
    (tmp_path / "c.toml").write_text(text)
    url = "postgresql://u:hushed@h/d?sslpassword=hushed"
    configuration = load_configuration(tmp_path, {"URL": url})
    address = configuration.monitor.history
    assert address == url
    for text in (str(address), f"{address}", repr(address), repr(configuration), "%s" % address):  # noqa: UP031 - a way
        assert "hushed" not in text


def test_deciding_together_begins_at_a_start_and_at_no_reload(tmp_path: Path) -> None:
    """Were a reload enough to mute the canaries, nobody would be told anything until the next start."""
    text = '[canaries.subject]\nnotices = ["night"]\n[notices.night]\nwebhook = "http://127.0.0.1:1/"\n[monitor]\n'
    (tmp_path / "c.toml").write_text(f'{text}history = "{tmp_path}/history.sqlite"\nlisten = ""\n')
    monitor = Daemon(tmp_path, {"LINEMAN_BASE_URL": "http://127.0.0.1:1", "LINEMAN_TOKEN": "a-ready-token"})
    together = 'joint = true\nlocation = "a"\nhistory = "postgresql://watch@127.0.0.1:1/lineman"\n'
    (tmp_path / "c.toml").write_text(text + together)
    asyncio.run(monitor._reload_configuration())
    assert monitor.configuration.monitor.joint
    assert monitor.joint is None
    assert monitor._own_canaries()["subject"].notices == ("night",)


def test_a_driver_that_is_not_installed_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(HistoryError, match=r"the driver 'psycopg' is not installed: pip install 'lineman\[postgres\]'"):
        History("postgresql://watch@db.example.com/lineman").open()


def test_looks_and_leases_follow_the_shortest_interval() -> None:
    slow = Canary.model_validate({"name": "slow", "interval": "10m"})
    assert (poll_of({"a": CANARY, "b": slow}), lease_of({"a": CANARY, "b": slow})) == (2.5, 10_000)
    assert (poll_of({"b": slow}), lease_of({"b": slow})) == (5.0, 30_000)
    assert (poll_of({}), lease_of({})) == (5.0, 30_000)


def test_trouble_with_history_is_told_by_the_location_that_has_it() -> None:
    told: list[Notice] = []
    clock = FakeClock(0)
    settings = MonitorSettings.model_validate({"joint": True, "location": "oslo"})
    trouble = HistoryTrouble(settings, clock, told.extend)
    for _ in range(5):
        trouble.look("connection refused", CANARIES)
        clock.live(10_000)
    trouble.look("", CANARIES)
    assert [(notice.event, notice.place) for notice in told] == [(Event.HISTORY, "oslo"), (Event.HISTORY_BACK, "oslo")]
    assert told[0].body.startswith("connection refused; oslo goes on probing from memory, and takes no part")
