"""Keeping the result of a one-shot probe, and telling what is due: what a monitor does, without one running."""

from __future__ import annotations

import os

from lineman.monitor.channels import sender
from lineman.monitor.clock import SystemClock
from lineman.monitor.keeper import Keeper, SlotEnd
from lineman.monitor.notices import Notice
from lineman.monitor.outbox import Outbox
from lineman.monitor.result import ProbeResult
from lineman.monitor.settings.models import Canary, Configuration
from lineman.monitor.slots import Absence, Grid, Outcome, SlotEntry, stable_offset
from lineman.monitor.store import History, HistoryError


def keep(address: str, configuration: Configuration, canary: Canary, result: ProbeResult) -> list[str]:
    """Write a result into history, deliver the notices that are due, and return what went wrong, in sentences.

    The probe's verdict stands whatever happens here.
    """
    history = History(address, configuration.monitor.location)
    try:
        history.open()
    except HistoryError as error:
        return [f"{error}; the result was not kept, and nobody was told"]
    notices: list[Notice] = []
    keeper = Keeper(history, configuration.canaries, SystemClock(), notices.extend)
    keeper.open()
    grid = Grid(canary.interval, stable_offset(canary.name, canary.interval))
    for end in _slots(canary, grid, keeper.world.slots.get(canary.name), result):
        keeper.take(end)
    complaints = [history.told] if history.told else []
    if keeper.failing:
        complaints.append(f"history {address} cannot be written ({keeper.failing}); the result was not kept")
    history.close()
    _deliver(configuration, notices, History(address, configuration.monitor.location))
    return complaints


def _slots(canary: Canary, grid: Grid, ledger_end: tuple[int, int] | None, result: ProbeResult) -> list[SlotEnd]:
    """The slot that the probe stands for, and the ones since the last probe in which none ran."""
    slot = grid.at_or_before(result.started)
    lap, last = ledger_end or (0, slot - grid.interval)
    if slot < last - grid.interval:
        lap += 1
        last = slot - grid.interval
    ends = []
    first = grid.after(last)
    if first < slot:
        missed = SlotEntry(
            canary.name, first, slot - grid.interval, grid.interval, Outcome.MISSED, Absence.DOWN.value, lap
        )
        ends.append(SlotEnd(missed))
    ends.append(SlotEnd(SlotEntry(canary.name, slot, slot, grid.interval, Outcome.RUN, "", lap), result))
    return ends


def _deliver(configuration: Configuration, notices: list[Notice], history: History) -> None:
    """Try once what is due, new or left over by a probe that died; what does not arrive stays for the next one."""
    if not configuration.channels:
        return
    senders = {name: sender(channel, os.environ) for name, channel in configuration.channels.items()}
    outbox = Outbox(senders, SystemClock(), history)
    outbox.load()
    outbox.add(notices)
    for channel in senders:
        outbox.deliver_due(channel)
    outbox.stop(0)
