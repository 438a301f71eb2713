"""Shards of one run, joined: what each of several machines found on the same target becomes one record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from lineman.report.files import ReportError
from lineman.report.run import ClauseResult, ExchangeRecord, Health, Run, State, Tested, Verdict, Violation
from lineman.text import count

_WORST_FIRST = (State.VIOLATED, State.WAIVED, State.HELD, State.OBSERVED, State.NOT_VERIFIED)
_MOST_EVIDENCE = 20


def merge(runs: Sequence[Run]) -> Run:
    """Join shards of one run: same target, document, seed and profile.

    A clause ends in the worst state of any shard that verified it; exchanges are numbered again, shard after shard.
    One shard without a verdict leaves the whole without one, unless a promise is broken.

    Raises:
        ReportError: there is nothing to join, or the runs do not belong together.
    """
    if not runs:
        raise ReportError("nothing to merge: give at least one run")
    _check(runs)
    ordered = sorted(runs, key=lambda run: (run.started, run.id))
    shards = [_renumbered(run, sum(_last(one) for one in ordered[:at])) for at, run in enumerate(ordered)]
    first = shards[0]
    violations = _violations(shards)
    members: dict[str, Any] = {
        "id": first.id if len(shards) == 1 else f"{first.id}-merged",
        "started": min(run.started for run in shards),
        "finished": max(run.finished for run in shards),
        "requests": sum(run.requests for run in shards),
        "only": _unique(glob for run in shards for glob in run.only) if all(run.only for run in shards) else [],
        "clauses": _clauses(shards),
        "violations": violations,
        "observations": {id_: answer for run in reversed(shards) for id_, answer in run.observations.items()},
        "drift": list({one.clause: one for run in reversed(shards) for one in run.drift}.values()),
        "waivers": list({one.match: one for run in shards for one in sorted(run.waivers, key=_used_last)}.values()),
        "fixed": _fixed(shards, {one.fingerprint for one in violations}),
        "health": _health(shards),
        "tested": _tested(shards),
        "exchanges": [exchange for run in shards for exchange in run.exchanges],
    }
    return first.model_copy(update=members | _verdict(shards, violations))


def _used_last(waiver: Any) -> bool:
    return bool(waiver.state == "used")


def _check(runs: Sequence[Run]) -> None:
    first = runs[0]
    for run in runs[1:]:
        for what, one, other in (
            ("target", first.target.base_url, run.target.base_url),
            ("document", first.document.sha256, run.document.sha256),
            ("seed", first.seed, run.seed),
            ("profile", first.profile, run.profile),
        ):
            if one != other:
                raise ReportError(
                    f"run {run.id} is no shard of {first.id}: its {what} is {other}, not {one}: "
                    "merge shards of one run only"
                )
        if run.id == first.id and run == first:
            raise ReportError(f"run {run.id} is given twice: give each shard once")


def _last(run: Run) -> int:
    return max((exchange.number for exchange in run.exchanges), default=0)


def _renumbered(run: Run, by: int) -> Run:
    def moved(item: Any) -> Any:
        return item.model_copy(update={"exchanges": [number + by for number in item.exchanges]})

    exchanges: list[ExchangeRecord] = [one.model_copy(update={"number": one.number + by}) for one in run.exchanges]
    return run.model_copy(
        update={
            "exchanges": exchanges,
            "clauses": [moved(one) for one in run.clauses],
            "violations": [moved(one) for one in run.violations],
        }
    )


def _unique(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _clauses(shards: Sequence[Run]) -> list[ClauseResult]:
    by_id: dict[str, list[ClauseResult]] = {}
    for run in shards:
        for clause in run.clauses:
            by_id.setdefault(clause.id, []).append(clause)
    return [_clause(found) for found in by_id.values()]


def _clause(found: list[ClauseResult]) -> ClauseResult:
    worst = min(found, key=lambda clause: _WORST_FIRST.index(clause.state))
    numbers = [number for clause in found for number in clause.exchanges]
    update = {"requests": sum(clause.requests for clause in found), "exchanges": numbers[:_MOST_EVIDENCE]}
    return worst.model_copy(update=update)


def _violations(shards: Sequence[Run]) -> list[Violation]:
    found: dict[str, Violation] = {}
    for run in shards:
        for one in run.violations:
            known = found.get(one.fingerprint)
            found[one.fingerprint] = one if known is None else _joined(known, one)
    return list(found.values())


def _joined(known: Violation, one: Violation) -> Violation:
    return known.model_copy(
        update={
            "exchanges": [*known.exchanges, *one.exchanges],
            "occurrences": known.occurrences + one.occurrences,
            "of": known.of + one.of,
        }
    )


def _fixed(shards: Sequence[Run], present: set[str]) -> list[Any]:
    """Gone is what no shard shows; verified is what any shard verified."""
    gone: dict[str, Any] = {}
    for run in shards:
        for one in run.fixed:
            if one.fingerprint not in present and not gone.get(one.fingerprint, one).verified:
                gone[one.fingerprint] = one
            elif one.fingerprint not in present:
                gone.setdefault(one.fingerprint, one)
    return list(gone.values())


def _health(shards: Sequence[Run]) -> Health:
    parts = [run.health for run in shards]
    names = [name for name, field in Health.model_fields.items() if field.annotation in {int, float}]
    sums: dict[str, Any] = {name: sum(getattr(part, name) for part in parts) for name in names}
    budgets = [part.budget for part in parts]
    known = [budget for budget in budgets if budget is not None]
    verified = {clause.id for run in shards for clause in run.clauses if clause.state is not State.NOT_VERIFIED}
    sums["budget"] = sum(known) if len(known) == len(budgets) else None
    sums["cut_off"] = _unique(id_ for part in parts for id_ in part.cut_off if id_ not in verified)
    sums["notes"] = [
        f"joined from {count(len(shards), 'shard')}",
        *_unique(note for part in parts for note in part.notes),
    ]
    return Health(**sums)


def _tested(shards: Sequence[Run]) -> Tested:
    def added(name: str) -> dict[str, int]:
        total: Counter[str] = Counter()
        for run in shards:
            total.update(getattr(run.tested, name))
        return dict(total)

    return Tested(**{name: added(name) for name in Tested.model_fields})


def _verdict(shards: Sequence[Run], violations: list[Violation]) -> dict[str, Any]:
    broken = [one for one in violations if not one.waived]
    drifted = [run for run in shards if run.verdict is Verdict.FAIL]
    silent = [run for run in shards if run.verdict is Verdict.NO_VERDICT]
    where = f"in {count(len(shards), 'shard')}"
    if broken:
        promises = len({one.clause for one in broken})
        verb = "is" if promises == 1 else "are"
        explanation = f"{count(promises, 'promise')} {verb} broken, {where}."
        return {"verdict": Verdict.FAIL, "exit_code": 1, "explanation": explanation}
    worst = next(iter([*drifted, *silent]), None)
    if worst is not None:
        return {"verdict": worst.verdict, "exit_code": worst.exit_code, "explanation": worst.explanation}
    return {"verdict": Verdict.PASS, "exit_code": 0, "explanation": f"Every promise that was checked {where} was kept."}
