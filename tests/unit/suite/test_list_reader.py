"""What a list that is read again and again says of itself."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.unit.exchanges import answered, page

from lineman.contract.model import Model
from lineman.exchange import Exchange, Request
from lineman.suite.list_reader import ListReader
from lineman.suite.run_state import RunState


def told(states: Sequence[str]) -> list[str]:
    """Read a list that has these records, one a letter, one state after the other, and return what was blamed."""
    recorder, left = RunState(), iter(states)

    def send(requests: Sequence[Request]) -> list[Exchange]:
        return [answer(request, next(left)) for request in requests]

    reader = ListReader(send, Model(), recorder)
    reader.read()
    for _ in states[1:]:
        reader.read_again()
    return [finding.check for finding in recorder.findings]


def answer(request: Request, letters: str, **more: object) -> Exchange:
    records = [{"id": letter, "accessCode": letter, "mediatypeId": 2, **more} for letter in letters]
    return answered(request, 200, page(records, len(records)))


@pytest.mark.parametrize(
    "states",
    [
        ("ab", "abc", "abcd"),
        ("ab", "abc", "ab"),
        ("ab", "abc", "ab", "abd", "ab"),
        ("ab", "abc", "abcd", "abc", "ab"),
    ],
    ids=["grows", "added and taken out", "two were added and taken out", "taken out one by one"],
)
def test_a_list_whose_records_come_and_go_is_not_stale(states: Sequence[str]) -> None:
    assert told(states) == []


@pytest.mark.parametrize("states", [("ab", "abc", "ab", "abc"), ("ab", "abc", "abd", "ab", "abc")])
def test_a_list_that_goes_the_same_way_twice_is_stale(states: Sequence[str]) -> None:
    """When the same record is added a second time, then one of two answers came from an older list."""
    assert told(states) == ["stale_list"]


def reading(member: str, *, other: str = "") -> tuple[list[str], bool, Model]:
    """Read a list twice whose ``member`` is another in every answer, and whose records change by ``other``."""
    recorder, model = RunState(), Model()
    serial = iter(range(1000))

    def send(requests: Sequence[Request]) -> list[Exchange]:
        return [
            answer(request, f"abc{other if model.listings else ''}", **{member: next(serial)}) for request in requests
        ]

    reader = ListReader(send, model, recorder)
    reader.read()
    changed = reader.read_again()
    return [finding.check for finding in recorder.findings], changed, model


def test_an_undocumented_member_that_always_changes_is_no_change_of_the_list() -> None:
    assert reading("iconUrl")[:2] == ([], False)


def test_a_documented_member_that_always_changes_is_told_once_and_then_left_out() -> None:
    told_of, changed, model = reading("numCallAttr")
    assert (told_of, changed) == (["same_members"], False)
    assert model.volatile == {"numCallAttr"}


def test_a_list_that_changes_behind_such_a_member_is_still_seen_to_change() -> None:
    told_of, changed, _ = reading("numCallAttr", other="d")
    assert (told_of, changed) == (["same_members"], True)
