"""The outbox in history: notices taken for sending, noted as arrived, put off, given up or withdrawn."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from sqlalchemy import Connection, or_, select

from lineman.monitor.incidents.alerts import AlertState, Event
from lineman.monitor.incidents.notices import Notice
from lineman.monitor.store import rows
from lineman.monitor.store.schema import OUTBOX, TOLD

_OPENING = {Event.FAILED.value, Event.DEGRADED.value, Event.UNKNOWN.value, Event.FLAPPING.value}
"""Events after which a channel counts as notified that an incident is open."""
_CLOSING = {Event.RECOVERED, Event.WITHDRAWN, Event.BURN_OVER}
_MOST_ERROR = 500
_LONGEST_CLAIM = 600_000
"""Milliseconds: a claim that ends later was made before the clock was set back."""


class OutboxRows:
    """The part of history that is about notices on their way."""

    location: str

    def pending(self, connection: Connection, place: str | None = None) -> list[Notice]:
        """Notices of a place (or of the own location) that have not arrived, oldest first."""
        own = OUTBOX.c.location == (place or self.location)
        query = select(OUTBOX).where(own, OUTBOX.c.settled.is_(None)).order_by(OUTBOX.c.number)
        return [rows.read_notice(row) for row in connection.execute(query).mappings()]

    def claim(self, connection: Connection, key: str, owner: str, now: int, until: int) -> bool:
        """Take a notice for sending, so that nobody else does; False where it is settled or another's."""
        query = (
            OUTBOX.update()
            .where(OUTBOX.c.key == key, OUTBOX.c.settled.is_(None))
            .where(
                or_(
                    OUTBOX.c.claimed_by == owner,
                    OUTBOX.c.claimed_until <= now,
                    OUTBOX.c.claimed_until > now + _LONGEST_CLAIM,
                )
            )
            .values(claimed_by=owner, claimed_until=until)
        )
        return connection.execute(query).rowcount == 1

    def release(self, connection: Connection, owner: str) -> None:
        """Free what others than the owner have taken for sending: for a caller that knows that they are gone."""
        others = (OUTBOX.c.location == self.location) & OUTBOX.c.settled.is_(None) & (OUTBOX.c.claimed_by != owner)
        connection.execute(OUTBOX.update().where(others).values(claimed_until=0))

    def settled(self, connection: Connection, key: str) -> bool | None:
        """Whether a notice is settled; None where the outbox does not hold it."""
        found = connection.execute(select(OUTBOX.c.settled).where(OUTBOX.c.key == key)).first()
        return None if found is None else found.settled is not None

    def done(self, connection: Connection, key: str) -> dict[str, str]:
        """The receivers that are done with a notice: nothing where it arrived, else why it was given up."""
        found = connection.execute(select(OUTBOX.c.receivers).where(OUTBOX.c.key == key)).scalar()
        return {} if found is None else dict(json.loads(found))

    def note_done(self, connection: Connection, key: str, done: Mapping[str, str], *, release: bool = False) -> None:
        """Note which receivers are done with a notice that others still wait for, and (``release``) let go of it."""
        claim = {"claimed_until": 0} if release else {}
        connection.execute(OUTBOX.update().where(OUTBOX.c.key == key).values(receivers=json.dumps(dict(done)), **claim))

    def settle(self, connection: Connection, key: str, now: int, *, dropped: bool = False, error: str = "") -> None:
        """Note that a notice arrived, or (``dropped``) that nobody will send it any more, and why."""
        values = {"settled": now, "dropped": dropped, "claimed_until": 0, "error": error[:_MOST_ERROR]}
        connection.execute(OUTBOX.update().where(OUTBOX.c.key == key).values(**values))

    def postpone(self, connection: Connection, key: str, next_try: int, error: str, *, release: bool = True) -> None:
        """Note that a notice did not get through, and (``release``) let go of it."""
        values = {"attempts": OUTBOX.c.attempts + 1, "next_try": next_try, "error": error[:_MOST_ERROR]}
        claim = {"claimed_until": 0} if release else {}
        connection.execute(OUTBOX.update().where(OUTBOX.c.key == key).values(**values, **claim))

    def withdraw(
        self, connection: Connection, now: int, unwanted: Callable[[Notice], str], gone: frozenset[str] = frozenset()
    ) -> tuple[list[Notice], set[tuple[str, str]]]:
        """Give up what is on its way but no longer wanted: where ``unwanted`` says why.

        Good news about a canary that is ``gone`` still goes to whoever had the bad one.

        Returns:
            The notices; and by matter and channel, where nobody was reached with bad news, so that it counts as untold.
        """
        pending = self.pending(connection)
        unreached = {
            (notice.matter, notice.channel)
            for notice in pending
            if notice.event.value in _OPENING and not self.done(connection, notice.key)
        }
        withdrawn = []
        for notice in pending:
            why, pair = unwanted(notice), (notice.matter, notice.channel)
            canaries = notice.facts.get("canaries") or []
            if not why and canaries and gone.issuperset(canaries):
                why = "" if notice.event in _CLOSING and pair not in unreached else "its canary was taken out"
            if why:
                self.settle(connection, notice.key, now, dropped=True, error=why)
                withdrawn.append(notice)
        untold = unreached & {(notice.matter, notice.channel) for notice in withdrawn}
        for matter, channel in untold:
            told = (TOLD.c.location == self.location) & (TOLD.c.matter == matter) & (TOLD.c.channel == channel)
            connection.execute(TOLD.update().where(told).values(standing=AlertState.QUIET.value))
        return withdrawn, untold
