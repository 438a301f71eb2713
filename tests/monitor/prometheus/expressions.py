"""Every PromQL expression that is shipped, and what it asks for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import promql_parser as promql
import yaml
from tests.monitor.prometheus.conftest import ROOT

RULES = ROOT / "monitors/prometheus/lineman.rules.yml"
DASHBOARD = ROOT / "monitors/grafana/lineman.json"
VARIABLES = {"$__rate_interval": "5m", "$__range": "1d", "$canary": ".*", "$location": ".*"}


@dataclass
class Asked:
    """What an expression selects: metrics with the labels of their matchers, and labels named elsewhere."""

    metrics: dict[str, set[str]] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)
    values: list[tuple[str, str, str]] = field(default_factory=list)
    """Metric, label and value of every plain matcher."""


def rules() -> list[dict[str, Any]]:
    """All rules, recording and alerting ones."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return loaded


def dashboard_expressions() -> Iterator[tuple[str, str]]:
    """Title and expression of every query, the variables filled in."""
    shown = dashboard()
    for panel in shown["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], _filled(target["expr"])
    for annotation in shown["annotations"]["list"]:
        yield annotation["name"], _filled(annotation["expr"])


def _filled(expression: str) -> str:
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    return expression


def asked(expression: str) -> Asked:
    """Parse an expression."""
    found = Asked()

    def visit(node: promql.Expr) -> None:
        if isinstance(node, promql.MatrixSelector):
            _select(found, node.vector_selector)
        elif isinstance(node, promql.VectorSelector):
            _select(found, node)
        elif isinstance(node, promql.AggregateExpr) and node.modifier is not None:
            found.labels |= set(node.modifier.labels)
        elif isinstance(node, promql.BinaryExpr) and node.modifier is not None and node.modifier.matching is not None:
            found.labels |= set(node.modifier.matching.labels)

    promql.walk(promql.parse(expression), visit)
    return found


def _select(found: Asked, node: promql.VectorSelector) -> None:
    assert node.name is not None
    found.metrics.setdefault(node.name, set()).update(matcher.name for matcher in node.matchers.matchers)
    found.values += [
        (node.name, matcher.name, matcher.value)
        for matcher in node.matchers.matchers
        if matcher.op == promql.MatchOp.Equal
    ]
