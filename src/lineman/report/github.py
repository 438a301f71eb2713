"""Workflow commands that make GitHub show a run's findings beside a job."""

from __future__ import annotations

from collections.abc import Iterator

from lineman.report.compare import broken_before
from lineman.report.figures import open_violations
from lineman.report.grouping import BrokenClause, group_by_cause
from lineman.report.run import Level, Run, State
from lineman.text import clip, count, visible

_MOST = 10
"""GitHub shows no more annotations of one kind for a step."""
_LONGEST = 1_000


def github_annotations(run: Run) -> str:
    """Render a run as workflow commands, one a line; empty where there is nothing to tell."""
    return "".join(f"{line}\n" for line in _lines(run))


def _lines(run: Run) -> Iterator[str]:
    if run.verdict == "no-verdict":
        yield _command("error", "No verdict", run.explanation)
    broken = [one for cause in group_by_cause(open_violations(run), broken_before(run)) for one in cause.breaks]
    for one in broken[: _MOST - 1]:
        yield _command("error", f"{one.lead.clause} is broken", _annotation_text(one))
    if len(broken) > _MOST - 1:
        further = count(len(broken) - _MOST + 1, "further clause")
        yield _command("error", "More is broken", f"{further}: see index.html")
    for drift in run.drift[: _MOST - 1]:
        yield _command("warning", f"{drift.clause} has drifted", f"pinned: {drift.pinned}\nnow: {drift.observed}")
    unverified = [one.id for one in run.clauses if one.state is State.NOT_VERIFIED and one.level is Level.PROMISED]
    if unverified:
        title = f"{count(len(unverified), 'promise')} not verified"
        yield _command("warning", title, ", ".join(unverified))


def _annotation_text(one: BrokenClause) -> str:
    further = f" ({count(len(one.others), 'further way')} in index.html)" if one.others else ""
    lead = one.lead
    return f"{clip(lead.summary, _LONGEST)}{further}\nReplay: {lead.replay}\nFingerprint: {lead.fingerprint}"


def _command(kind: str, title: str, message: str) -> str:
    return f"::{kind} title={_property(title)}::{_data(message)}"


def _data(text: str) -> str:
    """Escape a message as the runner unescapes it."""
    shown = "\n".join(visible(line) for line in text.splitlines())
    return shown.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
