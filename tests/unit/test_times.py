"""Lengths of time and instants as text."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from lineman.times import (
    DurationStyle,
    InstantStyle,
    day_of,
    format_duration,
    format_instant,
    format_ms,
)

HOUR, DAY = 3_600, 86_400


@pytest.mark.parametrize(
    ("style", "seconds", "text"),
    [
        ("measured", None, "–"),
        ("measured", 0.00042, "0.4 ms"),
        ("measured", 0.0341, "34 ms"),
        ("measured", 1.25, "1.25 s"),
        ("measured", 1_234.5, "1,234.50 s"),
        ("spent", 4.21, "4.2 s"),
        ("spent", 185, "3 min 05 s"),
        ("spent", 7_500, "2 h 05 min"),
        ("rough", 0, "0 s"),
        ("rough", 0.999, "0 s"),
        ("rough", -5, "0 s"),
        ("rough", 61, "1 min 1 s"),
        ("rough", HOUR, "1 h"),
        ("rough", HOUR + 5, "1 h"),
        ("rough", 49 * HOUR, "2 d 1 h"),
        ("rough", DAY + 60, "1 d"),
        ("setting", 0.25, "250ms"),
        ("setting", 1.5, "1.5s"),
        ("setting", 5_400, "1h30m"),
        ("setting", 30 * DAY, "30d"),
        ("tick", 0.001, "1 ms"),
        ("tick", 0.0009999, "1 ms"),
        ("tick", 1.5, "1.5 s"),
        ("tick", 0.0005, "500 µs"),
        ("tick", 0, "0 s"),
    ],
)
def test_lengths_of_time(style: DurationStyle, seconds: float | None, text: str) -> None:
    assert format_duration(seconds, style) == text


def test_milliseconds_as_a_setting_has_them() -> None:
    assert [format_ms(one) for one in (1, 999, 1_000, 59_999, 60_000, 90_061_000)] == [
        "1ms",
        "999ms",
        "1s",
        "59.999s",
        "1m",
        "1d1h",
    ]


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("second", "2026-05-04 09:30:05 UTC"),
        ("minute", "2026-05-04 09:30 UTC"),
        ("short", "2026-05-04 09:30"),
        ("precise", "2026-05-04 09:30:05.250000 UTC"),
        ("day", "2026-05-04"),
        ("clock", "09:30:05"),
        ("iso", "2026-05-04T09:30:05Z"),
        ("name", "20260504T093005Z"),
    ],
)
def test_instants(style: InstantStyle, text: str) -> None:
    """The same from a clock elsewhere, and from milliseconds."""
    elsewhere = datetime(2026, 5, 4, 17, 30, 5, 250_000, timezone(timedelta(hours=8)))
    assert format_instant(elsewhere, style) == text
    assert format_instant(round(elsewhere.timestamp() * 1_000), style) == text


def test_the_local_clock_says_its_offset() -> None:
    moment = datetime(2026, 5, 4, 9, 30, 5, tzinfo=UTC)
    assert datetime.strptime(format_instant(moment, "local"), "%Y-%m-%d %H:%M:%S %z") == moment


def test_the_day_is_that_of_utc() -> None:
    assert day_of(DAY * 1_000 - 1) == "1970-01-01"
    assert day_of(DAY * 1_000) == "1970-01-02"
