"""Each receiver is told on its own, whatever becomes of the others, and none waits for another."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
import requests
from tests.monitor.mail import mail_server
from tests.monitor.servers import free_port, receiver
from tests.monitor.simulation import FakeClock

from lineman.monitor.clock import HOUR, MINUTE
from lineman.monitor.config.models import Channel
from lineman.monitor.delivery.apprise_receivers import inert
from lineman.monitor.delivery.apprise_receivers import receivers as apprise_receivers
from lineman.monitor.delivery.channels import ChannelError, sender
from lineman.monitor.delivery.errors import PermanentRefusal
from lineman.monitor.delivery.outbox import Outbox
from lineman.monitor.delivery.receivers import Receiver
from lineman.monitor.incidents.alerts import Event
from lineman.monitor.incidents.notices import Notice, plain_notice
from lineman.monitor.incidents.state import StateChange
from lineman.monitor.store import History

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
ALIVE, DEAD = "alive@example.com", "dead@example.com"


def notice(event: Event, number: int = 0, *, matter: str = "a/failed", channel: str = "oncall") -> Notice:
    return plain_notice(event, matter, channel, "a", f"number {number}\nsecond <b>line</b> & more", number, number)


class Desk:
    """A channel on a clock of the test's own."""

    def __init__(self, addresses: str, history: History | None = None) -> None:
        self.clock = FakeClock(0)
        channel = Channel.model_validate({"name": "oncall", "apprise_env": "ONCALL", "timeout": "60s"})
        self.outbox = Outbox({"oncall": sender(channel, {"ONCALL": addresses})}, self.clock, history)

    def tell(self, *notices: Notice) -> None:
        self.outbox.add(list(notices))
        self.outbox.deliver_due("oncall")

    def wait(self, times: int = 1) -> None:
        for _ in range(times):
            self.clock.live(10 * MINUTE)
            self.outbox.deliver_due("oncall")


def test_a_mail_to_two_people_of_whom_one_is_unknown() -> None:
    with mail_server() as box:
        box.unknown = {DEAD}
        desk = Desk(box.url(DEAD, ALIVE))
        desk.tell(notice(Event.FAILED))
        desk.wait(3)
        desk.tell(notice(Event.RECOVERED))
        desk.wait(3)
        assert box.subjects(ALIVE) == ["FAILED: a", "RECOVERED: a"]
        assert desk.outbox.pending == 2
        box.unknown = set()
        desk.wait()
        assert box.subjects(ALIVE) == box.subjects(DEAD) == ["FAILED: a", "RECOVERED: a"]
    assert desk.outbox.pending == 0
    assert desk.outbox.last_error == {}


def test_mail_is_plain_text_with_its_lines() -> None:
    with mail_server() as box:
        Desk(box.url(ALIVE)).tell(notice(Event.FAILED))
        (_, mail), *_ = box.mails
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().splitlines()[:2] == ["number 0", "second <b>line</b> & more"]


def test_two_addresses_of_an_entry_of_which_one_fails() -> None:
    with receiver() as near, receiver() as far:
        far.status = 503
        desk = Desk(" ".join(one.url.replace("http://", "json://") for one in (far, near)))
        desk.tell(notice(Event.FAILED))
        desk.wait(5)
        desk.tell(notice(Event.RECOVERED))
        assert [body["title"] for body in near.every] == ["FAILED: a", "RECOVERED: a"]
        far.status = 204
        desk.wait()
        assert [body["title"] for body in far.every] == ["FAILED: a", "RECOVERED: a"]
        assert len(near.every) == 2


def test_an_address_that_is_not_valid_keeps_nothing_from_the_others() -> None:
    with receiver() as hook:
        desk = Desk("nosuch://secret " + hook.url.replace("http://", "json://"))
        desk.tell(notice(Event.FAILED))
        desk.wait(2)
    assert len(hook.every) == 1
    assert desk.outbox.last_error == {"oncall": "an Apprise URL is not valid"}


def test_who_was_reached_is_known_after_a_restart(tmp_path: Path) -> None:
    path, told = str(tmp_path / "history.sqlite"), notice(Event.FAILED)
    history = History(path)
    with history.transaction() as connection:
        history.write(connection, [StateChange(notices=[told])])
    history.close()
    with receiver() as near, receiver() as far:
        far.status = 503
        addresses = " ".join(one.url.replace("http://", "json://") for one in (far, near))
        for _ in range(3):
            desk = Desk(addresses, History(path))
            desk.outbox.load()
            desk.outbox.deliver_due("oncall")
            desk.outbox.stop(0)
        far.status = 204
        desk = Desk(addresses, History(path))
        desk.outbox.load()
        desk.outbox.deliver_due("oncall")
        assert (len(near.every), len(far.every)) == (1, 1)
    with history.transaction() as connection:
        assert history.pending(connection) == []


@pytest.mark.parametrize(
    ("url", "number"),
    [
        ("tgram://123456789:abcdefg_hijklmnop/12315544/5555", 2),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#one/#two/#three", 3),
        ("matrix://user:pass@host.example/#one/#two", 2),
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", 1),
        ("json://host.example/path", 1),
    ],
)
def test_targets_of_a_service_are_receivers_of_their_own(url: str, number: int) -> None:
    found = apprise_receivers(url)
    assert len({one.id for one in found}) == number
    assert [one.id for one in found] == [one.id for one in apprise_receivers(url)]
    assert all(url.partition("://")[2] not in f"{one.id} {one.name}" for one in found)


# What is refused for good.


def test_a_refusal_for_good_blocks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with receiver() as hook:
        hook.status = 400
        desk = Desk(hook.url.replace("http://", "json://"))
        desk.tell(notice(Event.FAILED))
        assert (desk.outbox.pending, desk.outbox.set_aside) == (0, 1)
        assert desk.outbox.given_up == {"oncall": "the receiver answered with status 400"}
        assert "is set aside: the receiver answered with status 400" in caplog.text
        hook.status = 204
        desk.tell(notice(Event.RECOVERED))
    assert [body["title"] for body in hook.every] == ["RECOVERED: a"]
    assert desk.outbox.given_up == {}


def test_what_is_refused_is_tried_in_its_shortest_form() -> None:
    taken: list[Notice] = []

    def send(given: Notice) -> None:
        if len(given.body) > 200:
            raise PermanentRefusal("the receiver answered with status 413")
        taken.append(given)

    outbox = Outbox({"oncall": send}, FakeClock(0), None)
    long = plain_notice(Event.FAILED, "m", "oncall", "a", "x" * 5_000, 0)
    outbox.add([long])
    assert outbox.deliver_due("oncall") is None
    assert [(one.key, len(one.body)) for one in taken] == [(long.key, 101)]
    assert outbox.set_aside == 0


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_what_may_be_taken_later_is_sent_again(status: int) -> None:
    with receiver() as hook:
        hook.status = status
        outbox = Outbox({"oncall": sender(Channel(name="oncall", webhook=hook.url), {})}, FakeClock(0), None)
        outbox.add([notice(Event.FAILED)])
        assert outbox.deliver_due("oncall") is not None
    assert (outbox.pending, outbox.set_aside) == (1, 0)


def test_what_was_set_aside_is_settled_in_history_with_its_reason(tmp_path: Path) -> None:
    history, told = History(str(tmp_path / "history.sqlite")), notice(Event.FAILED)
    with history.transaction() as connection:
        history.write(connection, [StateChange(notices=[told])])
    history.close()
    with receiver() as hook:
        hook.status = 400
        desk = Desk(hook.url.replace("http://", "json://"), history)
        desk.outbox.load()
        desk.outbox.deliver_due("oncall")
    with history.transaction() as connection:
        row = connection.exec_driver_sql("SELECT settled IS NOT NULL, dropped, error FROM outbox").one()
    assert tuple(row) == (1, 1, "the receiver answered with status 400")


# Time.


@contextmanager
def trickling() -> Iterator[str]:
    """A receiver that sends a header line now and then, and never ends; it stops when the test does."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def talk(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while not over.wait(0.02):
                connection.sendall(b"X-Drip: 1\r\n")

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=talk, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        over.set()
        listener.close()


@pytest.mark.parametrize("through", ["webhook", "apprise"])
def test_a_receiver_that_trickles_is_given_up_and_keeps_no_other_waiting(through: str) -> None:
    with trickling() as url, receiver() as hook:
        if through == "webhook":
            slow = sender(Channel.model_validate({"name": "slow", "webhook": url, "timeout": "200ms"}), {})
        else:
            slow = sender(
                Channel.model_validate({"name": "slow", "apprise_env": "SLOW", "timeout": "200ms"}),
                {"SLOW": url.replace("http://", "json://")},
            )
        fast = sender(Channel(name="oncall", webhook=hook.url), {})
        outbox = Outbox({"slow": slow, "oncall": fast}, FakeClock(0), None)
        outbox.add([notice(Event.FAILED, channel="slow"), notice(Event.FAILED)])
        outbox.deliver_all()
    assert outbox.last_error == {"slow": "the receiver was not done within 0.2 s"}
    assert [body["title"] for body in hook.every] == ["FAILED: a"]


def test_receivers_that_hang_keep_neither_others_waiting_nor_a_probe_from_its_end(tmp_path: Path) -> None:
    """More of them than Apprise's own threads; the process ends although they never do."""
    with trickling() as url, receiver() as hook:
        slow = url.replace("http://", "json://")
        (tmp_path / "a.toml").write_text(
            '[notices.slow]\napprise_env = "SLOW"\ntimeout = "200ms"\n'
            '[notices.fast]\napprise_env = "FAST"\ntimeout = "60s"\n'
            '[canaries.a]\nnotices = ["slow", "fast"]\ntimeout = "2s"\nretry = false\n'
            "[canaries.a.incident]\nunknown_after = 0\nopens_after = 2\n"
        )
        environment = {
            **os.environ,
            "SLOW": " ".join(f"{slow}{number}" for number in range(40)),
            "FAST": hook.url.replace("http://", "json://"),
            "LINEMAN_BASE_URL": f"http://127.0.0.1:{free_port()}",
            "LINEMAN_TOKEN": "t",
        }
        command = [sys.executable, "-m", "lineman", "probe", "a", "--monitors", str(tmp_path)]
        for number in range(2):
            if number:
                _a_minute_ago(tmp_path / "history.sqlite")
            ran = subprocess.run(
                [*command, "--history", str(tmp_path / "history.sqlite")],
                env=environment, capture_output=True, text=True, timeout=300, check=False,
            )  # fmt: skip
            assert ran.returncode == 2, ran.stderr
    assert [body["title"] for body in hook.every] == ["FAILED: a"]


def _a_minute_ago(path: Path) -> None:
    """Let what history holds have happened a minute earlier, so that the next probe has a slot of its own."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE slots SET first = first - 60000, last = last - 60000")


def test_no_channel_waits_for_another() -> None:
    arrived = threading.Event()

    def waits_for_the_other(_: Notice) -> None:
        if not arrived.wait(60):
            raise ChannelError("the other one was not sent meanwhile")

    def arrives(_: Notice) -> None:
        arrived.set()

    outbox = Outbox({"first": waits_for_the_other, "second": arrives}, FakeClock(0), None)
    outbox.add([notice(Event.FAILED, channel="first"), notice(Event.FAILED, channel="second")])
    outbox.deliver_all()
    assert outbox.delivered == 2


def test_what_ends_late_is_not_sent_twice() -> None:
    calls, over = list[str](), threading.Event()
    channel = sender(
        Channel.model_validate({"name": "oncall", "webhook": "http://127.0.0.1:9/", "timeout": "20ms"}), {}
    )

    def slow(given: Notice) -> None:
        calls.append(given.key)
        over.wait()

    (bounded,) = [channel._bounded(Receiver("r", "", slow))]
    with pytest.raises(ChannelError, match="not done within"):
        bounded.send(notice(Event.FAILED))
    over.set()
    channel._deadline.seconds = 60
    bounded.send(notice(Event.FAILED))
    assert len(calls) == 1


@pytest.mark.parametrize("step", [-HOUR, HOUR])
def test_setting_the_clock_silences_nobody(step: int) -> None:
    clock, broken, sent = FakeClock(10 * HOUR), [True], list[str]()

    def send(given: Notice) -> None:
        if broken[0]:
            raise ChannelError("closed")
        sent.append(given.title)

    outbox = Outbox({"oncall": send}, clock, None)
    outbox.add([notice(Event.FAILED)])
    wait = outbox.deliver_due("oncall")
    clock.set_wall(step)
    broken[0] = False
    assert wait is not None
    clock.live(wait)
    assert outbox.deliver_due("oncall") is None
    assert sent == ["FAILED: a"]


def test_later_news_behind_one_that_waits_does_not_keep_the_worker_busy() -> None:
    def closed(_: Notice) -> None:
        raise ChannelError("closed")

    outbox = Outbox({"oncall": closed}, FakeClock(0), None)
    outbox.add([notice(Event.FAILED), notice(Event.RECOVERED)])
    assert (outbox.deliver_due("oncall") or 0) >= 2_000


# Words.


@pytest.mark.parametrize(
    "text",
    ["<b>bold</b>", "@everyone look", "<!channel>", "<@U123>", "[pay](http://evil.example)", "**x** _y_ `z` ~q~ ||s||"],
)
def test_nothing_of_a_text_is_markup_or_a_mention(text: str) -> None:
    assert not set("<>@*`~|[]").intersection(inert(text))
    assert inert("access_code of 400") == "access_code of 400"


def test_no_live_markup_for_chats(monkeypatch: pytest.MonkeyPatch) -> None:
    """Apprise's own plugins for Telegram and Discord, with the request that they make caught."""
    bodies: list[str] = []

    def post(*_: object, **given: object) -> requests.Response:
        bodies.append(str(given.get("data")))
        answer = requests.Response()
        answer.status_code = 200
        answer._content = b'{"ok": true, "result": {"message_id": 1}}'
        return answer

    monkeypatch.setattr(requests, "post", post)
    monkeypatch.setattr(requests.Session, "request", lambda self, *a, **k: post(*a, **k))
    for url in ("tgram://123456789:abcdefg_hijklmnop/12315544", "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"):
        bodies.clear()
        text = plain_notice(Event.FAILED, "m", "oncall", "a", "<a href='x'>y</a> @everyone **b** [c](http://d)", 0)
        found: list[Callable[[Notice], None]] = [one.send for one in apprise_receivers(url)]
        found[0](text)
        said = "".join(bodies)
        assert "‹a href=" in said or "\\u2039a href=" in said
        assert "@everyone" not in said
        assert "**b**" not in said
