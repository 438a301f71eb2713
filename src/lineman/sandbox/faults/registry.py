"""How a fault is declared: a small function that wraps one step, registered with its clause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from lineman.sandbox.pipeline import Hook, HookOn, Seam

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fault:
    """One seeded way to break one clause. ``sole``: it is meant to break no other clause with it."""

    name: str
    clause: str
    summary: str
    sole: bool
    hook: HookOn[Any]


REGISTRY: dict[str, Fault] = {}


def fault(seam: Seam[T], clause: str, name: str, summary: str, *, sole: bool = False) -> Callable[[Hook[T]], Hook[T]]:
    """Register the decorated hook as the fault ``name`` of ``clause``; ``summary`` says what the service does."""

    def register(hook: Hook[T]) -> Hook[T]:
        if name in REGISTRY:
            raise ValueError(f"the fault {name} is declared twice")
        REGISTRY[name] = Fault(name, clause, summary, sole, HookOn(seam, hook))
        return hook

    return register
