"""Plots in one style, as SVG inside a page or as PNG; the same data give the same bytes."""

import io
import itertools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.files import replace_file

# Readable on white and on black, and apart for the colour-blind (Okabe and Ito 2008, black and yellow left out).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a6d3b", "#7a7a7a")
GREY = "#808080"  # of text and axes: readable on both grounds
_STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": GREY,
    "axes.prop_cycle": cycler(color=COLOURS),
    "text.color": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "grid.color": GREY,
    "grid.alpha": 0.25,
    "axes.grid": True,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "slotline",
}
_DPI = 144
_REFERENCE = re.compile(r'(\bid="|url\(#|href="#)([^")]+)')
_SIZE = re.compile(r'(<svg[^>]*?)width="[^"]*pt" height="[^"]*pt" viewBox')
_numbers = itertools.count()


def figure(width: float = 6.4, height: float = 3.6) -> Figure:
    """An empty figure in our style, in inches; add axes with ``subplots``."""
    with matplotlib.rc_context(_STYLE):
        return Figure(figsize=(width, height), layout="constrained")


def axes(drawn: Figure, rows: int = 1, columns: int = 1) -> list[Axes]:
    """Axes of a figure in our style, row by row."""
    with matplotlib.rc_context(_STYLE):
        return [each for row in drawn.subplots(rows, columns, squeeze=False) for each in row]


def svg(drawn: Figure, prefix: str = "") -> str:
    """The figure as an SVG element that fills the width it is given.

    ``prefix`` keeps its ids apart from those of other figures in the same page; without one it gets a number of its own.
    """
    prefix = prefix or f"plot{next(_numbers)}"
    with matplotlib.rc_context(_STYLE), io.StringIO() as written:
        drawn.savefig(written, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
        text = written.getvalue()
    text = _REFERENCE.sub(rf"\g<1>{prefix}-\g<2>", text[text.index("<svg") :])
    return _SIZE.sub(r'\1width="100%" viewBox', text, count=1)


def save_png(drawn: Figure, path: Path) -> None:
    """The figure as a file of its own on white, written whole."""
    with matplotlib.rc_context(_STYLE), io.BytesIO() as written:
        drawn.savefig(written, format="png", dpi=_DPI, facecolor="white", metadata={"Software": None})
        picture = written.getvalue()
    replace_file(path, lambda stream: stream.write(picture))


def lines(drawn: Axes, series: Mapping[str, Sequence[tuple[float, float]]], *, x_label: str, y_label: str) -> None:
    """A line for each series of (x, y), named in a legend where there are several; colours come in the order of the series."""
    for (name, points), colour in zip(series.items(), itertools.cycle(COLOURS), strict=False):
        marker = "o" if len(points) <= 30 else None
        drawn.plot([x for x, _ in points], [y for _, y in points], label=name, color=colour, marker=marker, markersize=3)
    drawn.set_xlabel(x_label)
    drawn.set_ylabel(y_label)
    if len(series) > 1:
        drawn.legend(frameon=False, labelcolor=GREY)
