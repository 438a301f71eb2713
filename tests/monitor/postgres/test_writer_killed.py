"""The keeper killed at random points, as on a file: nothing committed is lost, nothing told is lost or told twice."""

from __future__ import annotations

import os
import random

from sqlalchemy import func, select
from tests.monitor.crashing import BAD, GOOD, INTERVAL
from tests.monitor.servers import receiver
from tests.monitor.test_crash import judge, run

from lineman.monitor.store import History
from lineman.monitor.store.schema import INCIDENTS, OUTBOX, RESULTS

KILLS = int(os.environ.get("LINEMAN_KILLS", "16")) // 4


def test_kill_at_random_points(database: str) -> None:
    generator, committed = random.Random(13), set[int]()  # noqa: S311 - no secret
    with receiver() as hook:
        for _ in range(KILLS):
            committed.update(run(database, hook.url, 10**9, 1.2 + generator.random() * 0.8))
        last = (max(committed, default=0) // (BAD + GOOD) + 1) * (BAD + GOOD) + BAD + GOOD - 1
        committed.update(run(database, hook.url, last, None))
    with History(database).reading() as connection:
        slots = {slot // INTERVAL for slot in connection.execute(select(RESULTS.c.slot)).scalars()}
        opened = select(INCIDENTS.c.id, INCIDENTS.c.opened, INCIDENTS.c.ended).order_by(INCIDENTS.c.opened)
        incidents = [(row.id, row.opened, row.ended) for row in connection.execute(opened)]
        unsettled = connection.execute(select(func.count()).where(OUTBOX.c.settled.is_(None))).scalar()
    assert committed <= slots
    assert slots == set(range(1, last + 1))
    assert unsettled == 0
    judge(incidents, last, hook)
