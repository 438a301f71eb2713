"""A monitor that is restarted changes no alert: what rules compare over time goes on where it was."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import yaml
from tests.monitor.prometheus.exported import NOW, Clock, hotline, result, values
from tests.monitor.prometheus.expressions import RULES
from tests.monitor.prometheus.test_rules import said

from lineman.monitor.clock import DAY, MINUTE
from lineman.monitor.result import ProbeVerdict
from lineman.monitor.slots import SlotEntry, SlotOutcome
from lineman.monitor.status.restore import restore_streaks
from lineman.monitor.status.snapshot import LiveState
from lineman.monitor.store import History
from lineman.monitor.web.metrics import MonitorCollector
from lineman.monitor.writer import SlotResult, Writer

OK, BAD = ProbeVerdict.OK, ProbeVerdict.FAILED
STREAKS = ("probe_consecutive", "probe_last_success_timestamp_seconds", "probe_last_failure_timestamp_seconds")


class Run:
    """A monitor between a start and the next, on a history that stays."""

    def __init__(self, path: Path, now: int) -> None:
        self.canary = hotline(incident={"opens_after": 3})
        self.live = LiveState("berlin")
        self.live.watch({"hotline": self.canary}, now)
        self.clock = Clock(now)
        self.writer = Writer(History(str(path), "berlin"), {"hotline": self.canary}, cast(Any, self.clock))
        self.clock.monotonic = lambda: 0.0  # type: ignore[attr-defined]
        self.writer.open()
        restore_streaks(self.live, str(path), "berlin")

    def slot(self, verdict: ProbeVerdict, at: int) -> None:
        self.clock.now = at
        entry = SlotEntry("hotline", at, at, MINUTE, SlotOutcome.RUN)
        self.live.slot_finished(entry, result(verdict, at))
        self.writer.process_now(SlotResult(entry, result(verdict, at)))

    def exported(self, name: str) -> dict[tuple[tuple[str, str], ...], float]:
        outbox = SimpleNamespace(pending=0, delivered=0, failures=0, set_aside=0)
        writer = SimpleNamespace(state=self.writer.state, failing="", backlog=0, lost=0, alive=True)
        collector = MonitorCollector(self.live, cast(Any, writer), cast(Any, outbox), cast(Any, self.clock))
        return values(collector.collect(), name)


def test_what_rules_compare_over_time_is_there_before_the_first_scrape(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    before = Run(path, NOW - DAY)
    for minute, verdict in enumerate([BAD, OK, OK, ProbeVerdict.UNKNOWN, BAD, BAD]):
        before.slot(verdict, NOW + minute * MINUTE)
    after = Run(path, NOW + 6 * MINUTE)
    for name in STREAKS:
        assert after.exported(name) == before.exported(name), name
    assert after.exported("probe_consecutive")[("kind", "failed"),] == 2


def test_two_failures_and_a_restart_are_two_failures_to_prometheus(tmp_path: Path, promtool: str) -> None:
    path, sampled = tmp_path / "history.sqlite", list[float]()
    run = Run(path, NOW - DAY)
    run.slot(BAD, NOW - 30 * MINUTE)
    for minute in range(30):
        if minute in {10, 20}:
            run = Run(path, NOW + minute * MINUTE)
        else:
            run.slot(BAD if minute in {5, 25} else OK, NOW + minute * MINUTE)
        sampled += run.exported("probe_last_failure_timestamp_seconds").values()
    series = 'probe_last_failure_timestamp_seconds{canary="hotline", location="berlin", job="lineman"}'
    tests = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": series, "values": " ".join(f"{value:.0f}" for value in sampled)}],
                "promql_expr_test": [
                    {
                        "expr": "canary:probe_failures:changes1h",
                        "eval_time": "29m",
                        "exp_samples": [{"labels": 'canary:probe_failures:changes1h{canary="hotline"}', "value": 2}],
                    }
                ],
            }
        ],
    }
    file = tmp_path / "restart.test.yml"
    file.write_text(yaml.safe_dump(tests))
    code, text = said(promtool, "test", "rules", file)
    assert code == 0, text
