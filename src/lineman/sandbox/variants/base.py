"""What an honest difficulty is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lineman.sandbox.pipeline import StageHook
from lineman.sandbox.records import Record


@dataclass(frozen=True, slots=True)
class Variant:
    """One honest difficulty; ``hooks`` bring it about, or ``rewrite``, which changes the records from the start."""

    name: str
    summary: str
    hooks: tuple[StageHook[Any], ...] = ()
    rewrite: Callable[[Record], Record] | None = None
