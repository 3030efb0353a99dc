"""The plots of a diagnosis, as PNG files and as one page that holds them all."""

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training import plots
from training.diagnose.longlag import LagResult
from training.diagnose.recorder import GradientHistory
from training.diagnose.run import Diagnosis, Measurement
from training.diagnose.surface import Surface
from training.files import replace_file
from training.pages import render

FLOOR = 1e-12  # a norm below it is drawn at it


def write_page(out: Path, title: str, diagnoses: Sequence[Diagnosis], lags: Sequence[LagResult], unit: Surface) -> None:
    """``diagnose.html`` and a PNG file for each plot, in ``out``, each written whole."""
    drawn: dict[str, str] = {}
    for name, figure in _figures(diagnoses, lags, unit):
        plots.save_png(figure, out / f"{name}.png")
        drawn[name] = plots.svg(figure)
    page = render("diagnose.html.j2", title=title, diagnoses=diagnoses, plots=drawn)
    replace_file(out / "diagnose.html", lambda stream: stream.write(page.encode()))


def _figures(diagnoses: Sequence[Diagnosis], lags: Sequence[LagResult], unit: Surface) -> Iterator[tuple[str, Figure]]:
    for one in diagnoses:
        yield f"{one.name}-norms", norms_figure(one)
        if one.history:
            yield f"{one.name}-training", training_figure(one.history)
        if one.surface:
            yield f"{one.name}-surface", surface_figure(one.surface, "recurrent matrices scaled by 1 + x", "biases shifted by y")
    if lags:
        yield "long-lag", lag_figure(lags)
    yield "one-unit", surface_figure(unit, "w", "b")


def norms_figure(one: Diagnosis) -> Figure:
    """Norm of dh_t/dh_k by lag, fresh and trained, on a logarithmic scale; the bound dashed where there is one."""
    moments = [(name, moment) for name, moment in (("fresh", one.fresh), ("trained", one.trained)) if moment]
    figure = plots.figure(4.2 * len(moments) + 0.4, 3.4)
    for (name, moment), axes in zip(moments, plots.axes(figure, 1, len(moments)), strict=True):
        _norms(axes, moment)
        axes.set_title(name)
    return figure


def _norms(axes: Axes, moment: Measurement) -> None:
    highest = 1.0
    for (name, curve), colour in zip(moment.curves.items(), itertools.cycle(plots.COLOURS), strict=False):
        lags, mean = curve.lags, [max(value, FLOOR) for value in curve.mean]
        axes.plot(lags, mean, color=colour, label=name)
        low, high = ([max(value, FLOOR) for value in edge] for edge in (curve.low, curve.high))
        axes.fill_between(lags, low, high, color=colour, alpha=0.15, linewidth=0)
        highest = max(highest, *curve.most)
        bound = moment.bounds.get(name.rpartition(" ")[0])
        if bound is not None:
            axes.plot(lags, [max(min(bound**lag, 1e30), FLOOR) for lag in lags], color=colour, linestyle="--", label="bound")
    axes.set_yscale("log")
    axes.set_ylim(FLOOR / 2, 1e4 * highest)
    axes.set_xlabel("lag, words")
    axes.set_ylabel("norm of dh_t / dh_k")
    axes.legend(frameon=False, labelcolor=plots.GREY, fontsize=7)


def training_figure(history: GradientHistory) -> Figure:
    """Norms by step and group of parameters, before clipping."""
    figure = plots.figure(7.2, 3.4)
    (axes,) = plots.axes(figure)
    for (name, points), colour in zip(history.thinned().items(), itertools.cycle(plots.COLOURS), strict=False):
        axes.plot([step for step, _ in points], [max(norm, 1e-8) for _, norm in points], label=name, color=colour, linewidth=0.9)
    axes.axhline(history.clip_norm, color=plots.GREY, linestyle="--", linewidth=0.8)
    axes.set_yscale("log")
    axes.set_xlabel("step")
    axes.set_ylabel("gradient norm")
    figure.legend(loc="outside right upper", frameon=False, labelcolor=plots.GREY, fontsize=7)
    return figure


def surface_figure(surface: Surface, x_label: str, y_label: str) -> Figure:
    """Logarithm of the loss, with the two descents."""
    figure = plots.figure(5.2, 3.8)
    (axes,) = plots.axes(figure)
    axes.grid(visible=False)
    heights = [[math.log10(max(loss, 1e-12)) for loss in row] for row in surface.losses]
    flat = sorted(itertools.chain.from_iterable(heights))
    shades = axes.pcolormesh(surface.xs, surface.ys, heights, cmap="viridis", shading="nearest")
    shades.set_clim(flat[0], flat[int(0.97 * (len(flat) - 1))])
    bar = figure.colorbar(shades, ax=axes)
    bar.set_label("log10 of the loss", color=plots.GREY)
    bar.ax.tick_params(colors=plots.GREY)
    for descent, colour, name in zip(surface.descents, ("#ff6b57", "#ffffff"), ("not clipped", "clipped"), strict=True):
        axes.plot(*zip(*descent.points, strict=True), color=colour, marker="o", markersize=2, linewidth=1, label=name)
    axes.set_xlim(surface.xs[0], surface.xs[-1])
    axes.set_ylim(surface.ys[0], surface.ys[-1])
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.legend(loc="lower left", labelcolor="#202020", facecolor="#c8c8c8", fontsize=7)
    return figure


def lag_figure(lags: Sequence[LagResult]) -> Figure:
    """Accuracy against lag, the mean over seeds."""
    figure = plots.figure(6.4, 3.4)
    (axes,) = plots.axes(figure)
    plots.lines(axes, lag_means(lags), x_label="words between the role and the city", y_label="accuracy, 1/2 is a guess")
    axes.set_xscale("log")
    ticks = sorted({result.lag for result in lags})
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.set_ylim(0.4, 1.03)
    return figure


def lag_means(lags: Sequence[LagResult]) -> Mapping[str, list[tuple[float, float]]]:
    """Points (lag, mean accuracy over the seeds) of every kind."""
    found: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for result in lags:
        found[result.kind][result.lag].append(result.accuracy)
    return {kind: [(lag, sum(values) / len(values)) for lag, values in sorted(by_lag.items())] for kind, by_lag in found.items()}
