"""Keeping the result of a one-shot probe, and telling what is due: what a monitor does, without one running."""

from __future__ import annotations

import os
from pathlib import Path

from lineman.monitor.clock import SystemClock
from lineman.monitor.config.loading import with_addresses
from lineman.monitor.config.models import Canary, Configuration, MonitorSettings
from lineman.monitor.delivery.channels import sender
from lineman.monitor.delivery.outbox import Outbox
from lineman.monitor.incidents.notices import Notice
from lineman.monitor.incidents.state import JOINT
from lineman.monitor.leader import Leader, without_notices
from lineman.monitor.result import ProbeResult
from lineman.monitor.slots import Absence, SlotEntry, SlotOutcome
from lineman.monitor.store import FAILURES, History, HistoryError
from lineman.monitor.store.configurations import Ownership, configuration_id, gone, name_location, take_over
from lineman.monitor.store.pooler import pooler
from lineman.monitor.store.retention import tidy_when_due
from lineman.monitor.writer import SlotResult, Writer


def keep(
    address: str, configuration: Configuration, canary: Canary, result: ProbeResult, path: Path | None = None
) -> list[str]:
    """Write a result into history, deliver the notices that are due, and return what went wrong, in sentences.

    ``path``: where the configuration lies; where it is None, nothing is taken for taken out of it.

    The probe's verdict stands whatever happens here.
    """
    settings = configuration.monitor
    history = History(address, settings.location)
    try:
        history.open()
    except HistoryError as error:
        return [f"{error}; the result was not kept, and nobody was told"]
    said = name_location(history)
    configuration = with_addresses(configuration, os.environ)
    notices: list[Notice] = []
    own = without_notices(configuration.canaries) if settings.joint else configuration.canaries
    writer = Writer(history, own, SystemClock(), notices.extend)
    outbox = _outbox(configuration, History(address, settings.location))
    ownership = Ownership()
    if path is not None:
        now = SystemClock().wall()
        ownership = take_over(history, configuration, configuration_id(path), now) or ownership
        channels, canaries = gone(history, configuration, ownership)
        if channels or canaries:
            outbox.withdraw(channels, canaries)
    writer.keeps = ownership.keeps
    writer.open()
    for end in _slots(canary, writer.state.slots.get(canary.name), result):
        writer.process_now(end)
    complaints = [sentence for sentence in (history.told, said) if sentence]
    if writer.failing:
        complaints.append(
            f"history {history.redacted_address} cannot be written ({writer.failing}); the result was not kept"
        )
    else:
        complaints += _tidied(history, canary, configuration.monitor, result.started)
    history.close()
    _deliver(outbox, notices)
    if settings.joint:
        complaints += _decide_together(address, configuration)
    return complaints


def _tidied(history: History, canary: Canary, settings: MonitorSettings, now: int) -> list[str]:
    try:
        tidy_when_due(history, canary, settings, now)
    except FAILURES as error:
        return [f"history {history.redacted_address} could not be tidied: {str(error).splitlines()[0]}"]
    return []


def _decide_together(address: str, configuration: Configuration) -> list[str]:
    """Decide for all locations what is due, and deliver it, where no monitor leads."""
    through = pooler(address)
    if through:
        return [f"nothing was decided together: {through}"]
    outbox = _outbox(configuration, History(address, configuration.monitor.location))
    clock, settings = SystemClock(), configuration.monitor
    joint = Leader(address, configuration.canaries, settings, clock, owner=outbox.owner, patience=0)
    joint.on_notices = outbox.add
    joint.on_lead = lambda: outbox.load(JOINT)
    while joint.tick():
        pass
    if joint.leads:
        outbox.deliver_all()
    outbox.stop(0)
    failing = joint.failing
    joint.close()
    return [f"nothing was decided together: {failing}"] if failing else []


def _slots(canary: Canary, ledger_end: tuple[int, int] | None, result: ProbeResult) -> list[SlotResult]:
    """The slot that the probe stands for, and the ones since the last probe in which none ran.

    A scheduler starts probes an interval apart, some seconds early or late: the slot is the nearest one, counted from
    the last, so that no boundary can lie between two runs of which each has its slot.
    """
    interval = canary.interval
    lap, last = ledger_end or (0, result.started - interval)
    if result.started < last - interval:
        lap, last = lap + 1, result.started - interval  # the clock was set back: that time is lived through again
    slot = last + round((result.started - last) / interval) * interval
    ends = []
    first = last + interval
    if first < slot:
        missed = SlotEntry(canary.name, first, slot - interval, interval, SlotOutcome.MISSED, Absence.DOWN.value, lap)
        ends.append(SlotResult(missed))
    ends.append(SlotResult(SlotEntry(canary.name, slot, slot, interval, SlotOutcome.RUN, "", lap), result))
    return ends


def _deliver(outbox: Outbox, notices: list[Notice]) -> None:
    """Try once what is due, new or left over by a probe that died; what does not arrive stays for the next one."""
    outbox.load()
    outbox.add(notices)
    outbox.deliver_all()
    outbox.stop(0)


def _outbox(configuration: Configuration, history: History) -> Outbox:
    senders = {name: sender(channel, os.environ) for name, channel in configuration.channels.items()}
    return Outbox(senders, SystemClock(), history)
