"""``tickets/CAUSE.md``: what goes to the vendor about one cause, as Markdown that GitHub, GitLab and Jira take.

It says nothing that needs this report beside it: what is documented and where, what was asked, what came, how often,
and commands for a shell.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence

from lineman.report.compare import broken_before
from lineman.report.conditions import conditions
from lineman.report.figures import open_violations
from lineman.report.grouping import Group, group_by_cause
from lineman.report.history import PastRun, since_when
from lineman.report.languages import Language
from lineman.report.run import Change, ExchangeRecord, Run, Violation
from lineman.text import clip, code, compact, escaped, fenced, pretty
from lineman.times import format_instant

FOLDER = "tickets"
_SAFE = re.compile(r"[^A-Za-z0-9.-]+")
_TICKET = re.compile(r"[a-z]+\.[a-z-]+-[0-9a-f]{10}\.md")
_MOST_LINES = 60
"""Lines of a difference: what a reader takes in at once, and far below what issue trackers accept."""
_LONGEST_CURL = 20_000
_TOKEN = r"""LINEMAN_TOKEN=$(curl -sS -X POST "${LINEMAN_TOKEN_URL:-TOKEN_BASE}/apigovernance/api/oauth/tokenByAkSk" \
  -H 'Content-Type: application/json' \
  --data-binary "{\"app_key\":\"$LINEMAN_APP_KEY\",\"app_secret\":\"$LINEMAN_APP_SECRET\"}" |
  sed -n 's/.*"AccessToken" *: *"\([^"]*\)".*/\1/p')"""  # noqa: S105 - a command that asks for a token


def tickets(run: Run) -> list[Group]:
    """The causes of a run that a ticket is written for: those that nobody has accepted, most pressing first."""
    return group_by_cause(open_violations(run), broken_before(run))


def ticket_name(group: Group) -> str:
    """The name of a cause's file, from its fingerprint."""
    return f"{_SAFE.sub('-', group.lead.fingerprint)[:120].strip('.-') or 'cause'}.md"


def is_ticket_name(name: str) -> bool:
    """True for a file that can only be a ticket: a clause and the digest of a fingerprint."""
    return _TICKET.fullmatch(name) is not None


def find_cause(run: Run, wanted: str) -> Group | None:
    """A cause by its number in the report, by a fingerprint (or its beginning), or by a clause that it breaks."""
    groups = tickets(run)
    if wanted.isdigit() and 1 <= int(wanted) <= len(groups):
        return groups[int(wanted) - 1]
    for group in groups:
        for one in group.breaks:
            if one.lead.clause == wanted or any(v.fingerprint.startswith(wanted) for v in one.violations):
                return group
    return None


def ticket(run: Run, group: Group, language: Language, *, history: Sequence[PastRun] = ()) -> str:
    """The ticket of one cause as Markdown; ``history`` are the runs before this one, oldest first."""
    return "\n\n".join(_parts(run, group, language, history)) + "\n"


def ticket_title(group: Group, language: Language) -> str:
    """One line for the tracker's title field."""
    said = clip(language.summary(group.lead), 200).rstrip(".。")
    asked = conditions(group.lead)
    if asked:
        said = language.say("{sentence} (asked with {conditions})", sentence=said, conditions=asked)
    return f"queryAccessCodeList: {said}"


def _parts(run: Run, group: Group, language: Language, history: Sequence[PastRun]) -> Iterator[str]:
    lead, say = group.lead, language.say
    yield f"# {escaped(ticket_title(group, language))}"
    yield f"## {say('What is documented')}\n\n{_documented(run, lead, language)}"
    yield f"## {say('What was asked')}\n\n{_request_section(run, lead, language)}"
    yield f"## {say('What came')}\n\n{escaped(clip(language.summary(lead), 1000))}\n\n{_difference(lead, language)}"
    yield f"## {say('How often, and since when')}\n\n{_often(run, group, language, history)}"
    yield f"## {say('How to reproduce it')}\n\n{_commands(run, lead, language)}"
    if len(group.breaks) > 1:
        yield f"## {say('What follows from it')}\n\n{_following(run, group, language)}"
    yield f"## {say('Environment')}\n\n{_environment(run, lead, language)}"


def _documented(run: Run, lead: Violation, language: Language) -> str:
    clause = next((one for one in run.clauses if one.id == lead.clause), None)
    if clause is None:
        return code(lead.clause)
    place = language.say(
        "{place} of the operation's page ({clause})", place=language.say(clause.where), clause=clause.id
    )
    return f"> {escaped(language.say(clause.title))}\n>\n> {escaped(place)}"


def _request_section(run: Run, lead: Violation, language: Language) -> str:
    exchange = _evidence(run, lead)
    line = f"{code(exchange.method)} {code(clip(exchange.url, 300))}\n\n" if exchange else ""
    if lead.query is not None:
        return line + fenced(clip(pretty(lead.query), 4000), "json")
    note = exchange.note if exchange else ""
    return line + escaped(
        clip(language.say(note) if note else language.say("The request is in the command below."), 300)
    )


def _evidence(run: Run, lead: Violation) -> ExchangeRecord | None:
    wanted = lead.exchanges[:1]
    return next((one for one in run.exchanges if one.number in wanted), None)


def _difference(lead: Violation, language: Language) -> str:
    """Expected against actual: the lines that differ with one around them, or whole records where none differs."""
    expected, actual = (
        (one if isinstance(one, str) else pretty(one)).split("\n") for one in (lead.expected, lead.actual)
    )
    found = difflib.unified_diff(expected, actual, language.say("expected"), language.say("actual"), n=1, lineterm="")
    lines = [line for line in found if not line.startswith("@@")] or list(_records(lead))
    if not lines:  # the sentence above says it all
        return fenced(clip("\n".join(actual), 2_000))
    shown = [clip(line, 300) for line in lines[:_MOST_LINES]]
    if len(lines) > _MOST_LINES:
        shown.append(language.say("... and {count} more lines", count=len(lines) - _MOST_LINES))
    return fenced("\n".join(shown), "diff")


def _records(lead: Violation) -> Iterator[str]:
    """Missing records and those that should not be there: the samples beside the sentence can be the same."""
    if lead.records is not None:
        yield from (f"-{compact(record)}" for record in lead.records.missing)
        yield from (f"+{compact(record)}" for record in lead.records.extra)


def _often(run: Run, group: Group, language: Language, history: Sequence[PastRun]) -> str:
    lead = group.lead
    share = 100 * lead.occurrences / lead.of if lead.of else 100.0
    often = language.say(
        "Seen in {seen} of {of} requests that could show it ({share} %).",
        seen=f"{lead.occurrences:,}",
        of=f"{lead.of:,}",
        share=f"{share:.3g}",
    )
    if history:
        return f"{escaped(often)} {escaped(_since(lead.clause, history, language))}"
    changes = {
        Change.NEW: language.say("It is new: the run {run} did not show it.", run=run.baseline or ""),
        Change.STILL: language.say("It is not new: the run {run} showed it too.", run=run.baseline or ""),
        None: language.say("There is no earlier run to compare with."),
    }
    return f"{escaped(often)} {escaped(changes[group.breaks[0].change])}"


def _since(clause: str, history: Sequence[PastRun], language: Language) -> str:
    since = since_when(clause, history)
    first, good = since.first_seen, since.last_good
    words = (
        language.say("Seen since {time} (run {run}).", time=format_instant(first.started, "minute"), run=first.id)
        if first
        else language.say("This run is the first that shows it.")
    )
    held = (
        language.say("Last held at {time} (run {run}).", time=format_instant(good.started, "minute"), run=good.id)
        if good
        else language.say("No earlier run saw it held.")
    )
    return f"{words} {held}"


def _commands(run: Run, lead: Violation, language: Language) -> str:
    if len(lead.curl) > _LONGEST_CURL:
        return language.say("The request is too long for a ticket; it is in exchanges.har.")
    parts = []
    if "LINEMAN_TOKEN" in lead.curl:
        parts.append(language.say("A token first (set LINEMAN_APP_KEY and LINEMAN_APP_SECRET):"))
        parts.append(fenced(_TOKEN.replace("TOKEN_BASE", _token_base(run), 1), "sh"))
    parts.append(language.say("Then the request:"))
    parts.append(fenced(lead.curl, "sh"))
    if "now and then" in lead.observed and lead.occurrences:
        # Three times the mean distance between two: seen at least once in 95 of 100 tries.
        tries = min(500, max(10, -(-3 * lead.of // lead.occurrences)))
        loop = f"for attempt in $(seq {tries}); do\n  {lead.curl} | tail -n 1 | cut -c1-160\ndone | sort | uniq -c"
        parts.append(
            language.say("It happens now and then; this counts the different answers of {count} tries:", count=tries)
        )
        parts.append(fenced(loop, "sh"))
    return "\n\n".join(parts)


def _token_base(run: Run) -> str:
    """Where the token comes from: with the operation, wherever the shell sends that, unless it lives elsewhere."""
    together = run.target.token_url == run.target.base_url
    return f"${{LINEMAN_BASE_URL:-{run.target.base_url}}}" if together else run.target.token_url


def _following(run: Run, group: Group, language: Language) -> str:
    titles = {one.id: one.title for one in run.clauses}
    return "\n".join(
        f"- {escaped(clip(language.summary(one.lead), 300))} "
        f"({code(one.lead.clause)}: {escaped(clip(language.say(titles.get(one.lead.clause, '')), 200))})"
        for one in group.breaks[1:]
    )


def _environment(run: Run, lead: Violation, language: Language) -> str:
    exchange = _evidence(run, lead)
    rows = [
        (language.say("Environment"), f"{run.target.name}, {run.target.base_url}"),
        (language.say("Run"), f"{run.id}, {format_instant(run.started)}"),
        (language.say("Time of the request"), format_instant(exchange.started, "precise") if exchange else "–"),
        (language.say("Document"), run.document.version),
        (language.say("Found by"), f"lineman {run.lineman}, {lead.fingerprint}"),
    ]
    return "\n".join(f"- {name}: {code(clip(value, 300))}" for name, value in rows)
