"""Noticing that a target has fallen over, so that nobody keeps knocking."""

from __future__ import annotations

from lineman.client.errors import TargetDown, TargetUnreachable
from lineman.client.retries import is_outage
from lineman.exchange import Exchange, FailureKind

UNREACHABLE_AFTER = 3
_NO_CONNECTION = {FailureKind.RESOLVE, FailureKind.CONNECT, FailureKind.TLS}


class OutageWatch:
    """Counts the asks in a row that ended without an answer of the service."""

    def __init__(self, base_url: str, down_after: int) -> None:
        self._base_url = base_url
        self._down_after = down_after
        self._in_a_row = 0
        self._ever_answered = False

    def see(self, exchange: Exchange) -> None:
        """Take an ask's final exchange into account.

        Raises:
            TargetUnreachable: no connection ever came about, in three asks.
            TargetDown: too many asks in a row were in vain.
        """
        self._ever_answered |= exchange.response is not None
        if not is_outage(exchange) and exchange.status != 429:
            self._in_a_row = 0
            return
        if not exchange.ask.retry:
            return  # It may have provoked this.
        self._in_a_row += 1
        failure = exchange.failure
        if (
            failure is not None
            and failure.kind in _NO_CONNECTION
            and not self._ever_answered
            and self._in_a_row >= UNREACHABLE_AFTER
        ):
            raise TargetUnreachable(f"{self._base_url} cannot be reached: {failure.message}", self._in_a_row)
        if self._in_a_row >= self._down_after:
            raise self._down(exchange, self._in_a_row)

    def _down(self, exchange: Exchange, count: int) -> TargetDown:
        last = exchange.failure.message if exchange.failure else f"status {exchange.status}"
        return TargetDown(
            f"{self._base_url} is down: {count} requests in a row got no answer of the service; the last one: {last}",
            count,
        )
