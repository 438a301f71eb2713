"""The shape of ``run.json``: the one record of a run, from which every page and file is rendered.

Pydantic gives the published JSON Schema (``run_schema``), so the shape and its documentation cannot differ.
Secrets never reach these models: exchanges arrive redacted.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION = 1


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Verdict(StrEnum):
    PASS = "pass"  # noqa: S105 - a verdict, no password
    FAIL = "fail"
    NO_VERDICT = "no-verdict"


class State(StrEnum):
    HELD = "held"
    VIOLATED = "violated"
    WAIVED = "waived"
    NOT_VERIFIED = "not-verified"
    OBSERVED = "observed"


class Level(StrEnum):
    PROMISED = "promised"
    SILENT = "silent"


class TargetInfo(_Record):
    name: str
    base_url: str
    token_url: str
    sandbox: bool = False
    """True where the run judged the embedded sandbox."""
    settings: dict[str, str] = Field(default_factory=dict)
    """Setting to where its value stands: an option, a variable, or a table of lineman.toml."""
    sandbox_options: list[str] = Field(default_factory=list)
    """The ``--fault`` and ``--dialect`` options of an embedded sandbox, as given."""


class DocumentInfo(_Record):
    version: str
    """``info.version`` of the OpenAPI document."""
    sha256: str


class ClauseResult(_Record):
    id: str
    level: Level
    area: str
    """The id's part before the dot."""
    title: str
    """The clause in words."""
    where: str
    """Its place in the vendor's page."""
    state: State
    reason: str = ""
    """Why it was not verified, or what was seen; empty where the state says all."""
    masked_by: str = ""
    """The violated clause because of which this one could not be verified: what its answers were held against is
    disproved, or they are wrong for that reason. Empty where nothing hides it.
    """
    requests: int
    """How many answers say something of it."""
    seconds: float = 0.0
    """How long the tests took that judge it; a test that judges several clauses counts for each."""
    exchanges: list[int] = Field(default_factory=list)
    """Numbers of exchanges that exercised it (at most 20, evidence for what held)."""
    answer: str | None = None
    """Silent clauses: what this target does."""
    pinned: str | None = None
    """Silent clauses: what the team has accepted."""


class RecordDifference(_Record):
    """Row-level difference between the records expected and the records got, as ids or whole records."""

    missing: list[dict[str, Any]] = Field(default_factory=list)
    extra: list[dict[str, Any]] = Field(default_factory=list)
    out_of_order: list[str] = Field(default_factory=list)
    """Ids, in the order in which they came."""


class Change(StrEnum):
    """A violation against the baseline."""

    NEW = "new"
    STILL = "still"


class Violation(_Record):
    clause: str
    fingerprint: str
    """Stable id of the violation: clause, parameter, broken constraint, class of what was observed."""
    summary: str
    """One plain sentence."""
    message: dict[str, Any] | None = None
    """The sentence as ``template`` and ``values``, for other languages; None where it was made without a template."""
    expected: Any
    actual: Any
    """Expected beside actual, as JSON values of the same shape where that is possible."""
    cause: str = ""
    """Fingerprint of the violation that it follows from; its own where it is a cause. Empty in files of before."""
    mistake: str = ""
    """The known mistake that explains every answer that differs, in words: on the cause that it breaks."""
    parameter: str = ""
    constraint: str = ""
    observed: str = ""
    exchanges: list[int]
    """The evidence; the first one shows the violation with the smallest request."""
    query: Any = None
    """The smallest request body that shows it, as JSON, where the body is JSON."""
    records: RecordDifference | None = None
    curl: str
    """Runnable as it is in a shell with ``LINEMAN_TOKEN`` set; no secret in it."""
    replay: str
    """The ``lineman test`` command that replays just this."""
    occurrences: int = 1
    """How many exchanges showed it ..."""
    of: int = 1
    """... of how many that could have."""
    waived: bool = False
    waiver_reason: str = ""
    waiver_until: date | None = None
    change: Change | None = None
    """None where there is no baseline."""


class FixedViolation(_Record):
    """A violation of the baseline that this run no longer shows."""

    clause: str
    fingerprint: str
    summary: str
    verified: bool
    """False where this run did not verify the clause, so that gone does not mean fixed."""


class Drift(_Record):
    clause: str
    question: str
    pinned: str
    observed: str


class WaiverState(_Record):
    match: str
    """The clause id or fingerprint that the waiver names."""
    reason: str
    until: date
    state: Literal["used", "unused", "expired"]


class ExchangeRecord(_Record):
    number: int
    clauses: list[str]
    operation: Literal["query", "token"]
    attempt: int = 1
    note: str = ""
    credential: str
    """What the Authorization header carried, in words (``valid``, ``none``, ``given`` ...)."""
    app_key: str
    method: str
    url: str
    request_headers: list[tuple[str, str]]
    request_body: str | None
    """Text, undecodable bytes as ``\\xNN``; cut at the body cap."""
    request_size: int
    started: datetime
    status: int | None = None
    response_headers: list[tuple[str, str]] = Field(default_factory=list)
    response_body: str | None = None
    response_size: int = 0
    """Bytes of the body before any cut."""
    cut: bool = False
    """True where ``response_body`` is not the whole body."""
    failure: str | None = None
    """Kind and message of a transport failure."""
    phases: dict[str, float] = Field(default_factory=dict)
    """Seconds by phase (resolve, connect, tls, send, wait, receive, total)."""
    token_seconds: float | None = None


class Health(_Record):
    """The run's own health, apart from the target's contract."""

    retries: int = 0
    rate_limited: int = 0
    """Answers with status 429."""
    outages: int = 0
    """Answers with 502, 503 or 504."""
    transport_failures: int = 0
    paced_seconds: float = 0.0
    """Time that requests waited for pacing, summed."""
    backoff_seconds: float = 0.0
    token_requests: int = 0
    token_renewals: int = 0
    budget: int | None = None
    """The most requests allowed; None for no limit."""
    cut_off: list[str] = Field(default_factory=list)
    """Clauses left unverified because the budget was spent."""
    data_changes: int = 0
    """How often the target's list was seen to change during the run."""
    notes: list[str] = Field(default_factory=list)


class Tested(_Record):
    """Which values were exercised, for the report's map: value as text to number of requests."""

    limits: dict[str, int] = Field(default_factory=dict)
    offsets: dict[str, int] = Field(default_factory=dict)
    filters: dict[str, int] = Field(default_factory=dict)
    """Combination of filter names (``a+b``; ``none``) to number of requests."""
    statuses: dict[str, int] = Field(default_factory=dict)


class Run(_Record):
    """One execution of the suite against one target."""

    schema_version: int = SCHEMA_VERSION
    lineman: str
    """Version of lineman."""
    id: str
    """Start instant and target, fit for a file name."""
    verdict: Verdict
    exit_code: int
    explanation: str
    """The sentence that explains the verdict."""
    target: TargetInfo
    document: DocumentInfo
    profile: Literal["smoke", "full", "deep"]
    only: list[str] = Field(default_factory=list)
    seed: int
    started: datetime
    finished: datetime
    requests: int
    """Requests over the wire, retries and token requests included."""
    clauses: list[ClauseResult]
    violations: list[Violation]
    observations: dict[str, str]
    drift: list[Drift] = Field(default_factory=list)
    drift_fails: bool = True
    waivers: list[WaiverState] = Field(default_factory=list)
    baseline: str | None = None
    """Id of the run that this one is compared with."""
    fixed: list[FixedViolation] = Field(default_factory=list)
    health: Health = Field(default_factory=Health)
    tested: Tested = Field(default_factory=Tested)
    environment: dict[str, str] = Field(default_factory=dict)
    """Versions of Python and of the libraries that matter, and the operating system."""
    latency_limit: float | None = None
    """Seconds that the 95th percentile of an answered query may take; None where the target sets no limit."""
    exchanges: list[ExchangeRecord] = Field(default_factory=list)


def run_schema() -> dict[str, Any]:
    """The JSON Schema that ``run.json`` is published with."""
    return Run.model_json_schema(mode="serialization")


def read_run(path: Path) -> Run:
    """Read a run from ``run.json`` or from the folder that holds it.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not a run (pydantic's message names the member).
    """
    file = path / "run.json" if path.is_dir() else path
    return Run.model_validate_json(file.read_bytes())
