"""The seeded faults: each breaks a clause of the catalogue the way such services really break it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from lineman.sandbox.faults.registry import REGISTRY, Fault

FAULTS: Mapping[str, Fault] = MappingProxyType(REGISTRY)

__all__ = ["FAULTS", "Fault"]
