"""What the page says: messages without records, lengths of time, the worst of several canaries."""

from __future__ import annotations

import pytest
from tests.monitor.status import builders

from lineman.monitor.clock import DAY, HOUR, MINUTE
from lineman.monitor.result import ProbeVerdict
from lineman.monitor.status.badge import badge_word, endpoint, svg
from lineman.monitor.status.charts import TALL, Scale, curve, day_bars, good_runs, phases, void_runs
from lineman.monitor.status.current import CanaryStatus, headline, present
from lineman.monitor.status.facts import CanaryHistory
from lineman.monitor.status.page_queries import of_result
from lineman.monitor.status.snapshot import CanaryState
from lineman.monitor.status.view import works
from lineman.monitor.status.wording import bytes_words, clause_words, public
from lineman.monitor.uptime import Uptime
from lineman.times import format_duration

NOW = builders.NOW


def stand(verdict: ProbeVerdict | None, ago: int = 0, **more: object) -> CanaryStatus:
    canary = builders.canary("subject", **more)
    if verdict is None:
        return present(canary, CanaryHistory(), None, {}, NOW)
    latest = of_result(builders.found("subject", NOW - ago - MINUTE, verdict))
    return present(canary, CanaryHistory(latest, NOW - ago), None, {}, NOW)


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("answered in 12ms", "answered in 12ms"),
        ("contract broken: record.unique: id 4008 comes twice", f"contract broken: “{clause_words('record.unique')}”"),
        ("contract broken: no.such: id 4008 (and 3 more)", "contract broken: “no.such” (and 3 more)"),
        (
            'no record with accessCode "4008", mediatypeId 5 among the 12 records of the answer',
            "a record that must be there is missing among the 12 of the answer",
        ),
        (
            'here: no record with accessCode "4008 after\na line"',
            "here: a record that must be there is missing",
        ),
        (
            'answered in 1ms after a retry; first: no record with id "4008" among the 1 records of the answer',
            "answered in 1ms after a retry; first: a record that must be there is missing among the 1 of the answer",
        ),
        (
            "answered in 1ms after a retry; first: contract broken: record.unique: id 4008 (and 1 more)",
            f"answered in 1ms after a retry; first: contract broken: “{clause_words('record.unique')}” (and 1 more)",
        ),
        (
            'at 2 of 3 locations: no record with id "4008 [x]" among the 1 records of the answer '
            "[a (failed), b-1 (ok)]",
            "at 2 of 3 locations: a record that must be there is missing among the 1 of the answer "
            "[a (failed), b-1 (ok)]",
        ),
        (
            "at 2 of 2 locations: contract broken: no.such: id [4008] twice [a (failed), b (failed)]",
            "at 2 of 2 locations: contract broken: “no.such” [a (failed), b (failed)]",
        ),
        ("total is 3, expected at least 5", "total is 3, expected at least 5"),
    ],
)
def test_messages_hold_no_record(message: str, shown: str) -> None:
    assert public(message) == shown


@pytest.mark.parametrize(
    ("size", "words"), [(512, "512 bytes"), (20_480, "20 kB"), (1_430_000_000, "1.4 GB"), (212e6, "212 MB")]
)
def test_sizes(size: int, words: str) -> None:
    assert bytes_words(size) == words


def test_old_results_say_nothing() -> None:
    assert stand(ProbeVerdict.OK, 2 * MINUTE).verdict is ProbeVerdict.OK
    old = stand(ProbeVerdict.OK, HOUR)
    assert (old.verdict, old.message) == (ProbeVerdict.UNKNOWN, "nothing new for 1 h")
    assert (stand(None).verdict, stand(None).message) == (ProbeVerdict.UNKNOWN, "no result yet")


def test_a_running_monitor_knows_better_than_history() -> None:
    canary = builders.canary("subject")
    newest = builders.found("subject", NOW - MINUTE, ProbeVerdict.FAILED)
    state = CanaryState(canary, newest, NOW)
    known = CanaryHistory(of_result(builders.found("subject", NOW - 2 * MINUTE)), NOW - MINUTE)
    since = {("subject", "failed"): (NOW - HOUR, None)}
    found = present(canary, known, state, since, NOW)
    assert (found.verdict, found.since) == (ProbeVerdict.FAILED, None), "history has not seen it yet"
    caught_up = present(canary, CanaryHistory(of_result(newest), NOW), state, since, NOW)
    assert caught_up.since == NOW - HOUR


@pytest.mark.parametrize(
    ("verdicts", "word"),
    [
        ([ProbeVerdict.OK, ProbeVerdict.OK], "up"),
        ([ProbeVerdict.OK, ProbeVerdict.DEGRADED], "degraded"),
        ([ProbeVerdict.DEGRADED, None], "unknown"),
        ([ProbeVerdict.FAILED, None], "down"),
        ([], "unknown"),
    ],
)
def test_the_badge_says_the_worst(verdicts: list[ProbeVerdict | None], word: str) -> None:
    assert badge_word([stand(verdict) for verdict in verdicts]) == word


def test_the_badge_of_stale_data_says_unknown() -> None:
    assert badge_word([stand(ProbeVerdict.OK, HOUR)]) == "unknown"


def test_planned_work_is_no_outage() -> None:
    window = [{"zone": "UTC", "at": "22:00", "lasts": "2h"}]
    planned = stand(ProbeVerdict.FAILED, maintenance=window)
    assert planned.maintenance
    assert badge_word([planned]) == "maintenance"
    assert badge_word([planned, stand(ProbeVerdict.OK)]) == "up"
    assert headline([planned, stand(ProbeVerdict.OK)]) == ("1 of 2 canaries is up; 1 in maintenance", "ok")
    assert headline([planned]) == ("subject is in maintenance", "planned")


def test_the_badge_in_shields_schema_and_as_a_picture() -> None:
    assert endpoint("subject", "down") == {
        "schemaVersion": 1,
        "label": "subject",
        "message": "down",
        "color": "#a11d17",
        "cacheSeconds": 300,
    }
    assert endpoint("lineman", None)["isError"] is True
    picture = svg("a<b", "up")
    assert 'aria-label="a&lt;b: up"' in picture
    assert "<b" not in picture


def test_every_kind_of_time_is_visible_in_a_day() -> None:
    today = NOW // DAY * DAY
    second = 1_000
    found = Uptime(up=DAY - 3 * second, down=second, unknown=second, maintenance=second, degraded=second)
    bars = day_bars({today: found, today - DAY: Uptime(up=DAY)}, today - DAY, NOW)
    assert [piece.kind for piece in bars[-1].pieces] == ["up", "degraded", "unknown", "down"]
    assert min(piece.height for piece in bars[-1].pieces) > 3
    assert sum(piece.height for piece in bars[-1].pieces) == pytest.approx(TALL, abs=0.3)
    assert bars[-1].maintenance
    assert [run.width for run in good_runs(bars)] == [6]
    assert [(run.x, run.width) for run in void_runs(bars)] == [(0, 88 * 8 - 2)]


def test_latency_is_drawn_where_there_is_some() -> None:
    begin = NOW - 7 * DAY
    assert curve([(begin, 0.1, 0.2)], [], begin, NOW) is None
    hours = [(begin + n * HOUR, 0.1, 0.2) for n in (0, 1, 2, 7, 8)]
    drawn = curve(hours, [("failed", 5.0)], begin, NOW)
    assert drawn is not None
    assert drawn.median.count("M") == 2, "a gap is a gap"
    assert [limit.label for limit in drawn.limits] == ["5 s"]
    assert len(drawn.days) == 7
    assert phases({"total": []}, []) is None


def test_an_axis_holds_what_it_was_made_for() -> None:
    scale = Scale.around([0.0004, 0.03, 5.0])
    places = [scale.at(value) for value in (0.0004, 0.03, 5.0)]
    assert places == sorted(places)
    assert 0 < places[0] < places[-1] < 1
    assert [format_duration(tick, "tick") for tick in scale.ticks()] == ["1 ms", "10 ms", "100 ms", "1 s"]


def test_the_running_window_and_the_next() -> None:
    weekly = {"zone": "UTC", "days": ["mon"], "at": "01:00", "lasts": "1h", "reason": "backup"}
    nightly = {"zone": "UTC", "at": "22:00", "lasts": "2h"}
    first = builders.canary("first", maintenance=[weekly, nightly])
    second = builders.canary("second", maintenance=[weekly])
    third = builders.canary("third", maintenance=[weekly])
    found = works([first, second, third], NOW)
    assert [(work.reason, work.canaries, work.begin <= NOW) for work in found] == [
        ("", ["first"], True),
        ("backup", ["second", "third"], False),
    ]
