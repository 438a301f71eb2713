"""From what is known to HTML: the served page, a canary's own page, and the export from history alone."""

from __future__ import annotations

from typing import Any

from lineman.monitor.config.models import Configuration
from lineman.monitor.status.current import present
from lineman.monitor.status.facts import gather, where_of
from lineman.monitor.status.view import Setting, context
from lineman.monitor.store.engine import Reader
from lineman.report.html import content_policy, prepare, render

_PACKAGE = "lineman.monitor.status"
_SCRIPTS = ("hash.js", "status.js")
MOST_SHEETS = 25
"""Up to so many canaries each has its section on the served page itself; beyond, each has a page of its own."""
MOST_EXPORTED = 100
"""Sections in an export; beyond, the worst have one."""


def html(shown: dict[str, Any]) -> str:
    """The page of a context."""
    return render("status.html", package=_PACKAGE, scripts=_SCRIPTS, **shown)


def make_ready() -> None:
    """Load the templates, before the files beside the running monitor may become those of another version."""
    prepare(_PACKAGE)


def policy() -> str:
    """The page's Content-Security-Policy as a header, where it may also forbid to be framed."""
    return f"{content_policy(package=_PACKAGE, scripts=_SCRIPTS)}; frame-ancestors 'none'"


def export(configuration: Configuration, address: str, now: int) -> str:
    """The page as one offline file, from history alone.

    Raises any of the store's ``FAILURES``.
    """
    canaries = configuration.canaries
    with Reader(address).reading() as connection:
        facts = gather(connection, where_of(configuration.monitor), canaries, now)
        stand = [
            present(canary, facts.known[name], None, facts.since, now) for name, canary in sorted(canaries.items())
        ]
        worst = [one.canary.name for one in sorted(stand, key=lambda one: one.rank)][:MOST_EXPORTED]
        facts = facts.with_details(connection, worst)
    return html(context(stand, facts, worst, now, Setting(configuration.monitor, live=False)))
