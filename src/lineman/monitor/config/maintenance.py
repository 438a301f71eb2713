"""Maintenance windows: single or recurring, on a wall clock somewhere, ending by themselves.

A recurring window begins at a local time of day and lasts a length of real time, so that a window of two
hours is two hours on the nights when clocks change too. A local time that does not exist that day
(clocks go forward) begins at the instant of the change; one that comes twice begins at its first coming.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from lineman.monitor.clock import DAY
from lineman.monitor.config.durations import Duration
from lineman.text import hint
from lineman.times import format_ms

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONGEST = 7 * DAY


def _zone(value: Any) -> Any:
    if isinstance(value, ZoneInfo):
        return value
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, TypeError, OSError):
        raise ValueError(f"{value!r} is no time zone{hint(str(value), available_timezones())}") from None


def _time_of_day(value: Any) -> Any:
    if isinstance(value, time):
        return value
    try:
        return time.fromisoformat(value)
    except (ValueError, TypeError):
        raise ValueError(f"{value!r} is no time of day: write for example '02:30'") from None


class MaintenanceWindow(BaseModel):
    """A single window (``start`` with ``lasts`` or ``end``) or a recurring one (``at`` and ``lasts``, on ``days``)."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    zone: Annotated[ZoneInfo, BeforeValidator(_zone)]
    """IANA time zone in which the times are meant, such as ``Europe/Berlin`` or ``UTC``."""
    reason: str = ""
    start: datetime | None = None
    """Local date and time of a single window."""
    end: datetime | None = None
    lasts: Duration | None = None
    at: Annotated[time | None, BeforeValidator(lambda value: None if value is None else _time_of_day(value))] = None
    """Local time of day at which a recurring window begins."""
    days: tuple[Weekday, ...] = Field(default=WEEKDAYS)
    """Days of the week on which it begins; every day where not given."""
    until: date | None = None
    """Last day on which a recurring window begins."""

    @model_validator(mode="after")
    def _consistent(self) -> MaintenanceWindow:
        if (self.start is None) == (self.at is None):
            raise ValueError("give either 'start' (a single window) or 'at' (a recurring one)")
        if self.at is not None and (self.lasts is None or self.end is not None):
            raise ValueError("a recurring window needs 'lasts', not 'end'")
        if self.start is not None and (self.lasts is None) == (self.end is None):
            raise ValueError("a single window needs either 'lasts' or 'end'")
        for moment in (self.start, self.end):
            if moment is not None and moment.tzinfo is not None:
                raise ValueError(f"{moment.isoformat()} has an offset of its own: leave it out, 'zone' says it")
        length = self._length()
        if not 0 < length <= LONGEST:
            raise ValueError(
                f"a window of {format_ms(length) if length > 0 else length}: at most {format_ms(LONGEST)}, above 0"
            )
        return self

    def _length(self) -> int:
        if self.lasts is not None:
            return self.lasts
        assert self.start is not None and self.end is not None  # noqa: S101, PT018 - the validator's first checks
        return _instant(self.end, self.zone) - _instant(self.start, self.zone)

    def spans(self, begin: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the windows, as instants, that touch ``[begin, end)``, in order."""
        length = self._length()
        for opening in self._openings(begin - length, end):
            if opening < end and opening + length > begin:
                yield opening, opening + length

    def _openings(self, begin: int, end: int) -> Iterator[int]:
        if self.start is not None:
            yield _instant(self.start, self.zone)
            return
        assert self.at is not None  # noqa: S101 - the validator's first check
        day = datetime.fromtimestamp(begin / 1_000, self.zone).date() - timedelta(days=1)
        last = datetime.fromtimestamp(end / 1_000, self.zone).date()
        while day <= last and (self.until is None or day <= self.until):
            if WEEKDAYS[day.weekday()] in self.days:
                yield _instant(datetime.combine(day, self.at), self.zone)
            day += timedelta(days=1)


def _instant(local: datetime, zone: ZoneInfo) -> int:
    """The instant of a local time; of one that the clocks skip, the instant at which they do."""
    first = local.replace(tzinfo=zone, fold=0)
    instant = first.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local:
        return round(instant.timestamp() * 1_000)
    before, after = first.utcoffset(), first.replace(fold=1).utcoffset()
    assert before is not None and after is not None  # noqa: S101, PT018 - both carry a zone
    low, high = sorted((local - before, local - after))
    return _change_between(low.replace(tzinfo=UTC), high.replace(tzinfo=UTC), zone)


def _change_between(low: datetime, high: datetime, zone: ZoneInfo) -> int:
    """The instant, to the second, at which the zone's offset changes between two instants."""
    begin, end = round(low.timestamp()), round(high.timestamp())
    offset = low.astimezone(zone).utcoffset()
    while end - begin > 1:
        middle = (begin + end) // 2
        same = datetime.fromtimestamp(middle, zone).utcoffset() == offset
        begin, end = (middle, end) if same else (begin, middle)
    return end * 1_000


def merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, overlapping and touching ones joined."""
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined


def maintenance_spans(windows: tuple[MaintenanceWindow, ...], begin: int, end: int) -> list[tuple[int, int]]:
    """All windows that touch ``[begin, end)``, joined, cut to it."""
    spans = [span for window in windows for span in window.spans(begin, end)]
    return [(max(first, begin), min(last, end)) for first, last in merged(spans)]


def in_maintenance(windows: tuple[MaintenanceWindow, ...], instant: int) -> bool:
    """True where the instant lies in one of the windows."""
    return any(True for window in windows for _ in window.spans(instant, instant + 1))
