"""Rules and dashboard ask for what the monitor exports, by its names and labels, and for nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from tests.monitor.prometheus.exported import full
from tests.monitor.prometheus.expressions import asked, dashboard, dashboard_expressions, rules
from tests.monitor.prometheus.test_rules import said

SCRAPE = {"instance", "job"}
FOREIGN = {"up": SCRAPE, "ALERTS": {"alertname", "alertstate", "severity", "window", "canary", "location"}}
RECORDED = {rule["record"] for rule in rules() if "record" in rule}
EXPRESSIONS = [(rule.get("record") or rule["alert"], rule["expr"]) for rule in rules()] + list(dashboard_expressions())


def _exported() -> dict[str, set[str]]:
    """Every sample that the monitor can export, with its labels."""
    samples = [sample for family in full().collector.collect() for sample in family.samples]
    names: dict[str, set[str]] = {}
    for sample in samples:
        names.setdefault(sample.name, set()).update(sample.labels)
    return names


def _values() -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for family in full().collector.collect():
        for sample in family.samples:
            for label, value in sample.labels.items():
                found.setdefault((sample.name, label), set()).add(value)
    return found


def _labels_of_recorded(name: str) -> set[str]:
    return set(name.split(":", maxsplit=1)[0].split("_"))


KNOWN = {
    **{name: labels | SCRAPE for name, labels in _exported().items()},
    **{name: _labels_of_recorded(name) for name in RECORDED},
    **FOREIGN,
}


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS)
def test_an_expression_asks_for_what_there_is(where: str, expression: str) -> None:
    wanted = asked(expression)
    assert wanted.metrics or where == "LinemanWatchdog"
    for metric, labels in wanted.metrics.items():
        assert metric in KNOWN, f"{where}: nothing exports {metric}"
        assert labels <= KNOWN[metric], f"{where}: {metric} has no label {labels - KNOWN[metric]}"
    carried = {label for metric in wanted.metrics for label in KNOWN[metric]}
    assert wanted.labels <= carried, f"{where}: nothing here carries {wanted.labels - carried}"


def test_the_values_that_are_asked_for_exist() -> None:
    values = _values()
    for where, expression in EXPRESSIONS:
        for metric, label, value in asked(expression).values:
            if label not in SCRAPE and metric in _exported():
                assert value in values[metric, label], f"{where}: {metric} never has {label}={value!r}"


@pytest.mark.parametrize("rule", [rule for rule in rules() if "alert" in rule], ids=lambda rule: rule["alert"])
def test_annotations_name_labels_that_the_alert_carries(rule: dict[str, object]) -> None:
    wanted = asked(str(rule["expr"]))
    carried = {label for metric in wanted.metrics for label in KNOWN[metric]}
    used = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"])))
    assert used <= carried


def test_every_recorded_series_is_used() -> None:
    used = {metric for _, expression in EXPRESSIONS for metric in asked(expression).metrics}
    assert used >= RECORDED


def test_promtool_takes_every_expression_of_the_dashboard(promtool: str, tmp_path: Path) -> None:
    file = tmp_path / "dashboard.rules.yml"
    generated = [{"record": f"panel:{n}", "expr": text} for n, (_, text) in enumerate(dashboard_expressions())]
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": generated}]}))
    code, text = said(promtool, "check", "rules", file)
    assert code == 0, text
    assert f"{len(generated)} rules found" in text


def test_the_dashboard_is_whole() -> None:
    shown = dashboard()
    identifiers = [panel["id"] for panel in shown["panels"]]
    assert len(identifiers) == len(set(identifiers))
    places: set[tuple[int, int]] = set()
    for panel in shown["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & places, f"{panel['title']} lies on another panel"
        assert place["x"] + place["w"] <= 24
        places |= cells
        if panel["type"] != "row":
            assert panel["description"], panel["title"]
            assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
            assert all(target["datasource"] == panel["datasource"] for target in panel["targets"])
    variables = {variable["name"]: variable for variable in shown["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert set(re.findall(r"\$(\w+)", str([p.get("targets") for p in shown["panels"]]))) <= {
        "canary", "location", "__rate_interval", "__range",
    }  # fmt: skip
    for name in ("canary", "location"):
        metric, label = re.fullmatch(r"label_values\((\w+)(?:{.*})?, (\w+)\)", variables[name]["definition"]).groups()  # type: ignore[union-attr]  # no match is a failure
        assert label in KNOWN[metric]
