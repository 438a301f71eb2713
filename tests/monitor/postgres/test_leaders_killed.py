"""Leaders killed at random points: every slot decided once, every notice told once, whoever leads.

``LINEMAN_KILLS`` sets how often, as for the keeper; a small number runs with the other tests.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from sqlalchemy import select
from tests.monitor.postgres.leading import BAD, GOOD, INTERVAL, canary
from tests.monitor.servers import receiver
from tests.monitor.simulation import result_of

from lineman.monitor.incidents.state import JOINT, StateChange
from lineman.monitor.result import ProbeVerdict
from lineman.monitor.slots import SlotEntry, SlotOutcome, stable_offset
from lineman.monitor.store import History
from lineman.monitor.store.schema import INCIDENTS, OUTBOX, RESULTS

KILLS = int(os.environ.get("LINEMAN_KILLS", "16")) // 4
SLOTS = 20 * (BAD + GOOD) * max(1, KILLS)
ROOT = Path(__file__).parents[3]


def prepare(address: str) -> list[int]:
    """Three locations that wrote while nobody led; one of them saw nothing wrong. The slots that they wrote."""
    now = time.time_ns() // 1_000_000
    offset = stable_offset("subject", INTERVAL)
    first = (now - offset) // INTERVAL * INTERVAL + offset - (SLOTS + 60) * INTERVAL
    slots = [first + number * INTERVAL for number in range(SLOTS)]
    for place in ("a", "b", "c", JOINT):
        history = History(address, place)
        changes = []
        for number, slot in enumerate([first - INTERVAL] if place == JOINT else slots):
            bad = place != "c" and number % (BAD + GOOD) < BAD and place != JOINT
            entry = SlotEntry("subject", slot, slot, INTERVAL, SlotOutcome.RUN)
            changes.append(
                StateChange(entry, result_of("subject", slot, ProbeVerdict.FAILED if bad else ProbeVerdict.OK))
            )
        with history.transaction() as connection:
            history.write(connection, changes)
        history.close()
    return slots


def begin(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "tests.monitor.postgres.leading", *arguments], cwd=ROOT)


def test_leaders_killed_at_random_points(database: str, tmp_path: Path) -> None:
    last = tmp_path / "last"
    slots, generator = prepare(database), random.Random(11)  # noqa: S311 - no secret
    with receiver() as hook:
        ends: list[int] = []
        running = [begin(database, hook.url, f"candidate-{number}", str(last)) for number in range(2)]
        for number in range(2, KILLS + 2):
            time.sleep(0.7 + generator.random() * 0.8)  # a random point is the subject
            running[0].kill()
            ends.append(running.pop(0).wait())
            running.append(begin(database, hook.url, f"candidate-{number}", str(last)))
        last.touch()
        assert [process.wait(120) for process in running] == [0] * len(running)
    with History(database, JOINT).reading() as connection:
        joint = RESULTS.c.location == JOINT
        decided = list(connection.execute(select(RESULTS.c.slot).where(joint).order_by(RESULTS.c.slot)).scalars())
        incidents = connection.execute(
            select(INCIDENTS).where(INCIDENTS.c.location == JOINT).order_by(INCIDENTS.c.opened)
        ).all()
        waiting = connection.execute(select(OUTBOX.c.key).where(OUTBOX.c.settled.is_(None))).all()
    assert ends == [-9] * KILLS
    assert [slot for slot in decided if slot <= slots[-1]] == [slots[0] - INTERVAL, *slots]
    assert len(decided) == len(set(decided))
    assert waiting == []
    starts = range(0, SLOTS, BAD + GOOD)
    assert [(row.opened, row.ended) for row in incidents] == [(slots[n], slots[n + BAD]) for n in starts]
    told = Counter((body["event"], body["incidents"][0]) for body in hook.once.values())
    assert told == Counter({(event, row.id): 1 for row in incidents for event in ("failed", "recovered")})
    # Sent again only where one died between sending and noting it, and then with the same key.
    assert len(hook.every) - len(hook.once) <= KILLS
    assert canary().notices == ("hook",)
