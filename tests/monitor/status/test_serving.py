"""The page as a running monitor serves it: once for many readers, also where history is away."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import httpx
import pytest
from jinja2 import PackageLoader
from playwright.sync_api import Browser, expect
from prometheus_client import CollectorRegistry
from tests.monitor.simulation import FakeClock
from tests.monitor.status import builders

from lineman.monitor.clock import DAY, HOUR, MINUTE
from lineman.monitor.config.models import Configuration
from lineman.monitor.delivery.outbox import Outbox
from lineman.monitor.result import ProbeResult, ProbeVerdict
from lineman.monitor.slots import SlotEntry, SlotOutcome
from lineman.monitor.status.live import PageResponse, Pages
from lineman.monitor.status.snapshot import LiveState
from lineman.monitor.store import History
from lineman.monitor.web.app import Views, WebServer, application
from lineman.monitor.writer import Writer


class Served:
    """A monitor's pages over a history, on a clock that tests hold."""

    def __init__(self, path: Path, setup: Configuration) -> None:
        self.clock = FakeClock(builders.NOW)
        self.live = LiveState("here")
        self.live.watch(setup.canaries, builders.NOW)
        history = History(str(path))
        writer = Writer(None, setup.canaries, self.clock)
        writer.start()
        self.pages = Pages(self.live, writer, Outbox({}, self.clock, None), self.clock, history)
        self.views = Views(CollectorRegistry(), self.pages.health, self.pages.page)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return asyncio.run(self._get(path, headers))

    async def _get(self, path: str, headers: dict[str, str]) -> httpx.Response:
        transport = httpx.ASGITransport(application(self.views))
        async with httpx.AsyncClient(transport=transport, base_url="http://monitor") as client:
            return await client.get(path, headers=headers)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    path = tmp_path_factory.mktemp("served") / "history.sqlite"
    return Served(path, builders.in_incident(path))


def test_the_page_says_what_history_and_the_monitor_know(served: Served) -> None:
    answer = served.get("/")
    assert answer.status_code == 200
    assert "1 of 5 canaries is down; 1 in maintenance" in answer.text
    assert "default-src 'none'; style-src 'sha256-" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "PLANTED" not in answer.text


def test_a_canary_has_a_page_of_its_own(served: Served) -> None:
    page = served.get("/canary/flapping-line").text
    assert "<title>flapping-line is up · lineman</title>" in page
    assert 'href="../"' in page
    assert "documented-example" not in page
    assert served.get("/canary/nobody").status_code == 404


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("", "down"),
        ("?canary=slow-line", "degraded"),
        ("?canary=quiet-line", "unknown"),
        ("?canary=upgraded-line", "maintenance"),
    ],
)
def test_badges(served: Served, path: str, word: str) -> None:
    assert served.get(f"/badge.json{path}").json()["message"] == word
    picture = served.get(f"/badge.svg{path}")
    assert picture.headers["Content-Type"] == "image/svg+xml"
    assert f": {word}</title>" in picture.text


def test_a_badge_of_no_canary_is_not_found(served: Served) -> None:
    answer = served.get("/badge.json?canary=<b>")
    assert (answer.status_code, answer.json()["isError"]) == (404, True)
    assert "<b>" not in served.get("/badge.svg?canary=<b>").text


def test_what_is_stale_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    stale = Served(path, builders.all_well(path))
    assert json.loads(stale.get("/badge.json").content)["message"] == "up"
    stale.clock.now += HOUR
    assert stale.get("/badge.json").json()["message"] == "unknown"
    page = stale.get("/").text
    assert "Nothing is known of 3 of 3 canaries" in page
    assert "nothing new for 59 min" in page


def test_a_result_shows_before_history_has_it(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    running = Served(path, builders.all_well(path))
    entry = SlotEntry("third", builders.NOW - 1, builders.NOW - 1, MINUTE, SlotOutcome.RUN)
    running.live.slot_finished(
        entry, builders.found("third", builders.NOW - 1, ProbeVerdict.FAILED, message="status 500")
    )
    page = running.get("/").text
    assert "1 of 3 canaries is down" in page
    assert "status 500" in page


def test_without_history_the_page_says_so(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    broken = Served(path, builders.no_data(path))
    path.write_bytes(b"this is no database at all" * 100)
    page = broken.get("/").text
    assert "History cannot be read" in page
    assert "Traceback" not in page
    path.unlink()
    builders.all_well(path)
    assert "History cannot be read" in broken.get("/").text, "it is not tried at every look"
    broken.clock.awake += 300
    page = broken.get("/").text
    assert "All 2 canaries are up" in page
    assert "History cannot be read" not in page


def test_a_running_monitor_needs_no_template_file_any_more(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    application(served.views)

    def upgraded(*_: object) -> NoReturn:
        raise AssertionError("the files beside a running monitor may be those of another version")

    monkeypatch.setattr(PackageLoader, "get_source", upgraded)
    for path in ("/", "/canary/slow-line"):
        answer = served.pages.page(path, {})
        assert answer is not None
        assert b"slow-line" in answer.body


def test_many_at_once_are_answered_by_one_look() -> None:
    looks: list[str] = []
    several = threading.Event()

    def look(path: str, query: Mapping[str, str]) -> PageResponse:
        looks.append(path)
        several.wait(5)
        return PageResponse(b"x" * 2_000)

    async def ask() -> list[httpx.Response]:
        views = Views(CollectorRegistry(), lambda: (True, {}), look)
        transport = httpx.ASGITransport(application(views))
        async with httpx.AsyncClient(transport=transport, base_url="http://monitor") as client:
            asking = [asyncio.create_task(client.get("/")) for _ in range(200)]
            healthy = await client.get("/healthz")
            several.set()
            return [healthy, *await asyncio.gather(*asking)]

    healthy, *answers = asyncio.run(ask())
    assert healthy.status_code == 200
    assert {answer.status_code for answer in answers} == {200}
    assert all(answer.content == b"x" * 2_000 for answer in answers)
    assert answers[0].headers["Content-Encoding"] == "gzip"
    assert looks == ["/"]


def test_the_served_page_in_a_browser(browser: Browser, served: Served) -> None:
    server = WebServer("127.0.0.1:0", served.views)
    server.start()
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    try:
        page.goto(f"http://127.0.0.1:{server.port}/")
        expect(page.get_by_role("checkbox", name="Reload this page every minute")).to_be_checked()
        page.get_by_role("checkbox").uncheck()
        page.reload()
        expect(page.get_by_role("checkbox")).not_to_be_checked()
        page.goto(f"http://127.0.0.1:{server.port}/canary/slow-line")
        expect(page.get_by_role("heading", level=1)).to_contain_text("slow-line is degraded")
        page.get_by_role("link", name="All canaries").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("1 of 5 canaries is down")
    finally:
        page.close()
        server.stop()
    assert said == []


def test_locations_that_look_at_the_same_canary(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    canaries = {"subject": builders.canary("subject")}
    begin, end = builders.NOW - HOUR, builders.NOW
    builders.play(path, canaries, builders.found, begin, end).close()

    def down(name: str, slot: int) -> ProbeResult:
        return builders.found(name, slot, ProbeVerdict.FAILED, message="no connection")

    builders.play(path, canaries, down, begin, end, "berlin").close()
    builders.play(path, canaries, builders.found, begin - DAY, end - DAY, "tokyo").close()
    page = builders.page_file(path, Configuration(canaries=canaries)).read_text()
    rows = page[page.index("<caption>By location") :].split("</table>")[0]
    berlin, here, tokyo = rows.split('<th scope="row">')[1:]
    assert ("berlin" in berlin, "down" in berlin, "no connection" in berlin) == (True, True, True)
    assert ("here" in here, "up" in here) == (True, True)
    assert ("tokyo" in tokyo, "unknown" in tokyo, "nothing new for 23 h 59 min" in tokyo) == (True, True, True)
    assert "of 3 locations: berlin, here, tokyo" in page
