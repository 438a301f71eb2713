"""The shipped rules and examples: Prometheus's own tools take them, and their own tests hold them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.monitor.prometheus.conftest import ROOT
from tests.monitor.prometheus.expressions import RULES, rules

FOLDER = Path(__file__).parent
RULE_TESTS = sorted(FOLDER.glob("*.test.yml"))
ALERTS = sorted({rule["alert"] for rule in rules() if "alert" in rule})
ALWAYS = "LinemanWatchdog"


def said(*command: str | Path) -> tuple[int, str]:
    ran = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr


def test_promtool_takes_the_rules(promtool: str) -> None:
    code, text = said(promtool, "check", "rules", "--lint-fatal", RULES)
    assert code == 0, text
    assert f"{len(rules())} rules found" in text


@pytest.mark.parametrize("file", RULE_TESTS, ids=lambda file: file.name.removesuffix(".test.yml"))
def test_the_rules_own_tests_hold(promtool: str, file: Path) -> None:
    code, text = said(promtool, "test", "rules", file)
    assert code == 0, text


def test_the_examples_are_valid(promtool: str, amtool: str) -> None:
    code, text = said(promtool, "check", "config", ROOT / "monitors/prometheus/prometheus.yml")
    assert code == 0, text
    assert "1 rule files found" in text
    code, text = said(amtool, "check-config", ROOT / "monitors/prometheus/alertmanager.yml")
    assert code == 0, text


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ("alertname=LinemanCanaryDown severity=page", "on-call"),
        ("alertname=LinemanCanaryStale severity=ticket", "tickets"),
        ("alertname=LinemanWatchdog severity=none", "dead-mans-switch"),
    ],
)
def test_alerts_are_routed(amtool: str, labels: str, receiver: str) -> None:
    example = ROOT / "monitors/prometheus/alertmanager.yml"
    code, text = said(amtool, "config", "routes", "test", "--config.file", example, *labels.split())
    assert (code, text.splitlines()[0]) == (0, receiver)


def _tests() -> list[dict[str, Any]]:
    return [test for file in RULE_TESTS for test in yaml.safe_load(file.read_text())["tests"]]


def _expectations(alert: str, test: dict[str, Any]) -> list[bool]:
    """For each look at the alert in a test, in order of time: whether it is expected to fire."""
    looks = [
        (_minutes(look["eval_time"]), any(alert in sample["labels"] for sample in look.get("exp_samples", [])))
        for look in test["promql_expr_test"]
        if re.search(rf'alertname=~?"[^"]*\b{alert}\b|alertname=~"LinemanCertificateExpires', look["expr"])
    ]
    return [fires for _, fires in sorted(looks)]


def _minutes(time: str) -> int:
    number, unit = int(time[:-1]), time[-1]
    return number * {"m": 1, "h": 60}[unit]


@pytest.mark.parametrize("alert", [alert for alert in ALERTS if alert != ALWAYS])
def test_every_alert_is_seen_firing_resolving_and_staying_silent(alert: str) -> None:
    named = [test for test in _tests() if re.search(rf"\b{alert}\b", test["name"])]
    misses = [test for test in named if re.match(rf"near miss - .*\b{alert}\b.* stays? silent", test["name"])]
    assert misses, "no near miss"
    assert not any(fires for test in misses for fires in _expectations(alert, test)[:1])
    firing = [looks for test in named if True in (looks := _expectations(alert, test)) and test not in misses]
    assert firing, "never seen firing"
    assert any(looks[-1] is False for looks in firing), "never seen resolving"


def test_every_alert_says_what_it_means_and_is_explained() -> None:
    explained = (ROOT / "docs/alerts.md").read_text()
    anchors = {title.lower() for title in re.findall(r"^#+ (Lineman\w+)$", explained, re.MULTILINE)}
    for rule in rules():
        if "alert" not in rule:
            continue
        notes = rule["annotations"]
        assert notes.keys() == {"summary", "description", "runbook_url"}, rule["alert"]
        assert notes["runbook_url"] == f"docs/alerts.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in {"page", "ticket", "none"}
    assert anchors == {alert.lower() for alert in ALERTS}
