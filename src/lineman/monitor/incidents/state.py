"""Everything that deciding needs to remember, in memory; history loads it and keeps it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lineman.monitor.incidents.alerts import AlertState, LastAlert
from lineman.monitor.incidents.burn_rate import BurnWatch
from lineman.monitor.incidents.machine import Incident, IncidentState, Kind
from lineman.monitor.incidents.notices import TOGETHER, Notice
from lineman.monitor.result import ProbeResult
from lineman.monitor.slots import SlotEntry


@dataclass(frozen=True, slots=True)
class SeenViolation:
    """A violation seen at a canary. Instants are slots."""

    first: int
    last: int
    sightings: int
    told: bool


JOINT = TOGETHER


@dataclass(slots=True)
class MonitorState:
    """Mutable, and changed by ``decide`` alone."""

    place: str = ""
    """The location that it is about; part of each notice's key."""
    tracks: dict[tuple[str, Kind], IncidentState] = field(default_factory=dict)
    slots: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Each canary's latest ledger entry: lap and slot."""
    decided: dict[str, tuple[int, int]] = field(default_factory=dict)
    """The slot, with its lap, of each canary's latest result that was decided on. A result may come after the ledger
    spoke of later slots: those that a probe in flight made impossible.
    """
    alerts: dict[tuple[str, str], LastAlert] = field(default_factory=dict)
    """By matter and channel."""
    drift: dict[tuple[str, str], SeenViolation] = field(default_factory=dict)
    """By canary and fingerprint."""
    burns: dict[str, BurnWatch] = field(default_factory=dict)
    shared: dict[str, set[tuple[str, Kind]]] = field(default_factory=dict)
    """Root causes: the tracks whose latest incident is reported under their name."""

    def set_track(self, key: tuple[str, Kind], track: IncidentState) -> None:
        """Put a track in its place and keep ``shared`` true."""
        old, new = self.tracks.get(key), track.incident
        if old is not None and old.incident is not None and (new is None or new.matter != old.incident.matter):
            self.shared.get(old.incident.matter, set()).discard(key)
        if new is not None:
            self.shared.setdefault(new.matter, set()).add(key)
        self.tracks[key] = track

    def incidents(self, matter: str) -> list[Incident]:
        """The latest incidents that are reported under a matter, oldest first."""
        found = (self.tracks[key].incident for key in self.shared.get(matter, ()))
        return sorted((i for i in found if i is not None), key=lambda i: (i.opened, i.id))

    def unfinished(self, canary: str, known: Iterable[str]) -> list[str]:
        """Matters reported as open for an incident of the canary, other than the ``known`` ones and burn rates."""
        found = {
            matter
            for (matter, _), told in self.alerts.items()
            if told.state is not AlertState.QUIET and told.incident.startswith(f"{canary}/")
        }
        return sorted(found.difference(known))


@dataclass(slots=True)
class StateChange:
    """What one decision adds to history: written as a whole or not at all."""

    entry: SlotEntry | None = None
    result: ProbeResult | None = None
    in_maintenance: bool = False
    tracks: dict[tuple[str, Kind], IncidentState] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)
    told: dict[tuple[str, str], LastAlert] = field(default_factory=dict)
    drift: dict[tuple[str, str], SeenViolation] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
