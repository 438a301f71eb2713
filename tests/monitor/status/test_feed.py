"""The feed of incidents, and what the page says of notices that were given up."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

from tests.monitor.status import builders
from tests.monitor.status.test_serving import Served

ATOM = "{http://www.w3.org/2005/Atom}"


def test_incidents_are_a_feed(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    served = Served(path, builders.in_incident(path))
    answer = served.get("/feed.atom")
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    root = ElementTree.fromstring(answer.content)  # noqa: S314 - our own
    entries = root.findall(f"{ATOM}entry")
    assert len(entries) == 5
    for element in (root, *entries):
        assert {f"{ATOM}id", f"{ATOM}title", f"{ATOM}updated"} <= {child.tag for child in element}
    titles = [entry.findtext(f"{ATOM}title") for entry in entries]
    assert "documented-example: down" in titles
    assert "flapping-line: degraded, then down, over after 41 min" in titles
    assert len({entry.findtext(f"{ATOM}id") for entry in entries}) == 5
    assert "PLANTED" not in answer.text
    assert 'type="application/atom+xml"' in served.get("/").text
    again = served.get("/feed.atom", **{"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_a_feed_of_hostile_texts_is_xml(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    served = Served(path, builders.hostile(path))
    root = ElementTree.fromstring(served.get("/feed.atom").content)  # noqa: S314 - our own
    assert "⟨U+202E⟩evil" in "".join(root.itertext())


def test_a_notice_that_was_set_aside_is_told_on_the_page(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    served = Served(path, builders.all_well(path))
    served.pages._outbox._given_up["oncall", "r"] = "the receiver answered with status 400"
    assert "oncall refused a notice for good, which was set aside: the receiver answered with status 400" in (
        served.get("/").text
    )
    assert json.loads(served.get("/healthz").content)["notices_pending"] == 0
