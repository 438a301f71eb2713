"""Figures that a sample can carry."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from lineman.report import plot_worker
from lineman.report.figures import figures, percentile, samples
from lineman.report.plot_worker import warm_worker
from lineman.report.plots import latency_plot

from . import builders


def test_percentiles_are_nearest_rank() -> None:
    values = [float(one) for one in range(1, 101)]
    assert [percentile(values, one) for one in (50, 90, 95, 99)] == [50, 90, 95, 99]


@pytest.mark.parametrize(("percent", "needed"), [(50, 1), (90, 10), (95, 20), (99, 100)])
def test_no_percentile_from_too_small_a_sample(percent: int, needed: int) -> None:
    assert percentile([1.0] * (needed - 1), percent) is None
    assert percentile([1.0] * needed, percent) == 1.0


def test_tokens_and_failures_are_not_latency() -> None:
    run = builders.make_run(
        exchanges=[
            builders.exchange(1, phases={"total": 1.0}),
            builders.exchange(2, phases={"total": 9.0}, operation="token"),
            builders.exchange(3, phases={"total": 9.0}, status=None, failure="timeout: none"),
        ]
    )
    assert samples(run) == {"total": [1.0]}
    assert [(one.phase, one.size, one.most) for one in figures(run)] == [("total", 1, 1.0)]


def test_the_plot_has_no_style_and_no_colour_of_its_own() -> None:
    plot = latency_plot(builders.failing_run())
    assert plot is not None
    root = ElementTree.fromstring(plot)  # noqa: S314 - our own
    for element in root.iter():
        assert not element.tag.endswith(("style", "metadata"))
        assert "style" not in element.attrib
        assert element.get("fill", "none") in {"none", "currentColor"}
        assert element.get("stroke", "none") in {"none", "currentColor"}
    texts = " ".join(root.itertext())
    assert "limit 50 ms" in texts
    assert "median" in texts


def test_no_plot_of_nothing_and_none_of_zero_trouble() -> None:
    assert latency_plot(builders.no_verdict_run()) is None
    still = builders.make_run(exchanges=[builders.exchange(at, phases={"total": 0.0}) for at in range(1, 9)])
    assert latency_plot(still) is not None


def test_the_second_process_draws_the_same_picture() -> None:
    """When a process stands by, then it draws the first picture, and its picture is the one drawn without it."""
    run = builders.failing_run()
    alone = latency_plot(run)
    with warm_worker():
        (process,) = plot_worker._waiting
        assert latency_plot(run) == alone
        assert process.returncode == 0
        assert latency_plot(run) == alone
    assert plot_worker._waiting == []


def test_a_process_that_is_not_asked_ends_with_the_block() -> None:
    with warm_worker():
        (process,) = plot_worker._waiting
    assert process.returncode is not None
    assert plot_worker._waiting == []


@pytest.mark.parametrize("command", ["/nowhere/python", "/bin/false"])
def test_without_the_second_process_the_picture_is_drawn_here(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """When the process cannot be started, or ends without a picture, then the report has its plot all the same."""
    monkeypatch.setattr("sys.executable", command)
    with warm_worker():
        assert latency_plot(builders.failing_run()) is not None
