"""Figures in one style, as SVG that is the same for the same numbers."""

import io
from typing import Any

import matplotlib
from matplotlib.figure import Figure

_STYLE: Any = {"svg.hashsalt": "slotline", "svg.fonttype": "none", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}


def figure(width: float = 7.0, height: float = 4.0) -> Figure:
    """An empty figure; sizes in inches."""
    with matplotlib.rc_context(_STYLE):
        return Figure(figsize=(width, height), layout="constrained")


def svg(drawn: Figure) -> str:
    """The figure as an SVG element, without what stands before it in a file."""
    stream = io.StringIO()
    with matplotlib.rc_context(_STYLE):
        drawn.savefig(stream, format="svg", metadata={"Date": None})
    text = stream.getvalue()
    return text[text.index("<svg") :]
