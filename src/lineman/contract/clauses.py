"""The clauses: every promise of the vendor's page, and every question that it leaves open.

Read from ``clauses.toml``, the one place where ids and wording are kept. Reports, ``lineman explain``,
waivers, pins and the sandbox's faults all name clauses by these ids.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Clause:
    """One promise, or one open question.

    ``level`` is ``promised`` (breaking it is a violation) or ``silent`` (the answer is an observation).
    """

    id: str
    level: str
    title: str
    where: str
    how: str
    breaks: str
    shown_by: str = "success"
    """The kind of answer that shows it kept: ``success``, ``refusal``, ``credentials``, or any ``answer``."""

    @property
    def area(self) -> str:
        return self.id.partition(".")[0]

    @property
    def promised(self) -> bool:
        return self.level == "promised"


class UnknownClauseError(ValueError):
    """A clause id or glob that names nothing; the message gives the nearest valid id."""


@cache
def catalogue() -> Mapping[str, Clause]:
    """All clauses by id, in the order of the vendor's page."""
    text = files("lineman.contract").joinpath("clauses.toml").read_text(encoding="utf-8")
    return MappingProxyType({id_: Clause(id=id_, **fields) for id_, fields in tomllib.loads(text).items()})


def clause(id_: str) -> Clause:
    """Return one clause.

    Raises:
        UnknownClauseError: no clause has that id.
    """
    found = catalogue().get(id_)
    if found is None:
        raise UnknownClauseError(f"there is no clause {id_!r}{_nearest(id_)}")
    return found


def select(globs: tuple[str, ...]) -> frozenset[str]:
    """The ids that any of the shell-style globs matches; all ids where no glob is given.

    Raises:
        UnknownClauseError: a glob matches nothing.
    """
    if not globs:
        return frozenset(catalogue())
    chosen: set[str] = set()
    for glob in globs:
        matched = {id_ for id_ in catalogue() if fnmatchcase(id_, glob)}
        if not matched:
            raise UnknownClauseError(f"no clause matches {glob!r}{_nearest(glob)}")
        chosen |= matched
    return frozenset(chosen)


def _nearest(name: str) -> str:
    close = get_close_matches(name, catalogue(), n=1, cutoff=0.4)
    return f"; the nearest is {close[0]!r}" if close else "; `lineman explain` lists them all"
