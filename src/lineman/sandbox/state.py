"""One sandbox: its records, tokens and options, and the steps as its faults, variants and outage let them be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

from lineman.sandbox import operation as honest
from lineman.sandbox import responses as answers
from lineman.sandbox.dialects import DIALECTS
from lineman.sandbox.faults import FAULTS
from lineman.sandbox.options import SandboxOptions, credentials
from lineman.sandbox.outages import OUTAGES
from lineman.sandbox.pipeline import (
    AUTHENTICATE,
    DECODE,
    ENCODE,
    HANDLE,
    INTERPRET,
    QUERY,
    REFUSE,
    RENDER,
    ROUTE,
    SELECT,
    STAGES,
    TOKEN,
    Stage,
    StageHook,
    Step,
    compose,
)
from lineman.sandbox.records import Record, added_record, generate, replacement_text
from lineman.sandbox.store import Store
from lineman.sandbox.tokens import TokenStore
from lineman.sandbox.variants import VARIANTS

T = TypeVar("T")

_HONEST: dict[str, Step[Any]] = {
    HANDLE.name: honest.handle,
    ROUTE.name: honest.route,
    TOKEN.name: answers.issue_token,
    QUERY.name: honest.query,
    AUTHENTICATE.name: honest.authenticate,
    DECODE.name: honest.decode,
    INTERPRET.name: honest.interpret,
    SELECT.name: honest.select,
    RENDER.name: answers.render,
    REFUSE.name: answers.refuse,
    ENCODE.name: answers.encode,
}
_MOST_CHANGES_AT_ONCE = 20


class Sandbox:
    """What :class:`~lineman.sandbox.pipeline.Call` runs against. ``clock`` gives epoch seconds."""

    def __init__(self, options: SandboxOptions, clock: Callable[[], float]) -> None:
        self.options = options
        needed = (name for fault in options.faults for name in FAULTS[fault].variants)
        self.variants = tuple(dict.fromkeys((*options.variants, *needed)))
        """The honest difficulties: those asked for, and those that a fault comes with."""
        self.clock = clock
        self.memory: dict[str, Any] = {}
        """Where hooks keep what they must remember, each under its own name."""
        self.queries = 0
        self.tokens = TokenStore(credentials(options), clock)
        self.store = Store(
            options.database,
            case=self.dialect("filter.case"),
            wildcards=self.dialect("filter.wildcards"),
            folding=self.dialect("filter.folding"),
        )
        self._interval = options.change_every or (0.5 if "moving" in self.variants else None)
        self._fill()
        self._steps = {stage.name: self._build(stage) for stage in STAGES}
        self._changes = 0
        self._started = clock()

    def dialect(self, clause: str) -> str:
        """The answer that this sandbox gives to an open question."""
        return self.options.dialects.get(clause) or DIALECTS[clause][0].name

    def step(self, stage: Stage[T]) -> Step[T]:
        """The step with its hooks."""
        return cast("Step[T]", self._steps[stage.name])

    def move(self) -> None:
        """Let the changes happen that are due by now, if this is a moving list."""
        if self._interval is None:
            return
        due = int((self.clock() - self._started) / self._interval)
        for serial in range(max(self._changes, due - _MOST_CHANGES_AT_ONCE), due):
            self.change(serial)
        self._changes = max(due, self._changes)

    def change(self, serial: int) -> None:
        """Add a record to each tenant's list, take one out, and write one's description again."""
        for tenant in (1, 2):
            added = added_record(serial, self.options.seed, tenant)
            text = replacement_text(serial)
            self.store.change(tenant, add=added, forget=serial * 17 + 5, rewrite=serial * 29 + 11, text=text)

    def close(self) -> None:
        """Free the database."""
        self.store.close()

    def _fill(self) -> None:
        records, seed = self.options.records, self.options.seed
        second = min(max(60, records * 3 // 5), 500)
        rewriting = [(name, rewrite) for name in self.variants if (rewrite := VARIANTS[name].rewrite)]
        origin = None if self._interval else f"1/{records}/{seed}/{','.join(name for name, _ in rewriting)}"
        tenants: list[Iterable[Record]] = [generate(records, seed, 1), generate(second, seed, 2)]
        for _, rewrite in rewriting:
            tenants = [map(rewrite, tenant) for tenant in tenants]
        self.store.fill(origin, tenants)

    def _build(self, stage: Stage[T]) -> Step[T]:
        step = cast("Step[T]", _HONEST[stage.name])
        for hook in self._hooks():
            if hook.stage == stage:
                step = compose(step, hook.hook)
        return step

    def _hooks(self) -> list[StageHook[Any]]:
        """From the innermost to the outermost."""
        hooks = [FAULTS[name].hook for name in self.options.faults]
        hooks += [hook for name in self.variants for hook in VARIANTS[name].hooks]
        if self.options.outage is not None:
            hooks += OUTAGES[self.options.outage].hooks
        return hooks
