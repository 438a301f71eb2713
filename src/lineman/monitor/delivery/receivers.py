"""Who a channel's notices go to: every address, and every person behind it, on its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from lineman.monitor.incidents.notices import Notice

Send = Callable[[Notice], None]
"""Sends a notice, or raises ChannelError."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """One address of a channel."""

    id: str
    """Stands for the address in history: the same as long as the address is, and does not give it away."""
    name: str
    """For people, without the address: ``mailto, 2 of 3``; empty where the channel has one address only."""
    send: Send


class Sender(Protocol):
    """What sends the notices of a channel."""

    def __call__(self, notice: Notice) -> None:
        """Send to every receiver, and raise ChannelError where one of them cannot be reached."""

    def receivers(self) -> list[Receiver]:
        """The receivers of this moment: addresses are read again each time, so that files can be renewed."""


def receivers_of(send: Send) -> list[Receiver]:
    """The receivers of a sender; a plain function is one receiver.

    Raises:
        ChannelError: the addresses cannot be read.
    """
    receivers = getattr(send, "receivers", None)
    return [Receiver("", "", send)] if receivers is None else list(receivers())
