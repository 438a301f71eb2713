"""What a notice says: where it is, in bounded words; and drift that never ends, told once."""

from __future__ import annotations

import json

import pytest
from tests.monitor.simulation import result_of
from tests.monitor.test_deciding import BAD, OK, Desk, broken, canary, rooted

from lineman.monitor.clock import DAY
from lineman.monitor.config.loading import with_addresses
from lineman.monitor.config.models import Configuration
from lineman.monitor.incidents.alerts import Event
from lineman.monitor.incidents.notices import for_location, shortest
from lineman.monitor.incidents.state import JOINT


def test_a_notice_says_where() -> None:
    desk = Desk(canary("a", title="Hotlines of the north", target="staging").at("https://api.example.com/v1"))
    desk.state.place = "frankfurt"
    desk.minutes("a", BAD, BAD)
    (told,) = desk.notices
    assert told.body.splitlines()[1:] == [
        f"since {told.facts['since']}",
        "canary: a (Hotlines of the north)",
        "target: staging at https://api.example.com/v1",
        "location: frankfurt",
    ]
    payload = told.payload()
    assert (payload["target"], payload["address"], payload["location"]) == (
        "staging",
        "https://api.example.com/v1",
        "frankfurt",
    )
    # What was there before stays.
    assert {"key", "event", "title", "body", "matter", "created", "canaries", "incidents", "cause", "since"} <= set(
        payload
    )


def test_drift_and_burn_rates_say_where_as_well() -> None:
    subject = canary(target="staging", slo={"objective": 99.9}, incident={"opens_after": 0, "unknown_after": 0})
    desk = Desk(subject.at("https://api.example.com"))
    desk.minutes("a", *[OK] * 70, BAD, BAD, BAD)
    desk.minute(a=broken("a", "f1"))
    assert {Event.BURN, Event.DRIFT} <= set(desk.events)
    for told in desk.notices:
        assert "target: staging at https://api.example.com" in told.body
        assert told.payload()["address"] == "https://api.example.com"


def test_all_locations_together_are_called_that() -> None:
    desk = Desk(canary())
    desk.minutes("a", BAD, BAD)
    assert for_location(desk.notices[0], JOINT).body.endswith("\nlocation: all locations together")


def test_the_address_holds_no_credential() -> None:
    configuration = Configuration(canaries={"a": canary()})
    environment = {"LINEMAN_BASE_URL": "https://api.example.com/v1/", "LINEMAN_TOKEN": "planted"}
    assert with_addresses(configuration, environment).canaries["a"].address == "https://api.example.com/v1"
    assert with_addresses(configuration, {}).canaries["a"].address == ""


def test_a_hundred_canaries_on_one_token_service_make_a_short_text() -> None:
    names = [f"canary-with-a-long-name-{number:03}" for number in range(100)]
    desk = Desk(*(canary(name, title="Hotline of a tenant") for name in names))
    for _ in range(2):
        desk.minute(**{name: rooted(name, BAD, "token/https://t.example") for name in names})
    desk.minute(**{names[0]: rooted(names[0], BAD, "token/https://t.example")})
    for _ in range(2):
        desk.minute(**dict.fromkeys(names, OK))
    recovered = desk.notices[-1]
    assert recovered.event is Event.RECOVERED
    assert "and 80 more" in recovered.body
    assert len(recovered.title) + len(recovered.body) < 2_000
    payload = recovered.payload()
    assert (len(payload["canaries"]), payload["canaries_total"]) == (20, 100)
    assert len(json.dumps(payload)) < 5_992
    assert len(json.dumps(shortest(recovered).payload())) < 700
    # History keeps all of them: the status page finds the notices of an incident by it.
    assert len(recovered.facts["incidents"]) == 100


def test_a_message_of_the_target_cannot_pose_as_ours() -> None:
    desk = Desk(canary())
    bad = result_of("a", 0, BAD)
    for _ in range(2):
        message = "no\nlocation: elsewhere\x1b[31m \u202e" + "x" * 5_000
        desk.minute(a=type(bad)(**{**{n: getattr(bad, n) for n in bad.__slots__}, "message": message}))
    first, *rest = desk.notices[0].body.splitlines()
    assert first.startswith("no location: elsewhere⟨U+001B⟩[31m ⟨U+202E⟩x")
    assert len(first) < 600
    assert all(line.startswith("since ") for line in rest)


# Drift.


@pytest.mark.parametrize("opens_after", [1, 3])
def test_violations_that_differ_at_every_probe_are_told_once_as_that(opens_after: int) -> None:
    desk = Desk(canary(incident={"opens_after": opens_after}))
    for number in range(200):
        desk.minute(a=broken("a", f"random-{number}"))
    drift = [notice for notice in desk.notices if notice.event is Event.DRIFT]
    assert len(drift) <= 3
    assert sum("in another way at nearly every probe" in notice.body for notice in drift) == 1
    assert len(desk.state.drift) <= 5
    assert desk.events.count(Event.FAILED) == 1


def test_a_release_that_breaks_six_promises_is_told_six_times() -> None:
    desk = Desk(canary(incident={"opens_after": 1}))
    for _ in range(10):
        desk.minute(a=broken("a", *(f"f{number}" for number in range(6))))
    told = [notice.matter for notice in desk.notices if notice.event is Event.DRIFT]
    assert sorted(told) == [f"a/drift/f{number}" for number in range(1, 6)]


def test_after_a_quiet_week_it_is_told_again() -> None:
    desk = Desk(canary(incident={"opens_after": 1}))
    for number in range(20):
        desk.minute(a=broken("a", f"random-{number}"))
    desk.now += 8 * DAY
    for number in range(20, 40):
        desk.minute(a=broken("a", f"random-{number}"))
    bodies = [notice.body for notice in desk.notices if notice.event is Event.DRIFT]
    assert sum("in another way at nearly every probe" in body for body in bodies) == 2
