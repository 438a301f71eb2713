"""Configuration: validated as a whole, told with the nearest name and the sum; windows on days when clocks change."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lineman.monitor.config import MonitorConfigurationError, load_configuration
from lineman.monitor.config.durations import milliseconds
from lineman.monitor.config.maintenance import MaintenanceWindow
from lineman.monitor.config.thresholds import rules_of
from lineman.resources import resource
from lineman.times import format_ms


def problems(tmp_path: Path, text: str) -> tuple[str, ...]:
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(MonitorConfigurationError) as caught:
        load_configuration(tmp_path, {})
    return caught.value.problems


def test_the_ready_canary_holds() -> None:
    configuration = load_configuration(resource("monitors/canary.toml"), {})
    canary = configuration.canaries["documented-example"]
    assert canary.query["accessCode"] == "9911411"
    assert all(rule.long_failed >= 3 for rule in rules_of(canary))


def test_every_problem_at_once(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        '[canaries.a]\nintervall = "5m"\n[canaries.b]\nnotices = ["onkall"]\n'
        '[canaries.c]\nlatency = { faild = "1s" }\n[notices.oncall]\nwebhook = "http://h.example/"\n[moniter]\n',
    )
    text = "\n".join(found)
    assert len(found) == 4
    for name in ("interval", "failed", "oncall", "monitor"):
        assert f"did you mean '{name}'?" in text


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('interval = "1m"\ntimeout = "2m"', "timeout: 2m must be above 0 and at most the interval of 1m"),
        ('latency = { degraded = "5s", failed = "2s" }', "latency.degraded: 5s is not below"),
        ('latency = { failed = "20s" }', "never reached: the timeout of 10s comes first"),
        ("certificate = { degraded = 2, failed = 9 }", "days left run downwards"),
        ("expect = { total_at_least = 5, total_at_most = 4 }", "no answer can hold both"),
        ("retry = false\nincident = { opens_after = 1 }", "one lost packet"),
        ('interval = "5m"\nslo = { objective = 99.999 }', "25.92s of error budget, less than one slot of 5m"),
        ('slo = { objective = 99.9, burn = [{ long = "1h", short = "5m", rate = 14.4 }] }', "one failed probe trips"),
        ('slo = { objective = 93, burn = [{ long = "1h", short = "5m", rate = 14.4 }] }', "objective above 93.06 %"),
        ('maintenance = [{ zone = "Europe/Berlinn", at = "02:00", lasts = "1h" }]', "did you mean 'Europe/Berlin'?"),
        ('interval = "soon"', "'soon' is no length of time"),
    ],
)
def test_thresholds_are_refused_with_the_sum(tmp_path: Path, settings: str, said: str) -> None:
    found = problems(tmp_path, f"[canaries.a]\n{settings}\n")
    assert any(said in problem for problem in found), found


def test_addresses_must_be_there(tmp_path: Path) -> None:
    found = problems(
        tmp_path, '[canaries.a]\nnotices = ["n"]\n[notices.n]\nwebhook_env = "NOT_SET"\n[canaries.b]\nquery = {}\n'
    )
    assert found == (f"{tmp_path / 'c.toml'} [notices.n] webhook_env: the environment variable NOT_SET is not set",)


@pytest.mark.parametrize(("text", "value"), [("500ms", 500), ("1m30s", 90_000), (2, 2_000), ("1.5h", 5_400_000)])
def test_lengths_of_time(text: str | int, value: int) -> None:
    assert milliseconds(text) == value
    assert milliseconds(format_ms(value)) == value


def instant(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000)


@pytest.mark.parametrize(
    ("day", "begin", "end"),
    [
        ("2026-03-28", "2026-03-28T01:30", "2026-03-28T02:30"),
        ("2026-03-29", "2026-03-29T01:00", "2026-03-29T02:00"),  # 02:30 does not exist: begins at the change
        ("2026-10-25", "2026-10-25T00:30", "2026-10-25T01:30"),  # 02:30 comes twice: the first
        ("2026-10-26", "2026-10-26T01:30", "2026-10-26T02:30"),
    ],
)
def test_windows_where_clocks_change(day: str, begin: str, end: str) -> None:
    window = MaintenanceWindow.model_validate({"zone": "Europe/Berlin", "at": "02:30", "lasts": "1h"})
    spans = list(window.spans(instant(f"{day}T00:00"), instant(f"{day}T12:00")))
    assert spans == [(instant(begin), instant(end))]


def test_a_history_that_nothing_names_lies_beside_the_canaries(tmp_path: Path) -> None:
    (tmp_path / "canary.toml").write_text("[canaries.one]\n", "utf-8")
    assert load_configuration(tmp_path, {}).monitor.history == str(tmp_path / "lineman-history.sqlite")


def test_the_history_of_the_canary_that_is_installed_lies_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lineman.monitor.config.loading.is_installed", lambda file: file.is_relative_to(tmp_path))
    (tmp_path / "canary.toml").write_text('[canaries.one]\n[monitor]\nhistory = "../own.sqlite"\n', "utf-8")
    assert load_configuration(tmp_path, {}).monitor.history == "own.sqlite"
