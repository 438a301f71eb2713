"""What an operator configures: canaries, notices, and the monitor itself.

Unknown names are errors. Each model refuses what is wrong by itself; what is wrong only together
(arithmetic between thresholds) is judged in ``arithmetic``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, StringConstraints, model_validator

from lineman.monitor.clock import DAY, HOUR, MINUTE, SECOND
from lineman.monitor.config.durations import Duration
from lineman.monitor.config.maintenance import MaintenanceWindow

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]

Quorum = Annotated[float, Field(gt=0, le=1)]


class FrozenModel(BaseModel):
    """Base of all models here: frozen, unknown names refused, strict about numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Expectation(FrozenModel):
    """What the answer to a canary's query must hold."""

    contract: bool = True
    """The answer keeps every promise that one answer can break."""
    records: tuple[dict[str, Any], ...] = ()
    """Records that must be there: each table names members and their values; other members do not matter."""
    total_at_least: int | None = Field(default=None, ge=0)
    total_at_most: int | None = Field(default=None, ge=0)


class Latency(FrozenModel):
    """Limits on the time of the query alone; the token's time does not count."""

    degraded: Duration | None = None
    failed: Duration | None = None


class CertificateDays(FrozenModel):
    """Days of validity left at which the certificate makes the canary degraded, or failed."""

    degraded: int = Field(default=21, ge=0)
    failed: int = Field(default=3, ge=0)


class IncidentRule(FrozenModel):
    """When results become an incident, and when it is over. 0 slots: results of that kind never make one."""

    opens_after: int = Field(default=3, ge=0)
    """Failed slots in a row that open an incident; it counts from the first of them."""
    ends_after: int = Field(default=2, ge=1)
    """Good slots in a row that end it."""
    degraded_after: int = Field(default=5, ge=0)
    """Degraded slots in a row that open a (lesser) incident."""
    unknown_after: int = Field(default=5, ge=0)
    """Slots in a row that could not be measured, after which that is reported."""
    reminder: Duration | None = None
    """How often to tell again that an incident is still open."""
    settle: Duration | None = None
    """A failure within this time after a recovery belongs to the same incident, which then is flapping and
    ends only after it was quiet for so long. Ten intervals where not given."""


class BurnRule(FrozenModel):
    """A burn-rate alert: both windows spend the error budget ``rate`` times too fast."""

    long: Duration
    short: Duration
    rate: float = Field(gt=1)
    severity: str = "page"


class Slo(FrozenModel):
    """The share of time that the canary is to be up."""

    objective: float = Field(gt=0, lt=100)
    """Percent, such as 99.5."""
    period: Duration = 30 * DAY
    burn: tuple[BurnRule, ...] | None = None
    """Burn-rate alerts; where not given, the usual pairs of windows, sized for the number of probes."""
    min_coverage: float = Field(default=0.5, gt=0, le=1)
    """Share of a window that must be measured; below it the alerts are frozen, not resolved."""


class Canary(FrozenModel):
    """A query with what its answer must hold."""

    name: Name
    title: Annotated[str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True)] | None = None
    """What people who do not know the canary's name call it: shown on the status page and in notices."""
    target: str | None = None
    """A table ``[targets.NAME]`` of ``lineman.toml``; where not given, the target of the environment."""
    query: Mapping[str, Any] = Field(default_factory=dict)
    """The request body."""
    interval: Duration = MINUTE
    timeout: Duration = 10 * SECOND
    """For one try, connection and answer together."""
    retry: bool = True
    """A failure is tried once more, on a new connection, within the slot."""
    expect: Expectation = Expectation()
    latency: Latency = Latency()
    certificate: CertificateDays = CertificateDays()
    incident: IncidentRule = IncidentRule()
    maintenance: tuple[MaintenanceWindow, ...] = ()
    slo: Slo | None = None
    notices: tuple[str, ...] = ()
    """Names of ``[notices.NAME]`` tables."""
    quorum: Quorum | None = None
    """As in ``[monitor]``, for this canary."""
    min_locations: int | None = Field(default=None, ge=1)
    """As in ``[monitor]``, for this canary."""

    _address: str = PrivateAttr("")

    @property
    def address(self) -> str:
        """The service's base URL, without credentials; empty where the target could not be put together."""
        return self._address

    def at(self, address: str) -> Canary:
        """The canary with the address of its service."""
        moved = self.model_copy()
        moved._address = address
        return moved

    @property
    def settle(self) -> int:
        """Milliseconds of quiet after which a flapping incident is over."""
        return self.incident.settle if self.incident.settle is not None else 10 * self.interval


class Channel(FrozenModel):
    """Where notices go. Addresses hold secrets, so they are references: an environment variable or a file."""

    name: Name
    webhook: str | None = None
    """URL of a plain webhook that holds no secret."""
    webhook_env: str | None = None
    webhook_file: Path | None = None
    apprise_env: str | None = None
    """Environment variable with an Apprise URL (or several, separated by spaces)."""
    apprise_file: Path | None = None
    token_env: str | None = None
    """Environment variable with a bearer token for the webhook."""
    token_file: Path | None = None
    timeout: Duration = 10 * SECOND

    @model_validator(mode="after")
    def _one_address(self) -> Channel:
        addresses = (self.webhook, self.webhook_env, self.webhook_file, self.apprise_env, self.apprise_file)
        if sum(address is not None for address in addresses) != 1:
            raise ValueError("give exactly one of webhook, webhook_env, webhook_file, apprise_env, apprise_file")
        if self.webhook is not None and not self.webhook.startswith(("http://", "https://")):
            raise ValueError(f"webhook {self.webhook!r} is no http or https URL")
        if self.webhook is not None and "@" in self.webhook.split("/")[2]:
            raise ValueError("webhook holds credentials: put the URL into a file and name it as webhook_file")
        return self


class MonitorSettings(FrozenModel):
    """The long-running monitor."""

    history: str = "lineman-history.sqlite"
    """A file, or the URL of a PostgreSQL without a password; a relative file lies beside the file that names it.
    Where nothing names one, it lies beside the canaries."""
    history_env: str | None = None
    """Environment variable with the URL, which then may hold a password."""
    history_file: Path | None = None
    """File with the URL, which then may hold a password."""
    listen: str = "127.0.0.1:9469"
    """Address of ``/metrics``, ``/healthz`` and the status page; empty for none."""
    hosts: tuple[Annotated[str, StringConstraints(pattern=r"^(\*|[A-Za-z0-9.-]+)$")], ...] = ()
    """Names, without a port, by which the status page is asked for through a proxy; ``*`` for any. Addresses, names
    without a dot, the host of ``listen`` and the machine's own name need none."""
    location: Name = "here"
    """Name of the place from which this monitor looks."""
    joint: bool = False
    """Decide and tell together with all other locations that write into the same PostgreSQL. Needs a ``location``."""
    quorum: Quorum | None = None
    """With ``joint``: the share of the locations with a fresh result that must say failed for a canary to be down.
    More than half of them where not given. Locations that are stale, not running or unknown do not vote."""
    min_locations: int = Field(default=2, ge=1)
    """With ``joint``: with fewer fresh results than that, nothing is known: no incident opens or ends."""
    heartbeat: str | None = None
    """URL of an outside dead man's switch that is pinged after results were committed."""
    heartbeat_env: str | None = None
    heartbeat_file: Path | None = None
    heartbeat_every: Duration = MINUTE
    keep: Duration = 90 * DAY
    """How long single results are kept; hourly sums stay for ``keep_sums``."""
    keep_sums: Duration = 730 * DAY
    max_megabytes: int = Field(default=2_048, ge=16)
    """Size of the history file above which the oldest single results go early. Not with PostgreSQL."""


class Configuration(FrozenModel):
    """Everything of one folder or file."""

    canaries: Mapping[str, Canary]
    channels: Mapping[str, Channel] = Field(default_factory=dict)
    monitor: MonitorSettings = MonitorSettings()


LONGEST_INTERVAL = 24 * HOUR
