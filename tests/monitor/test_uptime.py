"""Uptime against a reference that counts one instant after the other."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from lineman.monitor.result import ProbeVerdict
from lineman.monitor.uptime import Stretch, Uptime, percent, uptime

STRETCHES = st.lists(
    st.builds(
        lambda begin, length, verdict, lap: Stretch(begin, begin + length, verdict, lap),
        st.integers(0, 60),
        st.integers(1, 20),
        st.sampled_from(ProbeVerdict),
        st.integers(0, 2),
    ),
    max_size=12,
    unique_by=lambda stretch: (stretch.lap, stretch.begin),
)


@given(STRETCHES, st.integers(0, 40), st.integers(0, 40), st.integers(0, 30), st.integers(0, 30))
def test_uptime_equals_counting(stretches: list[Stretch], begin: int, length: int, planned: int, lasts: int) -> None:
    end = begin + length
    counts = dict.fromkeys(["up", "down", "unknown", "maintenance", "degraded"], 0)
    for instant in range(begin, end):
        if planned <= instant < planned + lasts:
            counts["maintenance"] += 1
            continue
        speaking = [s for s in stretches if s.begin <= instant < s.end]
        verdict = max(speaking, key=lambda s: (s.lap, s.begin)).verdict if speaking else ProbeVerdict.NOT_RUN
        counts["up"] += verdict in (ProbeVerdict.OK, ProbeVerdict.DEGRADED)
        counts["degraded"] += verdict is ProbeVerdict.DEGRADED
        counts["down"] += verdict is ProbeVerdict.FAILED
        counts["unknown"] += verdict in (ProbeVerdict.UNKNOWN, ProbeVerdict.NOT_RUN)
    found = uptime(stretches, begin, end, [(planned, planned + lasts)])
    assert found == Uptime(**counts)
    if found.bounds is not None and found.share is not None:
        assert found.bounds[0] <= found.share <= found.bounds[1] <= 1


def test_no_data_is_no_hundred_percent() -> None:
    assert uptime([], 0, 100).share is None
    assert percent(None) == "no data"
    assert percent(Fraction(99_999_999, 100_000_000)) == "99.999 %"
    assert percent(Fraction(1)) == "100 %"
