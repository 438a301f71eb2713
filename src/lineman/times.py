"""Lengths of time and instants as people read them: the one place where either becomes text.

Babel's ``format_timedelta`` says one rounded unit ("3 minutes") and nothing below a second: too coarse for what is
measured here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

DurationStyle = Literal["measured", "spent", "rough", "setting", "tick"]
InstantStyle = Literal["second", "minute", "short", "precise", "day", "clock", "iso", "name", "local"]

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_INSTANTS = {
    "second": "%Y-%m-%d %H:%M:%S UTC",
    "minute": "%Y-%m-%d %H:%M UTC",
    "short": "%Y-%m-%d %H:%M",
    "precise": "%Y-%m-%d %H:%M:%S.%f UTC",
    "day": "%Y-%m-%d",
    "clock": "%H:%M:%S",
    "iso": "%Y-%m-%dT%H:%M:%SZ",
    "name": "%Y%m%dT%H%M%SZ",
}


def format_duration(seconds: float | None, style: DurationStyle = "measured") -> str:
    """Write a length of time; a dash for None.

    ``measured``: ``0.4 ms``, ``34 ms``, ``1.25 s``, for latencies. ``spent``: ``4.2 s``, ``3 min 05 s``, for what
    took a while. ``rough``: ``2 h 5 min``, the two largest units. ``setting``: ``1h30m``, ``250ms``, as settings have
    it. ``tick``: ``20 ms``, ``500 µs``, for an axis.
    """
    return "–" if seconds is None else _DURATIONS[style](seconds)


def format_ms(milliseconds: int) -> str:
    """Write milliseconds as a setting has them: ``1h30m``, ``250ms``."""
    return _setting(milliseconds / 1_000)


def format_instant(value: datetime | int, style: InstantStyle = "second") -> str:
    """Write an instant, a ``datetime`` or milliseconds since the epoch, in UTC; ``local`` on this machine's clock."""
    moment = datetime.fromtimestamp(value / 1_000, UTC) if isinstance(value, int) else value
    if style == "local":
        return f"{moment.astimezone():%Y-%m-%d %H:%M:%S %z}"
    return moment.astimezone(UTC).strftime(_INSTANTS[style])


@lru_cache(1_024)  # a page of the monitor asks for the same days thousands of times
def day_of(instant: int) -> str:
    """The UTC day of an instant in milliseconds: ``2026-05-04``."""
    return format_instant(instant, "day")


def _measured(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:,.2f} s"
    milliseconds = seconds * 1_000
    return f"{milliseconds:.0f} ms" if milliseconds >= 10 else f"{milliseconds:.1f} ms"


def _spent(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def _rough(seconds: float) -> str:
    """The largest unit and the next one, where that is not 0; nothing below a second."""
    rest = max(0, int(seconds))
    parts: list[str] = []
    for name, size in _UNITS:
        count, rest = divmod(rest, size)
        if count or (name == "s" and not parts):
            parts.append(f"{count} {name}")
        elif parts:
            break
        if len(parts) == 2:
            break
    return " ".join(parts)


def _setting(seconds: float) -> str:
    milliseconds = round(seconds * 1_000)
    if milliseconds < 1_000:
        return f"{milliseconds}ms"
    if milliseconds < 60_000:
        return f"{milliseconds / 1_000:g}s"
    parts, rest = [], milliseconds // 1_000
    for name, size in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{name[0]}")
    return "".join(parts[:2])


def _tick(seconds: float) -> str:
    for unit, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= unit * 0.999:  # a tick of a logarithmic axis falls a hair below its power of ten
            return f"{seconds / unit:.3g} {name}"
    return "0 s"


_DURATIONS: dict[DurationStyle, Callable[[float], str]] = {
    "measured": _measured,
    "spent": _spent,
    "rough": _rough,
    "setting": _setting,
    "tick": _tick,
}
