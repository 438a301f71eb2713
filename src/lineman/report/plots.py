"""Plots as inline SVG, drawn by matplotlib and dressed in the page's own colours.

The drawing uses marker colours that are replaced by classes, so that one picture serves the light and the dark
theme and needs no style that the page's policy would refuse.
"""

from __future__ import annotations

import io
import json
import re
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from markupsafe import Markup

from lineman.report.figures import percentile, samples
from lineman.report.plot_worker import draw_in_worker
from lineman.report.run import Run
from lineman.times import format_duration

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK, _MUTED, _BAR, _STRONG, _LIMIT = "#010101", "#020202", "#030303", "#040404", "#050505"
_CLASSES = {_INK: "ink", _MUTED: "muted", _BAR: "bar", _STRONG: "strong", _LIMIT: "limit"}
_SVG = "http://www.w3.org/2000/svg"
_KEPT = {"stroke-width", "stroke-dasharray", "stroke-linecap", "text-anchor", "opacity", "font-size"}
_FEWEST = 5


def can_draw() -> bool:
    """Whether the extra ``plots`` is installed."""
    return find_spec("matplotlib") is not None


def latency_plot(run: Run) -> Markup | None:
    """Distribution of the whole exchange above, spread of each phase below, on one logarithmic axis.

    None where fewer than five queries were answered: a plot of nothing would look like a finding; and where the
    library is not installed.
    """
    measured = samples(run)
    if not can_draw():
        return None
    if len(measured.get("total", [])) < _FEWEST:
        return None
    order = (measured, run.latency_limit, f"Latency of {len(measured['total'])} answered queries, by phase")
    return Markup(draw_in_worker(*order) or draw_svg(*order))  # noqa: S704 - holds numbers and our own words


def draw_svg(measured: dict[str, list[float]], limit: float | None, title: str) -> str:
    """Draw seconds by phase, sorted, with a line at ``limit`` seconds, as an SVG element."""
    return _themed_svg(_draw(measured, limit), title)


def warm_up() -> None:
    """Load all that drawing needs, which takes about a second."""
    times = [0.001 * step for step in range(1, 2 * _FEWEST)]
    draw_svg({"total": times, "wait": times}, None, "")


def _draw(measured: dict[str, list[float]], limit: float | None) -> Figure:
    from matplotlib import rc_context  # noqa: PLC0415 - slow to import, and only pages need it
    from matplotlib.figure import Figure  # noqa: PLC0415

    with rc_context({"svg.hashsalt": "lineman", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9}):
        figure = Figure(figsize=(7.2, 3.9), layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        phases = [name for name in measured if name != "total"]
        positive = [max(seconds, 1e-6) for name in measured for seconds in measured[name]]
        _histogram(upper, measured["total"], limit)
        _spreads(lower, measured, phases)
        _axis(lower, min(positive), max([*positive, limit or 0.0]))
        return figure


def _histogram(axes: Axes, totals: list[float], limit: float | None) -> None:
    import numpy  # noqa: PLC0415 - comes with matplotlib

    lowest, highest = max(totals[0], 1e-6) * 0.95, max(totals[-1], 2e-6) * 1.05
    bins = numpy.geomspace(lowest, highest, 28)
    axes.hist(totals, bins=bins.tolist(), color=_BAR)
    axes.set_ylabel("queries", color=_MUTED)
    lines = [(50, _STRONG, "median"), (95, _STRONG, "95 %")]
    for percent, colour, name in lines:
        seconds = percentile(totals, percent)
        if seconds is not None:
            _line(axes, seconds, colour, f"{name} {format_duration(seconds)}", "-" if percent == 50 else "--")
    if limit is not None:
        _line(axes, limit, _LIMIT, f"limit {format_duration(limit)}", "-")
    axes.legend(loc="upper left", bbox_to_anchor=(0, 1.28), ncols=3, frameon=False, labelcolor=_INK, handlelength=1.4)
    _bare(axes)


def _line(axes: Axes, seconds: float, colour: str, label: str, style: str) -> None:
    axes.axvline(seconds, color=colour, linewidth=1.4, linestyle=style, label=label)


def _spreads(axes: Axes, measured: dict[str, list[float]], phases: list[str]) -> None:
    """A bar from the shortest to the longest, a tick at the median."""
    for row, phase in enumerate(reversed(phases)):
        seconds = [max(one, 1e-6) for one in measured[phase]]
        axes.plot([seconds[0], seconds[-1]], [row, row], color=_BAR, linewidth=5, solid_capstyle="round")
        middle = percentile(seconds, 50) or seconds[0]
        axes.plot([middle], [row], marker="|", markersize=11, markeredgewidth=2, color=_STRONG)
    axes.set_yticks(range(len(phases)), list(reversed(phases)))
    axes.set_ylim(-0.7, max(len(phases) - 0.3, 0.7))
    _bare(axes)


def _axis(axes: Axes, lowest: float, highest: float) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter  # noqa: PLC0415

    axes.set_xscale("log")
    axes.set_xlim(lowest * 0.8, highest * 1.3)
    axes.xaxis.set_major_locator(LogLocator(numticks=7))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: format_duration(seconds, "tick")))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _bare(axes: Axes) -> None:
    """Only the lines that carry a meaning."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(_MUTED)
    axes.tick_params(which="both", colors=_MUTED, labelcolor=_INK)
    axes.patch.set_visible(False)


def _themed_svg(figure: Figure, title: str) -> str:
    """The figure as an SVG element with classes in place of styles."""
    buffer = io.BytesIO()
    from matplotlib import rc_context  # noqa: PLC0415 - see above

    with rc_context({"svg.hashsalt": "lineman", "svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    root = ElementTree.fromstring(buffer.getvalue())  # noqa: S314 - what matplotlib has just drawn
    for parent in root.iter():
        for child in list(parent):
            if child.tag.rpartition("}")[2] in {"metadata", "style"}:
                parent.remove(child)
    for element in root.iter():
        _dress(element)
    root.attrib.pop("width", None)
    root.attrib.pop("height", None)
    root.attrib |= {"role": "img", "aria-label": title, "class": "plot"}
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    return ElementTree.tostring(root, encoding="unicode")


def _dress(element: ElementTree.Element) -> None:
    style = dict(_declarations(element.attrib.pop("style", "")))
    classes = []
    for paint in ("fill", "stroke"):
        colour = style.pop(paint, None) or element.attrib.pop(paint, None)
        if colour in _CLASSES:
            classes.append(f"{paint}-{_CLASSES[colour]}")
        elif colour is not None:
            element.set(paint, "none" if colour == "none" else "currentColor")
    for name, value in style.items():
        if name in _KEPT:
            element.set(name, value)
        elif name == "font":
            element.set("font-size", _font_size(value))
    if classes:
        element.set("class", " ".join(classes))


def _font_size(font: str) -> str:
    match = re.search(r"([\d.]+)px", font)
    return match.group(1) if match else "9"


def _declarations(style: str) -> list[tuple[str, Any]]:
    pairs = (part.partition(":") for part in style.split(";") if ":" in part)
    return [(name.strip(), value.strip()) for name, _, value in pairs]


def main() -> None:
    """Load, wait for one order on standard input, draw it, end: what the second process of ``plot_worker`` does."""
    warm_up()
    order = sys.stdin.buffer.read()
    if order:
        sys.stdout.buffer.write(draw_svg(*json.loads(order)).encode())


if __name__ == "__main__":
    main()
