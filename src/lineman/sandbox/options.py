"""What a sandbox can be set to, validated where it is said."""

from __future__ import annotations

import difflib
import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lineman.sandbox.dialects import DIALECTS
from lineman.sandbox.faults import FAULTS
from lineman.sandbox.option_error import SandboxOptionError
from lineman.sandbox.outages import OUTAGES
from lineman.sandbox.tokens import SandboxCredentials
from lineman.sandbox.variants import VARIANTS
from lineman.sandbox.variants.record_texts import WEAK_SECRET, WEAK_SECRET_VARIANT

MOST_RECORDS = 1_000_000


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """Everything that can be set; ``latency`` and ``change_every`` are seconds, ``database`` a SQLite file.

    Raises :class:`SandboxOptionError` for a name or value that is not known, naming the nearest that is.
    """

    records: int = 236
    seed: int = 1
    latency: float = 0.0
    dialects: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    outage: str | None = None
    database: Path | None = None
    change_every: float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be honoured before anything is built from it."""
        self._check_numbers()
        for clause, answer in self.dialects.items():
            _require_known("dialect", clause, DIALECTS)
            _require_known(f"answer to {clause}", answer, [known.name for known in DIALECTS[clause]])
        for name in self.faults:
            _require_known("fault", name, FAULTS)
        for name in self.variants:
            _require_known("variant", name, VARIANTS)
        if self.outage is not None:
            _require_known("outage", self.outage, OUTAGES)

    def _check_numbers(self) -> None:
        if not 0 <= self.records <= MOST_RECORDS:
            raise SandboxOptionError(f"records is {self.records}; give a number from 0 to {MOST_RECORDS}.")
        if not 0 <= self.latency <= 60:
            raise SandboxOptionError(f"latency is {self.latency} seconds; give 0 to 60 seconds.")
        if self.change_every is not None and not 0.01 <= self.change_every <= 86_400:
            raise SandboxOptionError(f"change-every is {self.change_every} seconds; give 0.01 to 86400 seconds.")


def credentials(options: SandboxOptions) -> tuple[SandboxCredentials, SandboxCredentials]:
    """The credentials of tenants one and two; they depend on the seed, and on a variant that has weak ones."""
    first, second = _credentials(options.seed, 1), _credentials(options.seed, 2)
    if WEAK_SECRET_VARIANT in options.variants:
        first = replace(first, app_secret=WEAK_SECRET)
    return first, second


def parse_dialects(texts: Iterable[str]) -> dict[str, str]:
    """Read ``CLAUSE=ANSWER`` texts; raises :class:`SandboxOptionError` where the equals sign is missing."""
    dialects = {}
    for text in texts:
        clause, equals, answer = text.partition("=")
        if not equals:
            raise SandboxOptionError(
                f"dialect '{text}' is not of the form CLAUSE=ANSWER, such as filter.case=insensitive."
            )
        dialects[clause.strip()] = answer.strip()
    return dialects


def parse_seconds(text: str, option: str) -> float:
    """Read seconds (``0.15``, ``0.15s``) or milliseconds (``150ms``); raises :class:`SandboxOptionError`."""
    match = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)\s*(ms|s)?", text.strip(), re.ASCII)
    if match is None:
        raise SandboxOptionError(f"{option} is '{text}'; give seconds such as 0.15, or milliseconds such as 150ms.")
    return float(match[1]) / (1000 if match[2] == "ms" else 1)


def _credentials(seed: int, tenant: int) -> SandboxCredentials:
    digest = hashlib.sha512(f"lineman sandbox {seed} tenant {tenant}".encode()).digest()
    key = digest[:16].hex()
    secret = urlsafe_b64encode(digest[16:46]).decode().replace("-", "x").replace("_", "y")
    return SandboxCredentials(key, secret)


def _require_known(kind: str, name: str, known: Iterable[str]) -> None:
    names = sorted(known)
    if name in names:
        return
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.0)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise SandboxOptionError(f"Unknown {kind} '{name}'.{hint}")
