"""``lineman-pins.toml``: what a team has accepted where the documentation is silent. Another answer is drift.

Each target has a table of its own, for two deployments may well answer an open question differently. Files of the first
edition have one table ``[pins]`` for all; it is read as the default target's.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lineman.contract.clauses import UnknownClauseError, catalogue, clause
from lineman.files import PUBLIC, write_atomically
from lineman.report.run import Drift
from lineman.text import hint

PINS_FILE = Path("lineman-pins.toml")
_HEADER = """\
# What a target does where the documentation is silent, accepted by the team.
# Written by `lineman test --pin`; commit it. Another answer later on is reported as drift.
"""
_OLD, _TABLES = "pins", "targets"


class PinsError(ValueError):
    """The pins cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Pins:
    """What one file holds: answers by clause id, for each target, and of the old form for nobody in particular."""

    path: Path = PINS_FILE
    targets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    old: Mapping[str, str] = field(default_factory=dict)

    def of(self, target: str, *, default: bool = False) -> dict[str, str]:
        """The pins of a target. ``default``: it is the one that the old form belongs to, where it has no own table."""
        if target in self.targets:
            return dict(self.targets[target])
        return dict(self.old) if default else {}

    def note(self, target: str, *, default: bool = False) -> str:
        """What a person has to know about the old form; empty where there is nothing to say."""
        if not self.old or target in self.targets:
            return ""
        if default:
            return (
                f"{self.path}: the pins of [pins] are taken for {target}'s: --pin writes them into a table of its own"
            )
        return f"{self.path}: the pins of [pins] are not {target}'s and were not used: --pin writes its own"


def read_pins(path: Path) -> Pins:
    """Read a file of pins; none where there is no file.

    Raises:
        PinsError: it is no TOML, names an unknown clause, or holds no text.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return Pins(path)
    except OSError as error:
        raise PinsError(f"{path}: cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise PinsError(f"{path}: not valid TOML: {error}: correct it, or delete it and pin again") from None
    for name in values:
        if name not in (_OLD, _TABLES):
            raise PinsError(f"{path}: unknown table [{name}]{hint(name, (_OLD, _TABLES))}; expected [targets.NAME]")
    tables = _table(values.get(_TABLES, {}), path, _TABLES)
    targets = {name: _answers(table, path, f"{_TABLES}.{name}") for name, table in tables.items()}
    return Pins(path, targets, _answers(values.get(_OLD, {}), path, _OLD))


def _table(value: Any, path: Path, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PinsError(f"{path}: [{place}] must be a table, and is {value!r}")
    return value


def _answers(value: Any, path: Path, place: str) -> dict[str, str]:
    answers = _table(value, path, place)
    for id_, answer in answers.items():
        try:
            clause(id_)
        except UnknownClauseError as error:
            raise PinsError(f"{path}: [{place}] {id_!r}: {error}") from None
        if not isinstance(answer, str):
            raise PinsError(f"{path}: [{place}] {id_!r} must be a text, and is {answer!r}")
    return answers


def write_pins(path: Path, target: str, observations: Mapping[str, str], *, default: bool = False) -> None:
    """Write a target's observations as its pins, keeping pins of clauses that this run did not observe, and those of
    other targets. Pins of the old form move into the default target's table.

    Raises:
        OSError: the file cannot be written.
        PinsError: the file that is there cannot be read.
    """
    there = read_pins(path)
    own = {**there.of(target, default=default), **observations}
    tables = {**there.targets, target: own}
    parts = [_HEADER]
    if there.old and not default:
        parts.append(_table_text(f"[{_OLD}]", there.old))
    parts += [_table_text(f"[{_TABLES}.{_key(name)}]", tables[name]) for name in sorted(tables)]
    write_atomically(path, "\n".join(parts).encode(), mode=PUBLIC)


def _table_text(heading: str, pins: Mapping[str, str]) -> str:
    lines = [f"{json.dumps(id_)} = {json.dumps(pins[id_], ensure_ascii=False)}" for id_ in catalogue() if id_ in pins]
    return "\n".join([heading, *lines, ""])


def _key(name: str) -> str:
    """A name as a key of TOML: in quotes where it holds anything but letters, digits, ``-`` and ``_``."""
    bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if bare else json.dumps(name, ensure_ascii=False)


def find_drift(pins: Mapping[str, str], observations: Mapping[str, str]) -> list[Drift]:
    """Observations that differ from their pins.

    An observation has parts where a question was asked in several ways. A part that this run did not ask, because its
    profile or its data are smaller, is no drift; a part that was not pinned is.
    """
    return [
        Drift(clause=id_, question=catalogue()[id_].title, pinned=pinned, observed=observations[id_])
        for id_, pinned in pins.items()
        if id_ in observations and _differs(_parts(pinned), _parts(observations[id_]))
    ]


def _differs(pinned: Mapping[str, set[str]], observed: Mapping[str, set[str]]) -> bool:
    """True where something was observed that no pin says."""
    return any(not answers <= pinned.get(name, set()) for name, answers in observed.items())


def _parts(observation: str) -> dict[str, set[str]]:
    """``a: x; a: y; b: z`` as the answers of each part."""
    parts: dict[str, set[str]] = {}
    for text in observation.split("; "):
        name, _, answer = text.partition(": ")
        parts.setdefault(name, set()).add(answer)
    return parts
