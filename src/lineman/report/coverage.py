"""Which values a run has exercised, as a map: what was tried, how often, and which documented value never was."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from lineman.report.run import Run

_FILTERS = ("accessCode", "mediatypeId", "description")
_DOCUMENTED_STATUSES = ("200", "400", "401", "403", "404", "500")
_BOUNDARIES = {"limits": ("0", "1", "100", "101"), "offsets": ("0", "100")}
_MOST_TILES = 48


@dataclass(frozen=True, slots=True)
class Tile:
    """One value. ``tone`` is 0 for a documented value never met, else 1 to 4 by the logarithm of the number."""

    value: str
    number: int
    tone: int


@dataclass(frozen=True, slots=True)
class CoverageMap:
    title: str
    meaning: str
    tiles: list[Tile]
    left_out: int


def coverage_maps(run: Run) -> list[CoverageMap]:
    """The maps of a run: answers by status, limits, offsets, filters."""
    tested = run.tested
    pairs = tuple(f"{one}+{two}" for at, one in enumerate(_FILTERS) for two in _FILTERS[at + 1 :])
    combinations = ("none", *_FILTERS, *pairs, "+".join(_FILTERS))
    return [
        _map("Answers by status", "answers", tested.statuses, _DOCUMENTED_STATUSES),
        _map("limit", "requests with this limit", tested.limits, _BOUNDARIES["limits"]),
        _map("offset", "requests with this offset", tested.offsets, _BOUNDARIES["offsets"]),
        _map("Filters", "requests with this combination", _canonical(tested.filters), combinations),
    ]


def _canonical(filters: Mapping[str, int]) -> dict[str, int]:
    """Combinations named in one order, so that ``b+a`` and ``a+b`` are one."""
    found: dict[str, int] = {}
    for name, number in filters.items():
        parts = sorted(name.split("+"), key=lambda part: _FILTERS.index(part) if part in _FILTERS else len(_FILTERS))
        joined = "+".join(parts)
        found[joined] = found.get(joined, 0) + number
    return found


def _map(title: str, meaning: str, found: Mapping[str, int], documented: tuple[str, ...]) -> CoverageMap:
    values = sorted({*found, *documented}, key=_order)
    most = max(found.values(), default=1)
    tiles = [Tile(value, found.get(value, 0), _tone(found.get(value, 0), most)) for value in values]
    shown = tiles
    if len(tiles) > _MOST_TILES:
        kept = {value for value in values if value in documented}
        kept |= {tile.value for tile in sorted(tiles, key=lambda tile: -tile.number)[: _MOST_TILES - len(kept)]}
        shown = [tile for tile in tiles if tile.value in kept]
    return CoverageMap(title, meaning, shown, len(tiles) - len(shown))


def _tone(number: int, most: int) -> int:
    if number == 0:
        return 0
    return 1 + min(3, int(4 * math.log(number + 1) / math.log(most + 2)))


def _order(value: str) -> tuple[int, float, str]:
    try:
        return (0, float(value), value)
    except ValueError:
        return (1, float(value.count("+")) - (value == "none"), value)
