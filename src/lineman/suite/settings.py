"""How a run is to be made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Profile = Literal["smoke", "full", "deep"]


@dataclass(frozen=True, slots=True)
class Settings:
    """``budget`` is the most requests of a deep run's generated queries; ``only`` are globs of clause ids,
    empty for all.
    """

    profile: Profile = "full"
    seed: int = 1
    only: tuple[str, ...] = ()
    report_dir: Path | None = None
    drift: Literal["warn", "fail"] = "fail"
    pin: bool = False
    pins: Path = Path("lineman-pins.toml")
    baseline: str | None = None
    sandbox_options: tuple[str, ...] = ()
    """Options that started the embedded sandbox, to be repeated in replay commands."""
    target_options: tuple[str, ...] = ()
    """Options that chose the target, likewise."""
    generated: int = 16
    """How many queries are generated from the data seen in a full run."""
    from_document: int = 8
    """How many requests are generated from the OpenAPI document."""
    deep_rounds: int = 1_000
    """The most rounds of generated queries in a deep run; its budget ends them earlier."""
