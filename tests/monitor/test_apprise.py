"""Notices through Apprise, delivered for real to a receiver of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.monitor.servers import receiver
from tests.monitor.simulation import FakeClock

from lineman.monitor.config.models import Channel
from lineman.monitor.delivery.channels import ChannelError, sender
from lineman.monitor.delivery.outbox import Outbox
from lineman.monitor.incidents.alerts import Event
from lineman.monitor.incidents.notices import plain_notice

# One of Apprise's many plugins imports what a later Python no longer has.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
SECRET = "planted-secret-of-a-channel"


def through(url: str, path: str = "") -> str:
    """Apprise's address of a receiver that takes JSON; it holds a secret, as such addresses do."""
    return url.replace("http://", f"json://user:{SECRET}@") + path


@pytest.mark.parametrize(
    ("event", "kind"), [(Event.FAILED, "failure"), (Event.DEGRADED, "warning"), (Event.RECOVERED, "success")]
)
def test_a_notice_arrives_with_its_kind(tmp_path: Path, event: Event, kind: str) -> None:
    with receiver() as hook:
        file = tmp_path / "oncall.url"
        file.write_text(through(hook.url) + "\n")
        notice = plain_notice(event, "subject/failed", "oncall", "subject", "no answer\nsince <then> & now", 0)
        sender(Channel(name="oncall", apprise_file=file))(notice)
    assert [(body["title"], body["type"]) for body in hook.every] == [(notice.title, kind)]
    assert hook.every[0]["message"] == notice.body


def test_several_addresses_all_get_it() -> None:
    notice = plain_notice(Event.FAILED, "m", "oncall", "subject", "no answer", 0)
    with receiver() as near, receiver() as far:
        channel = Channel(name="oncall", apprise_env="ONCALL")
        sender(channel, {"ONCALL": f"{through(near.url)} {through(far.url)}"})(notice)
    assert len(near.every) == len(far.every) == 1


def test_what_does_not_arrive_is_sent_again_and_names_no_address(caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock(0)
    notice = plain_notice(Event.FAILED, "m", "oncall", "subject", "no answer", 0)
    with receiver() as hook:
        hook.status = 500
        send = sender(Channel(name="oncall", apprise_env="ONCALL"), {"ONCALL": through(hook.url)})
        outbox = Outbox({"oncall": send}, clock, None)
        outbox.add([notice])
        wait = outbox.deliver_due("oncall")
        assert wait is not None
        assert outbox.last_error == {"oncall": "the receiver answered with status 500"}
        hook.status = 204
        clock.live(wait)
        assert outbox.deliver_due("oncall") is None
    assert len(hook.every) == 1
    assert SECRET not in "".join(record.getMessage() for record in caplog.records if "lineman" in record.name)


def test_an_address_that_apprise_does_not_know() -> None:
    notice = plain_notice(Event.FAILED, "m", "oncall", "subject", "no answer", 0)
    with pytest.raises(ChannelError, match="an Apprise URL is not valid") as caught:
        sender(Channel(name="oncall", apprise_env="ONCALL"), {"ONCALL": f"nosuch://{SECRET}"})(notice)
    assert SECRET not in str(caught.value)
