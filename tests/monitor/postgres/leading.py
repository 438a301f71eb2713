"""A candidate for the lead in a process that a test kills: decides what locations wrote, a few slots at a time.

Arguments: history's URL, receiver's URL, its own name, a file. Where the file is there it ends once nothing is left to
decide or to send.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from lineman.monitor import leader as joint_module
from lineman.monitor.clock import SystemClock
from lineman.monitor.config.models import Canary, Channel, MonitorSettings
from lineman.monitor.delivery.channels import sender
from lineman.monitor.delivery.outbox import Outbox
from lineman.monitor.incidents.state import JOINT
from lineman.monitor.leader import Leader
from lineman.monitor.store import History

INTERVAL = 1_000
BAD, GOOD = 5, 6


def canary() -> Canary:
    rule = {"opens_after": 2, "ends_after": 2, "settle": "2s", "degraded_after": 0, "unknown_after": 0}
    return Canary.model_validate({"name": "subject", "interval": 1, "incident": rule, "notices": ["hook"]})


def main(address: str, url: str, name: str, last: str) -> None:
    subject, clock = canary(), SystemClock()
    joint_module._SLOTS_AT_ONCE = 2
    outbox = Outbox({"hook": sender(Channel(name="hook", webhook=url))}, clock, History(address, name), owner=name)
    joint = Leader(address, {subject.name: subject}, MonitorSettings(), clock, owner=name, patience=0)
    joint.on_notices, joint.on_lead = outbox.add, lambda: outbox.load(JOINT)
    outbox.start()
    going = True
    while going:
        more = joint.tick()
        if not more and Path(last).exists():
            going = not joint.leads or outbox.pending > 0
        time.sleep(0.005 if more else 0.02)  # so that a fast machine has not decided all before it is killed
    outbox.stop(10)
    joint.close()


if __name__ == "__main__":
    main(*sys.argv[1:5])
