"""``ctrf.json``: the run in the Common Test Report Format (ctrf.io), one test per clause.

Only members that every published version of its schema allows are used; lineman's own ids are in ``extra``.
"""

from __future__ import annotations

import uuid
from typing import Any

from lineman.report.figures import verdict_word
from lineman.report.run import ClauseResult, Run, State, Violation
from lineman.text import clip, plain

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://ctrf.io/lineman")
_STATUS = {
    State.HELD: "passed",
    State.OBSERVED: "passed",
    State.VIOLATED: "failed",
    State.WAIVED: "other",
    State.NOT_VERIFIED: "skipped",
}
_LONGEST = 20_000


def ctrf(run: Run) -> dict[str, Any]:
    """Render a run as a CTRF document. Ids are stable: the same clause has the same id in every run."""
    tests = [_test(clause, [one for one in run.violations if one.clause == clause.id]) for clause in run.clauses]
    if run.verdict == "no-verdict":
        tests.append(_verdict_test(run))
    document = {
        "reportFormat": "CTRF",
        "specVersion": "1.0.0",
        "reportId": str(uuid.uuid5(_NAMESPACE, run.id)),
        "timestamp": run.finished.isoformat(),
        "generatedBy": f"lineman {run.lineman}",
        "results": {
            "tool": {"name": "lineman", "version": run.lineman},
            "summary": _summary(run, tests),
            "tests": tests,
            "environment": {
                "reportName": run.id,
                "appName": "queryAccessCodeList",
                "appVersion": run.document.version,
                "testEnvironment": run.target.name,
                "extra": {"base_url": run.target.base_url, **run.environment},
            },
            "extra": {"run": run.id, "verdict": verdict_word(run), "explanation": run.explanation, "seed": run.seed},
        },
    }
    if run.baseline:
        document["baseline"] = {"reportId": str(uuid.uuid5(_NAMESPACE, run.baseline)), "source": run.baseline}
    safe: dict[str, Any] = plain(document)
    return safe


def _summary(run: Run, tests: list[dict[str, Any]]) -> dict[str, Any]:
    statuses = [test["status"] for test in tests]
    start, stop = (round(moment.timestamp() * 1000) for moment in (run.started, run.finished))
    number = {status: statuses.count(status) for status in ("passed", "failed", "skipped", "pending", "other")}
    return {"tests": len(tests), **number, "suites": 1, "start": start, "stop": stop, "duration": stop - start}


def _verdict_test(run: Run) -> dict[str, Any]:
    """A run without a verdict must not look green anywhere."""
    return {
        "id": str(uuid.uuid5(_NAMESPACE, "verdict")),
        "name": "verdict",
        "status": "failed",
        "rawStatus": "no-verdict",
        "duration": 0,
        "suite": ["lineman"],
        "message": run.explanation,
    }


def _test(clause: ClauseResult, violations: list[Violation]) -> dict[str, Any]:
    test: dict[str, Any] = {
        "id": str(uuid.uuid5(_NAMESPACE, clause.id)),
        "name": clause.id,
        "status": _STATUS[clause.state],
        "rawStatus": clause.state.value,
        "duration": 0,
        "suite": ["queryAccessCodeList", clause.area],
        "tags": [clause.level.value, clause.area],
        "type": "contract",
        "extra": {"title": clause.title, "where": clause.where, "requests": clause.requests},
    }
    message = "; ".join(violation.summary for violation in violations) or clause.answer or clause.reason
    if message:
        test["message"] = clip(message, _LONGEST)
    if violations:
        test["snippet"] = clip(violations[0].curl, _LONGEST)
        test["extra"]["violations"] = [_violation(violation) for violation in violations]
    return test


def _violation(violation: Violation) -> dict[str, Any]:
    return {
        "fingerprint": violation.fingerprint,
        "summary": violation.summary,
        "replay": violation.replay,
        "exchanges": violation.exchanges,
        "waived": violation.waived,
        "change": violation.change.value if violation.change else None,
    }
