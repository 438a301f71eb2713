"""A few attacks of ``make hostile``, each in a child process: memory, secrets and exit codes are in bounds."""

from __future__ import annotations

import pytest
from benchmarks.hostile import MOST_HONEST_MB, MOST_MB, measure
from benchmarks.hostile_server import HONEST


@pytest.mark.parametrize(
    ("mode", "command"),
    [
        (HONEST, "test"),
        (HONEST, "probe"),
        ("one-description-of-2-mb", "probe"),
        ("25000-records", "probe"),
        ("deep", "probe"),
        ("echo-utf-16", "test"),
        ("echo-as-header-name", "probe"),
        ("token-refused-with-secret", "test"),
    ],
)
def test_an_attack_stays_in_bounds(mode: str, command: str) -> None:
    row = measure(mode, command)
    assert [problem for problem in row.problems() if not problem.endswith(" s")] == [], row.said[-2_000:]
    assert row.megabytes < (MOST_HONEST_MB if (mode, command) == (HONEST, "test") else MOST_MB[command])
