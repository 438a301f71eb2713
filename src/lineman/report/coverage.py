"""Which values a run has exercised, as a map: what was tried, how often, and which documented value never was."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from lineman.contract.operation import document
from lineman.report.request_table import link_to_rows
from lineman.report.run import Run

_MOST_TILES = 48


@dataclass(frozen=True, slots=True)
class Tile:
    """One value. ``tone`` is 0 for a documented value never met, else 1 to 4 by the logarithm of the number."""

    value: str
    number: int
    tone: int
    link: str = ""
    """Where the requests behind the number are listed; empty where there are none."""


@dataclass(frozen=True, slots=True)
class CoverageMap:
    title: str
    tiles: list[Tile]
    left_out: int


def coverage_maps(run: Run) -> list[CoverageMap]:
    """The maps of a run: answers by status, limits, offsets, filters."""
    tested, contract = run.tested, document()
    statuses = tuple(map(str, contract.statuses))
    names = contract.paging
    return [
        _map("Answers by status", "status", tested.statuses, statuses),
        _map(names.size, names.size, tested.limits, _sizes()),
        _map(names.start, names.start, tested.offsets, _starts()),
        _map("Filters", "filters", _canonical(tested.filters), _combinations()),
    ]


def _sizes() -> tuple[str, ...]:
    """The documented boundaries of a page's size, and one beyond."""
    most = document().paging.size_maximum
    return ("0", "1", str(most), str(most + 1))


def _starts() -> tuple[str, ...]:
    paging = document().paging
    starts = (paging.start_default, paging.start_maximum)
    return tuple(str(start) for start in starts if start is not None)


def _combinations() -> tuple[str, ...]:
    """Every combination of filters by one, by two and all together."""
    filters = tuple(document().filters)
    pairs = tuple(f"{one}+{two}" for at, one in enumerate(filters) for two in filters[at + 1 :])
    return ("none", *filters, *pairs, "+".join(filters))


def _canonical(filters: Mapping[str, int]) -> dict[str, int]:
    """Combinations named in one order, so that ``b+a`` and ``a+b`` are one."""
    found: dict[str, int] = {}
    known = list(document().filters)
    for name, number in filters.items():
        parts = sorted(name.split("+"), key=lambda part: known.index(part) if part in known else len(known))
        joined = "+".join(parts)
        found[joined] = found.get(joined, 0) + number
    return found


def _map(title: str, word: str, found: Mapping[str, int], documented: tuple[str, ...]) -> CoverageMap:
    values = sorted({*found, *documented}, key=_order)
    most = max(found.values(), default=1)
    tiles = [_tile(value, found.get(value, 0), most, word) for value in values]
    shown = tiles
    if len(tiles) > _MOST_TILES:
        kept = {value for value in values if value in documented}
        kept |= {tile.value for tile in sorted(tiles, key=lambda tile: -tile.number)[: _MOST_TILES - len(kept)]}
        shown = [tile for tile in tiles if tile.value in kept]
    return CoverageMap(title, shown, len(tiles) - len(shown))


def _tile(value: str, number: int, most: int, word: str) -> Tile:
    return Tile(value, number, _tone(number, most), link_to_rows(f"{word}={value}") if number else "")


def _tone(number: int, most: int) -> int:
    if number == 0:
        return 0
    return 1 + min(3, int(4 * math.log(number + 1) / math.log(most + 2)))


def _order(value: str) -> tuple[int, float, str]:
    try:
        return (0, float(value), value)
    except ValueError:
        return (1, float(value.count("+")) - (value == "none"), value)
