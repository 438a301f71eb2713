"""What faults have in common: looking ahead into a request, and filtering and paging by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, NoReturn, TypeVar

from lineman.sandbox.pipeline import Call, Hook, Refusal, Reply, Stage, StageHook, Step
from lineman.sandbox.records import Record
from lineman.sandbox.store import Selection, matcher

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fault:
    """One seeded way to break one clause. ``sole``: it is meant to break no other clause with it.

    ``variants`` are the honest difficulties that the fault comes with. A fault that is not ``representative`` is of a
    large family of which others are: the proof leaves it out unless it is asked for whole families.
    """

    name: str
    clause: str
    summary: str
    sole: bool
    hook: StageHook[Any]
    variants: tuple[str, ...] = ()
    representative: bool = True


REGISTRY: dict[str, Fault] = {}


def fault(
    stage: Stage[T],
    clause: str,
    name: str,
    summary: str,
    *,
    sole: bool = False,
    variants: tuple[str, ...] = (),
    representative: bool = True,
) -> Callable[[Hook[T]], Hook[T]]:
    """Register the decorated hook as the fault ``name`` of ``clause``; ``summary`` says what the service does.

    For the other parameters see :class:`Fault`. Raises ValueError where the name is taken.
    """

    def register(hook: Hook[T]) -> Hook[T]:
        if name in REGISTRY:
            raise ValueError(f"the fault {name} is declared twice")
        REGISTRY[name] = Fault(name, clause, summary, sole, StageHook(stage, hook), variants, representative)
        return hook

    return register


def peek(call: Call) -> dict[str, Any]:
    """The body's object before it is decoded; empty where there is none."""
    try:
        members = json.loads(call.body)
    except (ValueError, RecursionError):
        return {}
    return members if isinstance(members, dict) else {}


def with_members(call: Call, **members: Any) -> Call:
    """The call with members set."""
    return replace(call, members={**call.members, **members})


def without(call: Call, *names: str) -> Call:
    """The call without members."""
    return replace(call, members={name: value for name, value in call.members.items() if name not in names})


def reject(message: str) -> NoReturn:
    """Refuse the request as invalid."""
    raise Refusal("request", "fault", message)


def failure(status: int = 500, text: str = "Internal error") -> Reply:
    """An error envelope with any status."""
    return Reply(status, json.dumps({"returnCode": "100500", "description": text}).encode())


def contains(call: Call, text: str | None, needle: str) -> bool:
    """Fuzzy matching as the store's dialect has it."""
    store = call.service.store
    return text is not None and matcher(needle, store.case, store.wildcards, store.folding)(text)


def code_matches(call: Call, record: Record) -> bool:
    """Whether the record meets the accessCode filter."""
    wanted = call.query.criteria.access_code
    return wanted is None or contains(call, record.access_code, wanted)


def description_matches(call: Call, record: Record) -> bool:
    """Whether the record meets the description filter."""
    wanted = call.query.criteria.description
    return wanted is None or contains(call, record.description, wanted)


def media_matches(call: Call, record: Record) -> bool:
    """Whether the record meets the mediatypeId filter."""
    return call.query.criteria.media_type in {None, record.media_type}


def page(call: Call, records: Iterable[Record]) -> Selection:
    """The page of the call out of all its matches."""
    matches = tuple(records)
    start = call.query.offset
    return Selection(matches[start : start + call.query.limit], len(matches))


def filter_by_hand(call: Call, keep: Callable[[Record], bool]) -> Selection:
    """Filter the tenant's records by hand, and page them honestly."""
    return page(call, (record for record in everything(call) if keep(record)))


def everything(call: Call) -> list[Record]:
    """The tenant's records."""
    return call.service.store.everything(call.tenant)


def all_matches(call: Call, proceed: Step[Selection]) -> tuple[Record, ...]:
    """Every record that honestly matches, whatever the page."""
    return proceed(call.asking(limit=2**31, offset=0)).records


def every_nth(call: Call, name: str, every: int) -> bool:
    """True at every n-th asking under that name."""
    seen = call.service.memory[name] = int(call.service.memory.get(name, 0)) + 1
    return seen % every == 0


def document_of(reply: Reply) -> dict[str, Any]:
    """The JSON object in a reply."""
    document: dict[str, Any] = json.loads(reply.body)
    return document


def is_success(call: Call) -> bool:
    """Whether what is about to be encoded is the answer to a query that succeeded."""
    return call.status == 200 and call.refusal is None and "calledRouteList" in (call.document.get("data") or {})
