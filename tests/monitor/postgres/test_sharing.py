"""One monitor for a location, poolers, and addresses with several hosts, on a real PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.monitor.postgres.bouncer import bouncer
from tests.monitor.postgres.cluster import PASSWORD
from tests.monitor.servers import free_port
from tests.monitor.simulation import result_of

from lineman.monitor.config.models import Canary, Configuration, MonitorSettings
from lineman.monitor.location import take_location
from lineman.monitor.oneshot import keep
from lineman.monitor.result import ProbeVerdict
from lineman.monitor.store import History, HistoryError
from lineman.monitor.store.configurations import name_location
from lineman.monitor.store.exclusive import LocationLock
from lineman.monitor.store.pooler import pooler


def settings(address: str, **values: object) -> MonitorSettings:
    return MonitorSettings.model_validate({"history": address, "location": "one", **values})


def test_two_monitors_under_one_location_are_refused(database: str) -> None:
    first = take_location(settings(database))
    with pytest.raises(HistoryError, match="another monitor writes into this history as location 'one'") as caught:
        take_location(settings(database))
    assert PASSWORD not in str(caught.value)
    other = take_location(settings(database, location="two"))
    assert first.keep()
    assert other.keep()
    first.release()
    again = take_location(settings(database))
    assert not LocationLock(database, "one").keep()
    for lock in (again, other):
        lock.release()


@pytest.mark.parametrize("sessions", [1, 20])
def test_a_pooler_in_transaction_mode_is_named_and_refused(database: str, sessions: int) -> None:
    with bouncer(database, "transaction", sessions) as address:
        with pytest.raises(HistoryError, match=r"127\.0\.0\.1:\d+ is a pooler in transaction mode") as caught:
            take_location(settings(address, joint=True))
        assert f":{address.rpartition(':')[2].partition('/')[0]} is a pooler" in str(caught.value)
        assert PASSWORD not in str(caught.value)


def test_a_single_monitor_behind_it_is_warned(database: str, caplog: pytest.LogCaptureFixture) -> None:
    with bouncer(database, "transaction") as address:
        take_location(settings(address)).release()
    assert "whether another monitor writes as location 'one' cannot be seen" in caplog.text


def test_a_pool_by_session_and_a_direct_connection_are_fine(database: str) -> None:
    assert pooler(database) == ""
    with bouncer(database, "session") as address:
        assert pooler(address) == ""
        take_location(settings(address, joint=True)).release()


def test_one_shot_probes_that_decide_together_say_so(database: str, tmp_path: Path) -> None:
    canary = Canary(name="a")
    with bouncer(database, "transaction") as address:
        configuration = Configuration(canaries={"a": canary}, monitor=settings(address, joint=True))
        said = keep(address, configuration, canary, result_of("a", 1_800_000_000_000, ProbeVerdict.OK), tmp_path)
    assert len(said) == 1
    assert said[0].startswith("nothing was decided together: history postgresql")


@pytest.mark.parametrize("first", [True, False])
def test_an_address_with_two_hosts(database: str, first: bool) -> None:
    hosts, _, rest = database.partition("@")[2].partition("/")
    closed = f"127.0.0.1:{free_port()}"
    both = f"{closed},{hosts}" if first else f"{hosts},{closed}"
    address = f"{database.partition('@')[0]}@{both}/{rest}?target_session_attrs=read-write"
    history = History(address, "one")
    with history.transaction() as connection:
        assert history.pending(connection) == []
    assert PASSWORD not in history.redacted_address
    history.close()


def test_a_location_that_gets_a_name_goes_on(database: str) -> None:
    canary = Canary(name="a")
    configuration = Configuration(canaries={"a": canary}, monitor=settings(database, location="here"))
    assert keep(database, configuration, canary, result_of("a", 1_800_000_000_000, ProbeVerdict.OK)) == []
    assert name_location(History(database, "frankfurt")) == "history of the location 'here' goes on as 'frankfurt'"
    history = History(database, "frankfurt")
    with history.transaction() as connection:
        assert history.ledger_ends(connection, ["a"]) != {}
    history.close()
