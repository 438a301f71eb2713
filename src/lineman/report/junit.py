"""``junit.xml``: one test case per clause, for the test tabs of pipelines."""

from __future__ import annotations

import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from lineman.report.figures import verdict_word
from lineman.report.run import ClauseResult, Level, Run, State, Violation
from lineman.text import clip, pretty

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONGEST = 20_000


def junit(run: Run) -> bytes:
    """Render a run as JUnit XML.

    A violated clause is a failure, one not verified is skipped with its reason, a waived one is skipped with the
    waiver's reason, all others passed. A run without a verdict has one further test case in error, so that no
    pipeline shows it green.
    """
    root = Element("testsuites", name="lineman")
    suite = SubElement(root, "testsuite", _suite_attributes(run))
    _properties(suite, _run_properties(run))
    by_clause: dict[str, list[Violation]] = {}
    for violation in run.violations:
        by_clause.setdefault(violation.clause, []).append(violation)
    for clause in run.clauses:
        _case(suite, clause, by_clause.get(clause.id, []))
    if run.verdict == "no-verdict":
        case = SubElement(suite, "testcase", classname="lineman.run", name="verdict", time="0")
        SubElement(case, "error", message=_clean(run.explanation), type="no-verdict")
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _suite_attributes(run: Run) -> dict[str, str]:
    states = [clause.state for clause in run.clauses]
    no_verdict = int(run.verdict == "no-verdict")
    return {
        "name": _clean(f"queryAccessCodeList on {run.target.name}"),
        "tests": str(len(states) + no_verdict),
        "failures": str(states.count(State.VIOLATED)),
        "errors": str(no_verdict),
        "skipped": str(states.count(State.NOT_VERIFIED) + states.count(State.WAIVED)),
        "time": f"{(run.finished - run.started).total_seconds():.3f}",
        "timestamp": run.started.isoformat(timespec="seconds"),
    }


def _run_properties(run: Run) -> list[tuple[str, str]]:
    return [
        ("run", run.id),
        ("verdict", verdict_word(run)),
        ("target", run.target.base_url),
        ("document", run.document.version),
        ("profile", run.profile),
        ("seed", str(run.seed)),
        ("baseline", run.baseline or ""),
    ]


def _properties(parent: Element, pairs: list[tuple[str, str]]) -> None:
    properties = SubElement(parent, "properties")
    for name, value in pairs:
        SubElement(properties, "property", name=name, value=_clean(value))


def _case(suite: Element, clause: ClauseResult, violations: list[Violation]) -> None:
    case = SubElement(
        suite,
        "testcase",
        classname=f"lineman.{_clean(clause.area)}",
        name=_clean(clause.id),
        time=f"{clause.seconds:.3f}",
    )
    level = "promised" if clause.level is Level.PROMISED else "silent"
    pairs = [("level", level), ("area", clause.area), ("title", clause.title), ("state", clause.state.value)]
    pairs += [("requests", str(clause.requests))]
    pairs += [("answer", clause.answer)] if clause.answer else []
    pairs += [("fingerprint", violation.fingerprint) for violation in violations]
    _properties(case, pairs)
    if clause.state is State.VIOLATED:
        _failure(case, clause, violations)
    elif clause.state in {State.NOT_VERIFIED, State.WAIVED}:
        SubElement(case, "skipped", message=_clean(_why_skipped(clause, violations)))
    if violations:
        curls = "\n\n".join(violation.curl for violation in violations)
        SubElement(case, "system-out").text = _clean(clip(curls, _LONGEST))


def _why_skipped(clause: ClauseResult, violations: list[Violation]) -> str:
    if clause.state is State.WAIVED and violations:
        first = violations[0]
        return f"waived until {first.waiver_until}: {first.waiver_reason}"
    return clause.reason or clause.state.value


def _failure(case: Element, clause: ClauseResult, violations: list[Violation]) -> None:
    """One failure element: readers of JUnit disagree on what a second one means."""
    message = "; ".join(violation.summary for violation in violations) or clause.reason or clause.title
    failure = SubElement(case, "failure", message=_clean(clip(message, 2_000)), type=_clean(clause.id))
    details = [
        f"{violation.summary}\nexpected: {pretty(violation.expected)}\nactual: {pretty(violation.actual)}\n"
        f"replay: {violation.replay}\nfingerprint: {violation.fingerprint}"
        for violation in violations
    ]
    failure.text = _clean(clip("\n\n".join(details), _LONGEST))


def _clean(text: str) -> str:
    """Spell out what XML cannot carry at all."""
    return _FORBIDDEN.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
