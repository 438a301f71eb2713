"""A comparison of two runs as text, as Markdown and as a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from lineman.report.compare import RunComparison
from lineman.report.figures import verdict_word
from lineman.report.grouping import BrokenClause
from lineman.report.run import ClauseResult, Drift, FixedViolation
from lineman.text import clip, code, count, escaped, visible
from lineman.times import format_duration

_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a comparison: a clause, what there is to tell, and the fingerprint where there is one."""

    clause: str
    text: str
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class ComparisonSection:
    """One kind of change. ``kind`` is the class that pages give it."""

    title: str
    kind: str
    items: tuple[Item, ...]


def comparison_text(comparison: RunComparison) -> str:
    """Render for a terminal."""
    return "\n".join(_text(comparison)) + "\n"


def comparison_markdown(comparison: RunComparison) -> str:
    """Render for a job summary or a pull request's comment."""
    return "\n".join(_markdown(comparison)) + "\n"


def comparison_html(comparison: RunComparison) -> str:
    """Render as one offline page."""
    from lineman.report.html import render  # noqa: PLC0415 - text needs no templates

    return render(
        "comparison.html",
        comparison=comparison,
        headline=headline(comparison),
        sections=sections(comparison),
        words=(verdict_word(comparison.a), verdict_word(comparison.b)),
    )


def headline(comparison: RunComparison) -> str:
    """``1 new, 2 still there, 1 fixed``."""
    numbers = (
        (comparison.new, "new"),
        (comparison.still, "still there"),
        (comparison.fixed, "fixed"),
        (comparison.unseen, "gone but not verified"),
    )
    always = {"new", "still there", "fixed"}
    return ", ".join(f"{len(found)} {name}" for found, name in numbers if found or name in always)


def sections(comparison: RunComparison) -> list[ComparisonSection]:
    """The changes by kind, most urgent first; kinds without a change are left out."""
    found = [
        ComparisonSection("Newly broken", "new", _broken(comparison.new)),
        ComparisonSection("Still broken", "still", _broken(comparison.still)),
        ComparisonSection("Fixed", "fixed", _gone(comparison.fixed)),
        ComparisonSection("Gone, but the clause was not verified", "not-verified", _gone(comparison.unseen)),
        ComparisonSection("Newly not verified", "not-verified", _clauses(comparison.newly_not_verified)),
        ComparisonSection("Verified again", "fixed", _clauses(comparison.newly_verified)),
        ComparisonSection("Other answers where the documentation is silent", "drift", _drift(comparison.drift)),
    ]
    return [section for section in found if section.items]


def _broken(found: Iterable[BrokenClause]) -> tuple[Item, ...]:
    return tuple(
        Item(one.lead.clause, clip(one.lead.summary, _LONGEST) + _more(one), one.lead.fingerprint) for one in found
    )


def _more(one: BrokenClause) -> str:
    notes = []
    if one.others:
        notes.append(f"and {count(len(one.others), 'further way')}")
    if one.new_ways:
        notes.append(f"{one.new_ways} of them new")
    if one.lead.waived:
        notes.append("waived")
    return f" ({', '.join(notes)})" if notes else ""


def _gone(violations: Iterable[FixedViolation]) -> tuple[Item, ...]:
    return tuple(Item(one.clause, clip(one.summary, _LONGEST), one.fingerprint) for one in violations)


def _clauses(clauses: Iterable[ClauseResult]) -> tuple[Item, ...]:
    return tuple(Item(one.id, clip(one.reason or one.title, _LONGEST)) for one in clauses)


def _drift(drift: Iterable[Drift]) -> tuple[Item, ...]:
    return tuple(Item(one.clause, f"{clip(one.pinned, 180)} → {clip(one.observed, 180)}") for one in drift)


def latency_lines(comparison: RunComparison) -> list[str]:
    """One line per percentile that both runs can tell."""
    names = {50: "median", 95: "95th percentile"}
    return [
        f"{names[one.percent]}: {format_duration(one.before)} → {format_duration(one.after)} "
        f"({_shift(one.before, one.after)})"
        for one in comparison.latency
        if one.before is not None and one.after is not None
    ]


def _shift(before: float, after: float) -> str:
    if before <= 0:
        return "no comparison"
    change = round((after / before - 1) * 100)
    return "unchanged" if change == 0 else f"{change:+} %"


def _text(comparison: RunComparison) -> Iterator[str]:
    a, b = comparison.a, comparison.b
    yield headline(comparison)
    yield visible(f"before: {a.id} ({verdict_word(a)})")
    yield visible(f"now:    {b.id} ({verdict_word(b)})")
    for note in comparison.notes:
        yield visible(f"mind:   {note}")
    yield from _listed(comparison, "\n{}", lambda item: visible(f"  {item.clause}: {item.text}{_mark(item)}"))
    latency = latency_lines(comparison)
    if latency:
        yield f"\nLatency ({_sizes(comparison)})"
        yield from (f"  {line}" for line in latency)


def _mark(item: Item) -> str:
    return f" [{item.fingerprint}]" if item.fingerprint else ""


def _sizes(comparison: RunComparison) -> str:
    return f"{comparison.sizes[0]:,} and {count(comparison.sizes[1], 'answered query', 'answered queries')}"


def _listed(comparison: RunComparison, title: str, line: Callable[[Item], str]) -> Iterator[str]:
    for section in sections(comparison):
        yield title.format(f"{section.title} ({len(section.items)})")
        yield from (line(item) for item in section.items)


def _markdown(comparison: RunComparison) -> Iterator[str]:
    a, b = comparison.a, comparison.b
    yield f"## {headline(comparison)}\n"
    yield f"{code(b.id)} ({verdict_word(b)}) against {code(a.id)} ({verdict_word(a)})"
    for note in comparison.notes:
        yield f"\n> {escaped(note)}"
    yield from _listed(comparison, "\n### {}\n", _markdown_item)
    latency = latency_lines(comparison)
    if latency:
        yield f"\n### Latency ({_sizes(comparison)})\n"
        yield from (f"- {line}" for line in latency)


def _markdown_item(item: Item) -> str:
    fingerprint = f" ({code(item.fingerprint)})" if item.fingerprint else ""
    return f"- {code(item.clause)} {escaped(item.text)}{fingerprint}"
