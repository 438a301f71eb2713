"""``summary.md``: the job summary of a pipeline. The verdict and what is broken come first; never over 60 KB."""

from __future__ import annotations

from collections.abc import Iterator

from lineman.report.compare import broken_before, gone_clauses
from lineman.report.figures import figures, open_violations, tally, verdict_word
from lineman.report.grouping import BrokenClause, Group, group_by_cause
from lineman.report.run import Change, Level, Run, State
from lineman.report.ticket import FOLDER, ticket_name
from lineman.text import clip, code, compact, count, escaped, fenced
from lineman.times import format_duration, format_instant

MOST_BYTES = 60_000
_MARKS = {"PASS": "✅", "FAIL": "❌", "PASS WITH WAIVERS": "☑️", "NO VERDICT": "⚠️"}
_CHANGES = {Change.NEW: " **new**", Change.STILL: " still there", None: ""}
_MOST_WAYS = 5
_LONGEST_VALUE = 400
_LONGEST_CURL = 2_000


def summary(run: Run) -> str:
    """Render a run as Markdown. Sections that do not fit are left out whole, and the text says so."""
    text = ""
    left_out = 0
    for section in _sections(run):
        if len((text + section).encode()) > MOST_BYTES - 200:
            left_out += 1
            continue
        text += section
    if left_out:
        text += f"\n{count(left_out, 'further section')} left out for size: the whole report is in `index.html`.\n"
    return text


def _sections(run: Run) -> Iterator[str]:
    word = verdict_word(run)
    yield f"# {_MARKS[word]} {word}\n\n{escaped(clip(run.explanation, 2_000))}\n\n{tally(run)}.\n"
    yield _where(run)
    broken = group_by_cause(open_violations(run), broken_before(run))
    if broken:
        yield f"\n{_ticket_link(broken)}\n"
        yield f"\n## What is broken ({count(len(broken), 'cause')})\n"
    for cause in broken:
        yield _cause(cause)
    yield from _accepted(run)
    yield from _fixed(run)
    yield from _not_verified(run)
    yield from _drift(run)
    yield from _latency(run)


def _where(run: Run) -> str:
    lasted = (run.finished - run.started).total_seconds()
    return (
        f"\n{code(run.target.name)} at {code(clip(run.target.base_url, 200))}, {format_instant(run.started)}, "
        f"{lasted:,.1f} s, {count(run.requests, 'request')}; profile {run.profile}, seed {run.seed}, "
        f"document {escaped(run.document.version)}, baseline {code(run.baseline) if run.baseline else 'none'}.\n"
    )


def _ticket_link(causes: list[Group]) -> str:
    """The way to the first cause's ticket, and to the others'."""
    first = f"{FOLDER}/{ticket_name(causes[0])}"
    more = f"; {count(len(causes) - 1, 'further ticket')} beside it" if len(causes) > 1 else ""
    return f"**Ticket for the vendor**: {code(first)}{more}."


def _cause(cause: Group) -> str:
    return "".join(_violation(one) + _ways(one) for one in cause.breaks)


def _ways(one: BrokenClause) -> str:
    """One line for each of a few further ways in which a clause breaks."""
    if not one.others:
        return ""
    lines = [f"- {escaped(clip(other.summary, 200))} ({code(other.fingerprint)})" for other in one.others[:_MOST_WAYS]]
    left_out = len(one.others) - _MOST_WAYS
    lines += [f"- and {left_out} more"] if left_out > 0 else []
    return f"\nIt also shows so:\n\n{chr(10).join(lines)}\n"


def _violation(one: BrokenClause) -> str:
    violation = one.lead
    often = f"{violation.occurrences:,} of {count(violation.of, 'request')}"
    lines = [
        f"\n### {code(violation.clause)}{_CHANGES[one.change]}",
        f"\n{escaped(clip(violation.summary, 1_000))} ({often}, {code(violation.fingerprint)})\n",
        f"- expected: {code(clip(compact(violation.expected), _LONGEST_VALUE))}",
        f"- actual: {code(clip(compact(violation.actual), _LONGEST_VALUE))}",
    ]
    if len(violation.curl) <= _LONGEST_CURL:
        lines.append(f"\n{fenced(violation.curl, 'sh')}")
    lines.append(f"\nReplay: {code(clip(violation.replay, 500))}\n")
    return "\n".join(lines)


def _accepted(run: Run) -> Iterator[str]:
    waived = [violation for violation in run.violations if violation.waived]
    if waived:
        rows = "".join(
            f"| {code(one.clause)} | {escaped(clip(one.summary, 300))} | {escaped(clip(one.waiver_reason, 200))} "
            f"| {one.waiver_until or ''} |\n"
            for one in waived
        )
        yield f"\n## Accepted for now\n\n| clause | what | why | until |\n| --- | --- | --- | --- |\n{rows}"


def _fixed(run: Run) -> Iterator[str]:
    gone = gone_clauses(run)
    if gone:
        rows = "".join(
            f"- {code(one.clause)} {escaped(clip(one.summary, 300))}: "
            f"{'fixed' if one.verified else 'not seen, but not verified in this run either'}\n"
            for one in gone
        )
        yield f"\n## Gone since the baseline\n\n{rows}"


def _not_verified(run: Run) -> Iterator[str]:
    unverified = [one for one in run.clauses if one.state is State.NOT_VERIFIED and one.level is Level.PROMISED]
    if unverified:
        reasons: dict[str, list[str]] = {}
        for one in unverified:
            reasons.setdefault(one.reason, []).append(code(one.id))
        rows = "".join(f"| {', '.join(ids)} | {escaped(clip(why, 300))} |\n" for why, ids in reasons.items())
        yield f"\n## Not verified\n\n| clauses | why |\n| --- | --- |\n{rows}"


def _drift(run: Run) -> Iterator[str]:
    if run.drift:
        rows = "".join(
            f"| {code(one.clause)} | {escaped(clip(one.pinned, 200))} | {escaped(clip(one.observed, 200))} |\n"
            for one in run.drift
        )
        yield f"\n## Drift\n\n| clause | pinned | now |\n| --- | --- | --- |\n{rows}"


def _latency(run: Run) -> Iterator[str]:
    total = next((one for one in figures(run) if one.phase == "total"), None)
    if total:
        yield (
            f"\n## Latency\n\nmedian {format_duration(total.percentiles[50])}, "
            f"95th percentile {format_duration(total.percentiles[95])}, "
            f"longest {format_duration(total.most)} over {count(total.size, 'answered query', 'answered queries')}.\n"
        )
