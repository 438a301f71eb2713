"""What a check yields when a clause is broken: the finding, and its identity."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lineman.exchange import Exchange, NoSecrets, Redaction
from lineman.message import Message

_LONGEST = 4_000
"""Characters of one text of the evidence: a browser has to open the report that shows it."""
_LONGEST_SECRET = 20_000
"""Characters that a disguised token may take: a long one of 2,000, each written as an entity."""
Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RecordDiff:
    """How the records got differ from the records expected."""

    missing: tuple[Record, ...] = ()
    extra: tuple[Record, ...] = ()
    out_of_order: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.extra or self.out_of_order)


@dataclass(frozen=True, slots=True)
class Finding:
    """One promise broken, with its evidence.

    ``parameter``, ``constraint`` and ``observed`` are words from a fixed vocabulary, never data of the target: together
    with the clause they identify the violation from run to run (:attr:`fingerprint`).
    """

    clause: str
    summary: str
    expected: Any
    actual: Any
    exchanges: tuple[Exchange, ...]
    parameter: str = ""
    constraint: str = ""
    observed: str = ""
    rows: RecordDiff = field(default_factory=RecordDiff)
    occurrences: int = 1
    of: int = 1
    check: str = ""
    """Name of the check that found it."""
    examined: bool = True
    """False where it is certain, but nobody looked which clause is to blame: it may well follow from another one."""

    def __post_init__(self) -> None:
        """Take out secrets, and cut long texts: what arrived is judged as it is, and shown without them."""
        redaction = next((exchange.redaction for exchange in self.exchanges), None)
        show = _Showing(redaction if redaction is not None and redaction.found_any else NoSecrets())
        for name in ("summary", "expected", "actual", "parameter", "constraint", "observed"):
            object.__setattr__(self, name, show.shown(getattr(self, name)))
        missing, extra = (show.shown(rows) for rows in (self.rows.missing, self.rows.extra))
        object.__setattr__(self, "rows", RecordDiff(missing, extra, show.shown(self.rows.out_of_order)))

    @property
    def fingerprint(self) -> str:
        """``CLAUSE-`` and ten hexadecimal digits, the same for the same break in any run."""
        text = "\n".join((self.clause, self.parameter, self.constraint, self.observed))
        return f"{self.clause}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"


@dataclass(frozen=True, slots=True)
class _Showing:
    """Makes of a target's values what is shown of them."""

    redaction: Redaction

    def shown(self, value: Any) -> Any:
        """The same value, every text in it redacted and cut."""
        if isinstance(value, Message):
            return value.map(self._text)
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            return {self._text(str(name)): self.shown(inner) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self.shown(inner) for inner in value)
        return value

    def _text(self, text: str) -> str:
        """Cut behind the place that a secret could reach to, and at the length wanted after that."""
        cut = text[: _LONGEST + _LONGEST_SECRET]
        redacted = self.redaction.text(cut)
        return redacted if len(redacted) <= _LONGEST else f"{redacted[:_LONGEST]}… (cut; {len(text):,} characters)"


def merge(findings: Sequence[Finding]) -> list[Finding]:
    """Join findings of the same fingerprint, the first one kept as the evidence, occurrences summed."""
    merged: dict[str, Finding] = {}
    for finding in findings:
        known = merged.get(finding.fingerprint)
        if known is None:
            merged[finding.fingerprint] = finding
            continue
        exchanges = known.exchanges + tuple(e for e in finding.exchanges if e not in known.exchanges)
        merged[finding.fingerprint] = replace(
            known,
            exchanges=exchanges,
            examined=known.examined or finding.examined,
            occurrences=known.occurrences + finding.occurrences,
            of=max(known.of, finding.of, known.occurrences + finding.occurrences),
        )
    return list(merged.values())
