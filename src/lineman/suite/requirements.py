"""What a team says has to be verified before a run may pass, and waivers and globs that name what does not exist."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lineman.configuration import ConfigurationError
from lineman.contract.clauses import UnknownClauseError, catalogue, clause, select
from lineman.contract.model import Listing
from lineman.contract.operation import document
from lineman.report.run import ClauseResult, State
from lineman.suite.run_state import RunOptions
from lineman.target import Target


def check_target(options: RunOptions, target: Target) -> None:
    """Refuse what cannot be meant, before anything is sent: an operation's address as base URL, an unknown clause.

    Raises:
        ConfigurationError: an address is an operation's, a waiver or a requirement of the target names no clause, or
            ``--require`` names one that ``--only`` leaves out.
        UnknownClauseError: ``--only`` or ``--require`` names none.
    """
    _check_addresses(target)
    chosen = select(options.only)
    for glob in options.require:
        if not _required([glob]) & chosen:
            raise ConfigurationError(f"--require {glob!r} and --only leave nothing in common: change one of them")
    place = f"[targets.{target.name}]"
    try:
        _required(target.require)
    except UnknownClauseError as error:
        raise ConfigurationError(f"{place} require: {error}") from None
    try:
        for waiver in target.waivers:
            if not waiver.is_fingerprint:
                clause(waiver.match)
    except UnknownClauseError as error:
        raise ConfigurationError(f"{place} waivers: {error}") from None


def _check_addresses(target: Target) -> None:
    places = dict(target.sources)
    for setting, url in (("base_url", target.base_url), ("token_url", target.token_url)):
        for path in (document().query_path, document().token_path):
            if url.endswith(path):
                raise ConfigurationError(
                    f"{places.get(setting, setting)}: {url} is the address of an operation, and a base URL ends before "
                    f"its path: give {url.removesuffix(path)}"
                )


def _required(globs: Iterable[str]) -> frozenset[str]:
    """The promises that globs match; of a glob that matches no promise, the open questions."""
    found: set[str] = set()
    for glob in globs:
        matched = select((glob,))
        found |= {id_ for id_ in matched if catalogue()[id_].promised} or matched
    return frozenset(found)


def unmet_requirements(
    options: RunOptions, target: Target, listing: Listing | None, clauses: Sequence[ClauseResult]
) -> str:
    """The sentence that says what was required and not verified; empty where nothing was missed.

    What a target requires in general is asked of the clauses that this run is to judge.
    """
    records = 0 if listing is None else max(listing.total, len(listing.known))
    if records < target.min_records:
        return f"The list has {records} records, and min_records says that it has to have {target.min_records}."
    required = _required(options.require) | (_required(target.require) & select(options.only))
    missed = [one for one in clauses if one.id in required and one.state is State.NOT_VERIFIED]
    if not missed:
        return ""
    named = "; ".join(f"{one.id} ({one.reason})" for one in missed)
    return f"{len(missed)} required {'clause was' if len(missed) == 1 else 'clauses were'} not verified: {named}."
