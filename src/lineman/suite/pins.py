"""``lineman-pins.toml``: what a team has accepted where the documentation is silent. Another answer is drift."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path

from lineman.contract.clauses import UnknownClauseError, catalogue
from lineman.files import PUBLIC, write_atomically
from lineman.report.run import Drift

HEADER = """\
# What this target does where the documentation is silent, accepted by the team.
# Written by `lineman test --pin`; commit it. Another answer later on is reported as drift.
"""


class PinsError(ValueError):
    """The pins cannot be read; the message says why."""


def read_pins(path: Path) -> dict[str, str]:
    """Read pins by clause id; none where there is no file.

    Raises:
        PinsError: it is no TOML, names an unknown clause, or holds no text.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise PinsError(f"{path}: {error}: correct it, or delete it and pin again") from None
    pins = values.get("pins", {})
    for id_, answer in pins.items():
        if id_ not in catalogue():
            raise PinsError(f"{path}: [pins] {id_!r}: {UnknownClauseError(f'there is no clause {id_!r}')}")
        if not isinstance(answer, str):
            raise PinsError(f"{path}: [pins] {id_!r} must be a text, and is {answer!r}")
    return dict(pins)


def write_pins(path: Path, observations: Mapping[str, str]) -> None:
    """Write all observations as pins, keeping pins of clauses that this run did not observe.

    Raises:
        OSError: the file cannot be written.
        PinsError: the file that is there cannot be read.
    """
    pins = {**read_pins(path), **observations}
    lines = [f"{json.dumps(id_)} = {json.dumps(pins[id_], ensure_ascii=False)}" for id_ in catalogue() if id_ in pins]
    write_atomically(path, (HEADER + "\n[pins]\n" + "\n".join(lines) + "\n").encode(), mode=PUBLIC)


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
