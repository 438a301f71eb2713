"""Sending one notice to one receiver, and several things at the same time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from lineman.monitor.delivery.errors import ChannelError, PermanentRefusal
from lineman.monitor.delivery.receivers import Receiver
from lineman.monitor.incidents.notices import Notice, shortest

LOG = logging.getLogger("lineman.monitor")


def send(receiver: Receiver, notice: Notice) -> str:
    """Send a notice; say why where the receiver refuses it for good, in its shortest form as well.

    Raises:
        ChannelError: it may get through later.
    """
    try:
        receiver.send(notice)
    except PermanentRefusal:
        try:
            receiver.send(shortest(notice))
        except PermanentRefusal as error:
            return str(error)
    except ChannelError:
        raise
    except Exception as error:
        # Without its worker a channel would be silent until the next start.
        LOG.exception("sending a notice failed for a reason of ours")
        raise ChannelError(f"an error of lineman's own ({type(error).__name__}): see its log") from None
    return ""


def address_in_words(notice: Notice, receiver: Receiver) -> str:
    return f"{notice.channel} ({receiver.name})" if receiver.name else notice.channel


def all_at_once(work: Sequence[Callable[[], object]]) -> None:
    """Call functions, each in a thread of its own where there are several, and wait for all of them."""
    threads = [threading.Thread(target=one, daemon=True) for one in work[1:]]
    for thread in threads:
        thread.start()
    for one in work[:1]:
        one()
    for thread in threads:
        thread.join()
