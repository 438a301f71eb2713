"""How the votes of several locations are counted, held against counting by hand."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from lineman.monitor.config.models import Canary, MonitorSettings
from lineman.monitor.incidents.quorum import Vote, combine, complete, latest_votes, on_time, votes_needed, window
from lineman.monitor.result import Cause, ProbeVerdict

CANARY = Canary.model_validate({"name": "subject", "interval": 10, "timeout": 5})
STEP = 10_000
SLOT = 100 * STEP
SAID = [ProbeVerdict.OK, ProbeVerdict.DEGRADED, ProbeVerdict.FAILED, ProbeVerdict.UNKNOWN]
SHARES = st.one_of(st.none(), st.integers(1, 100).map(lambda percent: percent / 100))
VOICES = st.lists(
    st.builds(
        Vote,
        st.sampled_from(["a", "b", "c", "d", "e"]),
        st.integers(-6, 1).map(lambda back: SLOT + back * STEP),
        st.sampled_from(SAID),
    ),
    max_size=20,
    unique_by=lambda voice: (voice.location, voice.slot),
)


def reference(voices: list[Vote], share: float | None, least: int) -> ProbeVerdict:
    """Location by location, vote by vote."""
    votes = []
    for location in {voice.location for voice in voices}:
        heard = [voice for voice in voices if voice.location == location and SLOT - 35_000 < voice.slot <= SLOT]
        if heard:
            last = max(heard, key=lambda voice: voice.slot)
            if last.verdict is not ProbeVerdict.UNKNOWN:
                votes.append(last.verdict)
    if len(votes) < least:
        return ProbeVerdict.UNKNOWN

    def carried(number: int) -> bool:
        if number == 0:
            return False
        if share is None:
            return 2 * number > len(votes)
        return Decimal(number) >= Decimal(str(share)) * len(votes)

    if carried(votes.count(ProbeVerdict.FAILED)):
        return ProbeVerdict.FAILED
    if carried(len(votes) - votes.count(ProbeVerdict.OK)):
        return ProbeVerdict.DEGRADED
    return ProbeVerdict.OK


@given(VOICES, SHARES, st.integers(1, 4))
def test_votes_are_counted_as_by_hand(voices: list[Vote], share: float | None, least: int) -> None:
    settings = MonitorSettings.model_validate({"quorum": share, "min_locations": least})
    heard = latest_votes(voices, SLOT, window(CANARY))
    result = combine(CANARY, SLOT, heard, settings)
    assert result.verdict is reference(voices, share, least)
    assert result.message
    own = CANARY.model_copy(update={"quorum": share, "min_locations": least})
    assert combine(own, SLOT, heard, MonitorSettings()).verdict is result.verdict


@given(st.integers(1, 40), SHARES)
def test_the_needed_votes_are_the_fewest_that_carry(votes: int, share: float | None) -> None:
    enough = votes_needed(votes, share)
    limit = Decimal(votes) / 2 if share is None else Decimal(str(share)) * votes
    assert 1 <= enough <= votes
    assert enough > limit if share is None else enough >= limit
    assert enough == 1 or (enough - 1 <= limit if share is None else enough - 1 < limit)


@given(VOICES)
def test_one_location_alone_never_decides_by_default(voices: list[Vote]) -> None:
    only_one_failed = [
        voice if voice.location == "a" else Vote(voice.location, voice.slot, ProbeVerdict.OK) for voice in voices
    ]
    heard = latest_votes(only_one_failed, SLOT, window(CANARY))
    assert combine(CANARY, SLOT, heard, MonitorSettings()).verdict is not ProbeVerdict.FAILED


def test_what_the_majority_saw_is_told() -> None:
    heard = [
        Vote("frankfurt", SLOT, ProbeVerdict.FAILED, Cause.TOKEN, "no token", 0.2, "token/https://t"),
        Vote("oslo", SLOT, ProbeVerdict.FAILED, Cause.TOKEN, "no token", 0.3, "token/https://t"),
        Vote("porto", SLOT, ProbeVerdict.OK, Cause.NONE, "ok", 0.1),
    ]
    result = combine(CANARY, SLOT, heard, MonitorSettings())
    assert (result.verdict, result.cause, result.last.root) == (ProbeVerdict.FAILED, Cause.TOKEN, "token/https://t")
    assert result.message == "at 2 of 3 locations: no token [frankfurt (failed), oslo (failed)]"
    spared = combine(CANARY, SLOT, heard[1:], MonitorSettings())
    assert (spared.verdict, spared.last.root) == (ProbeVerdict.OK, None)
    assert spared.message == "up; at 1 of 2 locations: no token [oslo (failed)]"
    alone = combine(CANARY, SLOT, heard[:1], MonitorSettings())
    assert alone.message == "fresh measurements from 1 locations, 2 are needed; heard from: frankfurt (failed)"


def test_a_clock_that_is_ahead_has_no_vote_until_it_is_set_right() -> None:
    near, now = Vote("near", SLOT, ProbeVerdict.OK), SLOT + 1_000
    ahead = [Vote("far", SLOT + number * STEP, ProbeVerdict.FAILED) for number in range(-2, 4)]
    assert on_time([near, *ahead], now) == [near]
    seconds = [Vote("far", SLOT + 4_000, ProbeVerdict.FAILED)]
    assert on_time([near, *seconds], now) == [near, *seconds]
    right = Vote("far", SLOT, ProbeVerdict.OK, lap=1)
    assert on_time([near, *ahead, right], now) == [near, right]


def test_a_slot_waits_for_those_who_will_speak() -> None:
    reach = window(CANARY)
    near, far = Vote("near", SLOT, ProbeVerdict.OK), Vote("far", SLOT - STEP, ProbeVerdict.OK)
    assert not complete([near, far], SLOT, reach)
    assert complete([near, far, Vote("far", SLOT, ProbeVerdict.UNKNOWN)], SLOT, reach)
    assert complete([near, Vote("gone", SLOT - 10 * STEP, ProbeVerdict.OK)], SLOT, reach)
    assert not complete([], SLOT, reach)
