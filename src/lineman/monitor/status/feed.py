"""Incidents as an Atom feed (RFC 4287): an entry for each, which changes when the incident does."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote
from xml.etree import ElementTree as Xml

from lineman.monitor.status.facts import HistorySnapshot
from lineman.monitor.status.timeline import Timeline
from lineman.monitor.status.wording import rough
from lineman.text import clip, visible
from lineman.times import format_instant

KIND = "application/atom+xml; charset=utf-8"
_ATOM = "http://www.w3.org/2005/Atom"
_MOST_TEXT = 300
_KINDS = {"failed": "down", "degraded": "degraded", "unknown": "not measured"}


def feed(facts: HistorySnapshot, titles: Mapping[str, str]) -> bytes:
    """``titles``: what people call the canaries."""
    Xml.register_namespace("", _ATOM)
    root = Xml.Element(f"{{{_ATOM}}}feed")
    place = quote(facts.where.place)
    _add(root, "id", f"urn:lineman:incidents:{place}")
    _add(root, "title", "Incidents")
    _add(root, "updated", format_instant(max((_updated(story) for story in facts.stories), default=0), "iso"))
    author = Xml.SubElement(root, f"{{{_ATOM}}}author")
    _add(author, "name", "lineman")
    Xml.SubElement(root, f"{{{_ATOM}}}link", {"href": "./"})
    for story in facts.stories:
        root.append(_entry(story, titles.get(story.canary, story.canary), place))
    text: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _entry(story: Timeline, title: str, place: str) -> Xml.Element:
    entry = Xml.Element(f"{{{_ATOM}}}entry")
    words = ", then ".join(_KINDS.get(kind, kind) for kind in story.kinds)
    over = "" if story.ended is None else f", over after {rough(story.ended - story.opened)}"
    _add(entry, "id", f"urn:lineman:incident:{place}:{quote(story.canary)}:{story.opened}")
    _add(entry, "title", f"{title}: {words}{over}")
    _add(entry, "published", format_instant(story.opened, "iso"))
    _add(entry, "updated", format_instant(_updated(story), "iso"))
    Xml.SubElement(entry, f"{{{_ATOM}}}link", {"href": f"./#story-{story.canary}-{story.opened}"})
    _add(entry, "summary", story.summary)
    lines = [f"{format_instant(moment.at)}: {clip(moment.text, _MOST_TEXT)}" for moment in story.moments]
    _add(entry, "content", "\n".join(lines))
    return entry


def _updated(story: Timeline) -> int:
    """The latest change of an incident, in milliseconds."""
    return max([story.opened, *(moment.at for moment in story.moments)])


def _add(parent: Xml.Element, name: str, text: str) -> None:
    """An element with a text, in which what XML cannot carry is named."""
    Xml.SubElement(parent, f"{{{_ATOM}}}{name}").text = visible(clip(text, 10_000))
