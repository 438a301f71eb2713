"""The part of PodMonitor that the manifests may use, by the Prometheus Operator's API (monitoring.coreos.com/v1).

Written from the reference of version 0.91 of the operator, because no package carries its schema in strict form: what
is not named here counts as a mistake, so that a further member has to be looked up and added.
"""

from __future__ import annotations

from typing import Any

TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 0}
DURATION = {"type": "string", "pattern": "^(0|[0-9]+(ms|[smhdwy]))$"}


def _members(required: list[str], **members: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": required, "properties": members}


_LABELS = {"type": "object", "additionalProperties": TEXT}

SCHEMA = _members(
    ["apiVersion", "kind", "metadata", "spec"],
    apiVersion={"const": "monitoring.coreos.com/v1"},
    kind={"const": "PodMonitor"},
    metadata=_members(["name"], name=TEXT, namespace=TEXT, labels=_LABELS, annotations=_LABELS),
    spec=_members(
        ["selector", "podMetricsEndpoints"],
        jobLabel=TEXT,
        podTargetLabels={"type": "array", "items": TEXT},
        namespaceSelector=_members([], any={"type": "boolean"}, matchNames={"type": "array", "items": TEXT}),
        selector=_members([], matchLabels=_LABELS),
        sampleLimit=COUNT,
        labelLimit=COUNT,
        podMetricsEndpoints={
            "type": "array",
            "minItems": 1,
            "items": _members(
                ["port"],
                port=TEXT,
                path=TEXT,
                scheme={"enum": ["http", "https", "HTTP", "HTTPS"]},
                interval=DURATION,
                scrapeTimeout=DURATION,
                honorLabels={"type": "boolean"},
                honorTimestamps={"type": "boolean"},
                followRedirects={"type": "boolean"},
            ),
        },
    ),
)
