"""The keeper and the outbox in a process that a test kills: slots as fast as they can be written.

Arguments: history, receiver's URL, slots to reach in all. Prints each slot's number once it is committed.
"""

from __future__ import annotations

import sys
import time

from tests.monitor.simulation import result_of

from lineman.monitor.clock import SystemClock
from lineman.monitor.config.models import Canary, Channel
from lineman.monitor.delivery.channels import sender
from lineman.monitor.delivery.outbox import Outbox
from lineman.monitor.incidents.state import StateChange
from lineman.monitor.result import ProbeVerdict
from lineman.monitor.slots import SlotEntry, SlotOutcome
from lineman.monitor.store import History
from lineman.monitor.writer import SlotResult, Writer

INTERVAL = 1_000
BAD, GOOD = 5, 6


def canary() -> Canary:
    rule = {"opens_after": 2, "ends_after": 2, "settle": "2s", "degraded_after": 0, "unknown_after": 0}
    return Canary.model_validate({"name": "subject", "interval": 1, "incident": rule, "notices": ["hook"]})


def verdict_of(slot: int) -> ProbeVerdict:
    return ProbeVerdict.FAILED if slot % (BAD + GOOD) < BAD else ProbeVerdict.OK


def main(path: str, url: str, last: int) -> None:
    subject, clock = canary(), SystemClock()

    def committed(changes: list[StateChange]) -> None:
        numbers = [change.entry.first // INTERVAL for change in changes if change.entry is not None]
        sys.stdout.write("".join(f"{number}\n" for number in numbers))
        sys.stdout.flush()

    outbox = Outbox({"hook": sender(Channel(name="hook", webhook=url))}, clock, History(path), owner="monitor/here")
    writer = Writer(History(path), {subject.name: subject}, clock, outbox.add, committed)
    writer.open()
    outbox.load()
    outbox.start()
    begin = writer.state.slots.get(subject.name, (0, 0))[1] // INTERVAL + 1
    for number in range(begin, last + 1):
        slot = number * INTERVAL
        entry = SlotEntry(subject.name, slot, slot, INTERVAL, SlotOutcome.RUN)
        writer.process_now(SlotResult(entry, result_of(subject.name, slot, verdict_of(number))))
    deadline = time.monotonic() + 60
    while outbox.pending and time.monotonic() < deadline:
        time.sleep(0.05)
    outbox.stop(10)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
