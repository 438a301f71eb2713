"""What all pages share: templates with everything escaped, one look, and a policy that forbids every request."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from lineman.report.conditions import conditions
from lineman.report.figures import STATE_MARKS, STATE_WORDS
from lineman.report.request_table import link_to_rows
from lineman.text import clip, compact, count, pretty, visible
from lineman.times import format_duration, format_instant

if TYPE_CHECKING:
    from lineman.report.history import PastRun

_SAFE = re.compile(r"[a-z0-9][a-z0-9.-]{0,80}")


def clause_anchor(clause: str) -> str:
    """The id of a clause's row; ids that are not ours are replaced by their digest."""
    return f"clause-{_safe(clause)}"


def violation_anchor(fingerprint: str) -> str:
    """The id of a violation's card."""
    return f"violation-{_safe(fingerprint)}"


def _safe(text: str) -> str:
    if _SAFE.fullmatch(text):
        return text
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


_HOME = "lineman.report"
_TEMPLATES = "templates"
_VARIABLE = re.compile(r"\$(?:\{(?=\w+\}))?(LINEMAN_\w+)")


def render(template: str, *, package: str = _HOME, scripts: tuple[str, ...] = (), **context: Any) -> str:
    """Render a page that extends ``base.html``, with the shared style and the named scripts inside it.

    Templates and scripts are looked for in ``package``'s folder ``templates`` first, then in the report's own, so
    that other parts of lineman can have pages of the same look. A ``style.css`` there is added to the shared one.
    """
    style, script = _style(package), _script(package, scripts)
    return (
        _environment(package)
        .get_template(template)
        .render(
            style=Markup(style),  # noqa: S704 - our own file
            script=Markup(script),  # noqa: S704 - our own file
            policy=_policy(style, script),
            **context,
        )
    )


def prepare(package: str) -> None:
    """Load a package's templates now, for a process that lives long: it never mixes them with those of an upgrade."""
    environment = _environment(package)
    for name in environment.list_templates(filter_func=lambda name: name.endswith(".html")):
        if files(package).joinpath(_TEMPLATES, name).is_file() or name == "base.html":
            environment.get_template(name)


def content_policy(*, package: str = _HOME, scripts: tuple[str, ...] = ()) -> str:
    """The Content-Security-Policy of a rendered page, for a server that also sends it as a header."""
    return _policy(_style(package), _script(package, scripts))


def _style(package: str) -> str:
    return "\n".join(_asset(home, "style.css") for home in dict.fromkeys((_HOME, package)))


def _script(package: str, scripts: tuple[str, ...]) -> str:
    return "\n".join(_asset(package, name) or _asset(_HOME, name) for name in ("base.js", *scripts))


def _policy(style: str, script: str) -> str:
    """The Content-Security-Policy: this style and this script, nothing else, from nowhere."""
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _asset(package: str, name: str) -> str:
    """The text of a file of ours; empty where that package has none."""
    file = files(package).joinpath(_TEMPLATES, name)
    return file.read_text(encoding="utf-8") if file.is_file() else ""


@cache
def _environment(package: str) -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(home, _TEMPLATES) for home in dict.fromkeys((package, _HOME))]),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_make_visible,
    )
    environment.filters |= {
        "prose": prose,
        "reproducing": reproducing,
        "clause_anchor": clause_anchor,
        "violation_anchor": violation_anchor,
        "replaying": replaying,
        "rows_link": link_to_rows,
        "conditions": conditions,
        "clip": clip,
        "compact": compact,
        "pretty": pretty,
        "count": count,
        "format_duration": format_duration,
        "format_instant": format_instant,
        "run_link": run_link,
        "word": STATE_WORDS.__getitem__,
        "mark": STATE_MARKS.__getitem__,
    }
    return environment


def _make_visible(value: Any) -> Any:
    """Whatever a template prints passes here: invisible characters are named, whoever wrote the template."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def reproducing(curl: str) -> str:
    """The title of a command: which variables of the shell it needs."""
    needed = list(dict.fromkeys(_VARIABLE.findall(curl)))
    return f"Reproduce it (set {' and '.join(sorted(needed))} first)" if needed else "Reproduce it"


def prose(text: str) -> Markup:
    """Text with its ``words in backticks`` as code; everything is escaped."""
    parts = visible(text).split("`")
    if len(parts) % 2 == 0:
        return escape(visible(text))
    shown = (Markup("<code>{}</code>").format(part) if at % 2 else escape(part) for at, part in enumerate(parts))
    return Markup("").join(shown)


def replaying(replay: str) -> str:
    """What the command does, with the reason for a second clause."""
    clauses = re.findall(r"--only (\S+)", replay)
    return "Replay it with lineman" + (f" ({clauses[1]}: what its request was made for)" if len(clauses) > 1 else "")


def run_link(past: PastRun) -> str:
    """The page of another run, from the page of a run beside it."""
    return f"../{quote(past.folder)}/index.html"
