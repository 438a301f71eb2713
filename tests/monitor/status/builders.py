"""Histories for the page's tests: single results played through the real decisions, older days written as sums."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from lineman.monitor.clock import DAY, HOUR, MINUTE
from lineman.monitor.config.models import Canary, Configuration
from lineman.monitor.incidents.engine import decide
from lineman.monitor.incidents.state import MonitorState, StateChange
from lineman.monitor.result import Attempt, Cause, CertificateSeen, ProbeResult, ProbeVerdict, ProbeViolation, TokenStep
from lineman.monitor.slots import Absence, Grid, SlotEntry, SlotOutcome, stable_offset
from lineman.monitor.status.rendering import export
from lineman.monitor.store import History
from lineman.monitor.store.retention import tidy
from lineman.monitor.store.schema import SUMS

NOW = 1_778_160_000_000 + 9 * HOUR + 30 * MINUTE
"""2026-05-07 22:50 UTC or so: the instant at which the pages of the tests are made."""
HOSTILE = (
    "</script><script>document.title='owned'</script>"
    "<img src=x onerror=\"document.title='owned'\"> \u202eevil\u202c \x00 " + "long" * 60
)
CUSTOMER = "hotline 4008-PLANTED-RECORD"
PHASES = {"resolve": 0.0004, "connect": 0.004, "tls": 0.011, "send": 0.0001, "wait": 0.03, "receive": 0.0006}

Script = Callable[[str, int], ProbeResult | None]
"""What a probe of a canary finds in a slot; None: nobody was there to run it."""


def canary(name: str, **more: Any) -> Canary:
    """A canary with everything that the page can show."""
    return Canary.model_validate(
        {
            "name": name,
            "interval": "1m",
            "latency": {"degraded": "250ms", "failed": "2s"},
            "slo": {"objective": 99.5},
            "notices": ["oncall"],
            **more,
        }
    )


def found(
    name: str,
    slot: int,
    verdict: ProbeVerdict = ProbeVerdict.OK,
    cause: Cause = Cause.NONE,
    message: str = "",
    breaches: tuple[ProbeViolation, ...] = (),
    days_left: float = 64.0,
    reason: str = "",
) -> ProbeResult:
    """What a probe found, with latency that goes up and down over the day."""
    factor = 1 + 0.5 * math.sin(slot / DAY * math.tau) + (slot // MINUTE * 7919 % 101) / 60
    phases = {phase: seconds * factor for phase, seconds in PHASES.items()}
    seconds = sum(phases.values())
    said = message or {ProbeVerdict.OK: f"answered in {round(seconds * 1000)}ms"}.get(verdict, f"it is {verdict}")
    attempt = Attempt(verdict, cause, said, seconds, 200, phases, breaches)
    token = TokenStep(ProbeVerdict.OK, 0.05 * factor, "a new token was issued", 1) if slot // MINUTE % 9 == 0 else None
    seen = CertificateSeen(round(NOW + days_left * DAY), not reason, reason, "CN=service.example.test")
    return ProbeResult(name, "production", slot + 40, verdict, cause, said, (attempt,), token, seen)


def play(
    path: Path | str, canaries: Mapping[str, Canary], script: Script, begin: int, end: int, location: str = "here"
) -> History:
    """Let the canaries' slots from ``begin`` to ``end`` happen, and deliver all notices but the last one."""
    history, state, changes = History(str(path), location), MonitorState(), list[StateChange]()
    for entry, result in _slots(canaries, script, begin, end):
        changes.append(decide(state, canaries, entry, result, entry.first + 500))
    with history.transaction() as connection:
        history.write(connection, changes)
        for notice in history.pending(connection)[:-1]:
            history.settle(connection, notice.key, notice.created + 1_500)
    return history


def _slots(
    canaries: Mapping[str, Canary], script: Script, begin: int, end: int
) -> Iterable[tuple[SlotEntry, ProbeResult | None]]:
    ends = []
    for name, one in canaries.items():
        grid = Grid(one.interval, stable_offset(name, one.interval))
        slot = grid.after(begin)
        while slot < end:
            result = script(name, slot)
            outcome = SlotOutcome.MISSED if result is None else SlotOutcome.RUN
            reason = Absence.DOWN.value if result is None else ""
            ends.append((SlotEntry(name, slot, slot, one.interval, outcome, reason), result))
            slot += one.interval
    return sorted(ends, key=lambda pair: pair[0].first)


Hour = tuple[int, int, int, int, int]
"""Milliseconds up, down, unknown, maintenance, degraded."""


def sum_rows(name: str, begin: int, end: int, hour_of: Callable[[int], Hour], location: str = "here") -> list[Any]:
    """Hourly sums from ``begin`` to ``end``."""
    rows = []
    for hour in range(begin // HOUR * HOUR, end, HOUR):
        up, down, unknown, maintenance, degraded = hour_of(hour)
        median = 0.045 * (1 + 0.5 * math.sin(hour / DAY * math.tau))
        rows.append(
            {
                "location": location,
                "canary": name,
                "hour": hour,
                "up": up,
                "down": down,
                "unknown": unknown,
                "maintenance": maintenance,
                "degraded": degraded,
                "probes": 60,
                "retried": 0,
                "latency_median": median if up else None,
                "latency_95": median * 2.1 if up else None,
                "latency_99": median * 3 if up else None,
            }
        )
    return rows


def write_sums(history: History, rows: list[Any]) -> None:
    """Put hourly sums into history."""
    with history.transaction() as connection:
        connection.execute(SUMS.insert(), rows)


def good(_: int) -> Hour:
    return HOUR, 0, 0, 0, 0


def eventful(hour: int) -> Hour:
    """Now and then down, degraded, not measured, or planned work."""
    day = hour // DAY
    if day % 23 == 0 and hour % DAY == 9 * HOUR:
        return HOUR - 12 * MINUTE, 12 * MINUTE, 0, 0, 0
    if day % 17 == 3 and hour % DAY < 8 * HOUR:
        return 0, 0, HOUR, 0, 0
    if day % 7 == 2 and hour % DAY == 2 * HOUR:
        return 0, 0, 0, HOUR, 0
    if day % 29 == 5 and hour % DAY < 20 * HOUR:
        return 0, HOUR, 0, 0, 0
    if day % 11 == 4 and hour % DAY < 3 * HOUR:
        return HOUR, 0, 0, 0, HOUR // 2
    return good(hour)


def all_well(path: Path) -> Configuration:
    """Three canaries, good for as long as the page looks back."""
    return _scene(path, {name: canary(name) for name in ("documented-example", "second-line", "third")}, found)


def in_incident(path: Path | str) -> Configuration:
    """One canary down with a broken promise, one flapping and degraded before, one in planned work, one stale."""
    work = {"zone": "Europe/Berlin", "days": ["thu", "fri"], "at": "00:00", "lasts": "6h", "reason": "database upgrade"}
    canaries = {
        "documented-example": canary("documented-example"),
        "flapping-line": canary("flapping-line"),
        "quiet-line": canary("quiet-line", interval="2m"),
        "slow-line": canary("slow-line"),
        "upgraded-line": canary("upgraded-line", maintenance=[work]),
    }
    return _scene(path, canaries, _troubled)


def _troubled(name: str, slot: int) -> ProbeResult | None:
    ago = (NOW - slot) // MINUTE
    if name == "documented-example" and ago <= 25:
        breach = ProbeViolation("record.unique", "record.unique-0123456789", f"twice: {CUSTOMER}")
        message = f"contract broken: record.unique: twice: {CUSTOMER} (and 1 more)"
        return found(name, slot, ProbeVerdict.FAILED, Cause.CONTRACT, message, (breach,), days_left=9)
    if name == "flapping-line" and (200 <= ago <= 206 or 192 <= ago <= 196 or 180 <= ago <= 186):
        message = f'no record with accessCode "{CUSTOMER}", mediatypeId 5 among the 3 records of the answer'
        return found(name, slot, ProbeVerdict.FAILED, Cause.CANARY, message)
    if name == "flapping-line" and 206 < ago <= 220:
        return found(name, slot, ProbeVerdict.DEGRADED, Cause.LATENCY, "took 612ms, degraded above 250ms")
    if name == "quiet-line" and ago <= 40:
        return (
            None if ago > 20 else found(name, slot, ProbeVerdict.UNKNOWN, Cause.NETWORK, "our own network: unreachable")
        )
    if name == "slow-line" and ago <= 12:
        return found(
            name, slot, ProbeVerdict.DEGRADED, Cause.CERTIFICATE, "the certificate ends in 9.0 days", days_left=9
        )
    if name == "upgraded-line" and ago <= 15:
        return found(name, slot, ProbeVerdict.FAILED, Cause.STATUS, "status 503 (text/html) in place of 200")
    return found(name, slot)


def hostile(path: Path) -> Configuration:
    """Whatever text the target or the machine could slip in."""
    window = {"zone": "UTC", "at": "23:00", "lasts": "1h", "reason": HOSTILE}
    canaries = {"subject": canary("subject", maintenance=[window], target=None), "other": canary("other")}

    def script(name: str, slot: int) -> ProbeResult | None:
        breach = ProbeViolation("no.such<b>clause", "no.such<b>clause-0123456789", HOSTILE)
        return found(name, slot, ProbeVerdict.FAILED, Cause.STATUS, HOSTILE, (breach,), reason=HOSTILE)

    return _scene(path, canaries, script)


def no_data(path: Path) -> Configuration:
    """Canaries that nobody has probed yet."""
    History(str(path)).open()
    return Configuration(canaries={name: canary(name) for name in ("documented-example", "second-line")})


def many(path: Path, number: int) -> Configuration:
    """Many canaries, a few of them down."""
    names = [f"line-{index:04}" for index in range(number)]
    canaries = {name: canary(name, interval="10m") for name in names}

    def script(name: str, slot: int) -> ProbeResult | None:
        if int(name[-4:]) % 97 == 5:
            return found(name, slot, ProbeVerdict.FAILED, Cause.CONNECT, "no connection to 192.0.2.1 port 443")
        return found(name, slot)

    history = play(path, canaries, script, NOW - 11 * MINUTE, NOW)
    history.close()
    edge = (NOW - 11 * MINUTE) // HOUR * HOUR
    rows = [
        row
        for index, name in enumerate(names)
        for row in sum_rows(name, NOW - (91 if index % 50 == 0 else 1) * DAY, edge, eventful)
    ]
    with closing(sqlite3.connect(path)) as connection, connection:
        places = ", ".join(f":{column.name}" for column in SUMS.columns)
        connection.executemany(f"INSERT INTO sums VALUES ({places})", rows)  # noqa: S608 - names of our own columns
    return Configuration(canaries=canaries)


def _scene(path: Path | str, canaries: Mapping[str, Canary], script: Script) -> Configuration:
    """Four hours played, and sums before them."""
    setup = Configuration(canaries=dict(canaries))
    begin = (NOW - 4 * HOUR) // HOUR * HOUR
    history = play(path, canaries, script, begin, NOW)
    for index, name in enumerate(canaries):
        long = NOW - (120 if index != 2 else 40) * DAY
        write_sums(history, sum_rows(name, long, begin, good if script is found else eventful))
    tidy(history, canaries.values(), setup.monitor, NOW)
    history.close()
    return setup


def page_file(path: Path, setup: Configuration, now: int = NOW) -> Path:
    """The export beside a history."""
    file = path.with_suffix(".html")
    file.write_text(export(setup, str(path), now), encoding="utf-8")
    return file


def details(seconds: float) -> str:
    """The details of a good result, as history keeps them."""
    attempt = {
        "verdict": "ok",
        "cause": "none",
        "message": f"answered in {round(seconds * 1000)}ms",
        "seconds": seconds,
        "status": 200,
        "phases": {phase: round(part * seconds / 0.0461, 9) for phase, part in PHASES.items()},
        "breaches": [],
        "root": None,
    }
    seen = {"not_after": NOW + 64 * DAY, "verified": True, "reason": "", "subject": "CN=service.example.test"}
    return json.dumps(
        {"target": "production", "attempts": [attempt], "token": None, "certificate": seen, "status": 200},
        separators=(",", ":"),
    )
