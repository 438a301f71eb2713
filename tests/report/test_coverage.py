"""The map of what was exercised."""

from __future__ import annotations

from lineman.report import run as records
from lineman.report.coverage import coverage_maps

from . import builders


def tiles(name: str, tested: records.Tested) -> dict[str, tuple[int, int]]:
    found = next(one for one in coverage_maps(builders.make_run(tested=tested)) if one.title == name)
    return {tile.value: (tile.number, tile.tone) for tile in found.tiles}


def test_documented_values_never_met_are_shown() -> None:
    found = tiles("limit", records.Tested(limits={"10": 40, "0": 1}))
    assert list(found) == ["0", "1", "10", "100", "101"]
    assert found["100"] == (0, 0)
    assert found["10"] == (40, 4)
    assert found["0"][1] < 4


def test_combinations_of_filters_have_one_name() -> None:
    found = tiles("Filters", records.Tested(filters={"mediatypeId+accessCode": 2, "accessCode+mediatypeId": 3}))
    assert found["accessCode+mediatypeId"][0] == 5
    assert "mediatypeId+accessCode" not in found


def test_a_flood_of_values_is_bounded_and_counted() -> None:
    tested = records.Tested(offsets={str(at): 1 + at % 3 for at in range(300)})
    found = next(one for one in coverage_maps(builders.make_run(tested=tested)) if one.title == "offset")
    assert len(found.tiles) == 48
    assert found.left_out == 252
    assert {"0", "100"} <= {tile.value for tile in found.tiles}
