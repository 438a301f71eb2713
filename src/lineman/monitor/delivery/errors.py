"""How a notice fails to arrive."""

from __future__ import annotations


class ChannelError(Exception):
    """A notice did not get through. The message holds no address, for addresses hold secrets."""


class PermanentRefusal(ChannelError):  # noqa: N818 - the name says what the receiver did
    """The receiver answers, and will not take this notice however often it is sent."""


_WORTH_ANOTHER_TRY = (408, 425, 429)
"""Timeout, too early, too many requests: the statuses below 500 that ask to come again (RFC 9110, 8470, 6585)."""


def refusal(status: int) -> ChannelError:
    """The error for a status that is no success."""
    message = f"the receiver answered with status {status}"
    permanent = 400 <= status < 500 and status not in _WORTH_ANOTHER_TRY
    return PermanentRefusal(message) if permanent else ChannelError(message)
