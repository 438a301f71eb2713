"""The page over a PostgreSQL: the same as over a file, and what locations decided together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.monitor.postgres.conftest import cluster, database
from tests.monitor.status import builders

from lineman.monitor.clock import HOUR
from lineman.monitor.config.models import Configuration, MonitorSettings
from lineman.monitor.incidents.state import JOINT
from lineman.monitor.result import ProbeResult, ProbeVerdict
from lineman.monitor.status.facts import HistorySnapshot, Viewpoint, gather
from lineman.monitor.status.rendering import export
from lineman.monitor.store.engine import Reader

__all__ = ["cluster", "database"]


def facts_of(address: str, setup: Configuration) -> HistorySnapshot:
    with Reader(address).reading() as connection:
        facts = gather(connection, Viewpoint("here"), setup.canaries, builders.NOW)
        return facts.with_details(connection, list(setup.canaries))


def plain(facts: HistorySnapshot) -> dict[str, Any]:
    """What both databases must agree on."""
    told = [(story.canary, story.opened, story.ended, story.kinds, story.moments) for story in facts.stories]
    details = {
        name: (one.hours, one.phases, [(dict(row), clause) for row, clause in one.violations], one.gaps)
        for name, one in facts.details.items()
    }
    return {"known": facts.known, "stories": told, "since": facts.since, "details": details}


def test_both_databases_tell_the_same(tmp_path: Path, database: str) -> None:
    path = tmp_path / "history.sqlite"
    on_file, on_server = (plain(facts_of(str(place), builders.in_incident(place))) for place in (path, database))
    assert len(on_file["stories"]) == 5
    assert on_server == on_file


def test_what_all_locations_decided_comes_first(database: str) -> None:
    canaries = {"subject": builders.canary("subject")}
    begin, end = builders.NOW - HOUR, builders.NOW

    def down(name: str, slot: int) -> ProbeResult:
        return builders.found(name, slot, ProbeVerdict.FAILED, message="no connection")

    def decided(name: str, slot: int) -> ProbeResult:
        message = "at 2 of 3 locations: no connection [berlin (failed), tokyo (failed)]"
        return builders.found(name, slot, ProbeVerdict.FAILED, message=message)

    for location, script in (("berlin", down), ("paris", builders.found), ("tokyo", down), (JOINT, decided)):
        builders.play(database, canaries, script, begin, end, location).close()
    settings = MonitorSettings(location="paris", joint=True)
    page = export(Configuration(canaries=canaries, monitor=settings), database, builders.NOW)
    assert "<title>subject is down · lineman</title>" in page
    assert "all locations together" in page
    assert "at 2 of 3 locations: no connection [berlin (failed), tokyo (failed)]" in page
    rows = page[page.index("<caption>By location") :].split("</table>")[0].split('<th scope="row">')[1:]
    assert [row.split("<")[0] for row in rows] == ["berlin", "paris", "tokyo"]
    assert ["up" in row for row in rows] == [False, True, False]
    assert page.count('<details class="story"') == 1, "a location's own incidents are not told twice"
    assert "valid until" in page
    assert "bounded at" not in page
