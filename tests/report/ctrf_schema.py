"""The published CTRF schema (ctrf-io/ctrf, schema/ctrf.schema.json), transcribed as far as a report may use it.

Members that came with later versions (``testId``, ``runId`` ...) are left out on purpose: a document that is valid
here is valid against every published version, because none allows members that it does not name.
"""

from __future__ import annotations

from typing import Any

_TEXT = {"type": "string"}
_NAME = {"type": "string", "minLength": 1}
_WHOLE = {"type": "integer"}
_FREE = {"type": "object"}
_UUID = {"type": "string", "format": "uuid"}
_STATUS = {"enum": ["passed", "failed", "skipped", "pending", "other"]}
_SCALAR = {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]}


def _closed(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties, "additionalProperties": False}


_TOOL = _closed(("name",), name=_NAME, version=_TEXT, extra=_FREE)
_SUMMARY = _closed(
    ("tests", "passed", "failed", "skipped", "pending", "other", "start", "stop"),
    **dict.fromkeys(("tests", "passed", "failed", "skipped", "pending", "other", "flaky", "suites"), _WHOLE),
    **dict.fromkeys(("start", "stop", "duration"), _WHOLE),
    extra=_FREE,
)
_TEST = {
    "type": "object",
    "required": ["name", "status", "duration"],
    "additionalProperties": False,
    "properties": {
        "id": _UUID,
        "name": _NAME,
        "status": _STATUS,
        **dict.fromkeys(("duration", "start", "stop", "line", "retries"), _WHOLE),
        **dict.fromkeys(("message", "trace", "snippet", "rawStatus", "type", "filePath"), _TEXT),
        "suite": {"type": "array", "minItems": 1, "items": _TEXT},
        "tags": {"type": "array", "items": _TEXT},
        "labels": {
            "type": "object",
            "additionalProperties": {"anyOf": [_SCALAR, {"type": "array", "minItems": 1, "items": _SCALAR}]},
        },
        "flaky": {"type": "boolean"},
        "stdout": {"type": "array", "items": _TEXT},
        "stderr": {"type": "array", "items": _TEXT},
        "parameters": _FREE,
        "extra": _FREE,
    },
}
_ENVIRONMENT = _closed(
    (),
    **dict.fromkeys(("reportName", "appName", "appVersion", "buildId", "buildName", "buildUrl"), _TEXT),
    **dict.fromkeys(("repositoryName", "repositoryUrl", "commit", "branchName"), _TEXT),
    **dict.fromkeys(("osPlatform", "osRelease", "osVersion", "testEnvironment"), _TEXT),
    buildNumber=_WHOLE,
    healthy={"type": "boolean"},
    extra=_FREE,
)
_RESULTS = _closed(
    ("tool", "summary", "tests"),
    tool=_TOOL,
    summary=_SUMMARY,
    tests={"type": "array", "items": _TEST},
    environment=_ENVIRONMENT,
    extra=_FREE,
)
CTRF_SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    **_closed(
        ("results", "reportFormat", "specVersion"),
        reportFormat={"const": "CTRF"},
        specVersion={"type": "string", "pattern": r"^[0-9]+\.[0-9]+\.[0-9]+$"},
        reportId=_UUID,
        timestamp={"type": "string", "format": "date-time"},
        generatedBy=_TEXT,
        extra=_FREE,
        results=_RESULTS,
        baseline=_closed(("reportId",), reportId=_UUID, timestamp=_TEXT, source=_TEXT, commit=_TEXT, extra=_FREE),
    ),
}
