"""The seeded faults: each breaks a clause of the catalogue the way such services really break it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from lineman.sandbox.faults.base import REGISTRY, Fault

_ROOMS = (
    "requests",
    "credentials",
    "tenants",
    "filters",
    "texts",
    "limits",
    "offsets",
    "answers",
    "members",
    "totals",
    "consistency",
    "leaks",
    "gateway",
    "internals",
    "lookalike_tokens",
    "collations",
    "residue",
    "extreme_values",
    "masked",
)
for _room in _ROOMS:
    import_module(f"{__name__}.{_room}")

FAULTS: Mapping[str, Fault] = MappingProxyType(REGISTRY)

__all__ = ["FAULTS", "Fault"]
