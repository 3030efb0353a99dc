"""The plots of a comparison of networks, and its page as one HTML file that needs nothing beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from training import plots
from training.compare.measure import Spread
from training.compare.table import HEADER, Comparison, Result
from training.pages import render

_WIDTH = 8.0
_PERCENT = PercentFormatter(1.0, decimals=0)
_MARKERS = "os^Dv"
_JORDAN = (
    "A Jordan network remembers its last output alone: the words between the verb and the city are all O, "
    "so what comes back from them is nearly the same whatever the verb was"
)


@dataclass(frozen=True, slots=True)
class Plot:
    """``file``: its name beside the page."""

    title: str
    file: str
    svg: str


def draw(comparison: Comparison) -> tuple[Plot, ...]:
    """Scores by row, scores against time, pairs by row; rows without a finished run are left out, and without one row all plots."""
    results = [result for result in comparison.results if result.measured]
    if not results:
        return ()
    return (
        Plot("Slot F1 by network: mean, least and greatest over the seeds", "networks-f1.svg", plots.svg(_scores(results))),
        Plot("Slot F1 against the time of an utterance", "networks-speed.svg", plots.svg(_speeds(results))),
        Plot(f"Pairs of arriving and leaving told apart. {_JORDAN}", "networks-contrast.svg", plots.svg(_contrasts(results))),
    )


def render_html(comparison: Comparison, plots: Sequence[Plot]) -> str:
    """The page."""
    return render("networks.html.j2", title=f"Networks compared: {comparison.name}", comparison=comparison, header=HEADER, plots=plots)


def _scores(results: Sequence[Result]) -> Figure:
    """One line a row: the range over the seeds and a dot at the mean."""
    drawn = plots.figure(_WIDTH, _height(results))
    (axes,) = plots.axes(drawn)
    spreads = [Spread.of([run.f1 for run in result.measured]) for result in results]
    means = [spread.mean for spread in spreads]
    errors = [[spread.mean - spread.low for spread in spreads], [spread.high - spread.mean for spread in spreads]]
    axes.errorbar(means, range(len(results)), xerr=errors, fmt="o", capsize=3)
    for place, spread in enumerate(spreads):
        number, beside = f"{spread.mean:.1%}", (6, 0)
        axes.annotate(number, (spread.high, place), beside, textcoords="offset points", va="center", fontsize=8, color=plots.GREY)
    _name_rows(axes, results)
    axes.margins(x=0.12)  # room for the last number
    axes.xaxis.set_major_formatter(_PERCENT)
    axes.set_xlabel("slot F1 on valid")
    return drawn


def _speeds(results: Sequence[Result]) -> Figure:
    drawn = plots.figure(_WIDTH, 5.0)
    (axes,) = plots.axes(drawn)
    for place, result in enumerate(result for result in results if result.speed):
        assert result.speed is not None
        mean = Spread.of([run.f1 for run in result.measured]).mean
        again, colour = divmod(place, len(plots.COLOURS))  # a new marker once every colour had its turn
        marker = _MARKERS[again % len(_MARKERS)]
        axes.plot(result.speed.single, mean, marker, color=plots.COLOURS[colour], label=result.row.title)
    axes.set_xlim(left=0)
    axes.yaxis.set_major_formatter(_PERCENT)
    axes.set_xlabel("microseconds of an utterance alone")
    axes.set_ylabel("slot F1 on valid")
    drawn.legend(loc="outside right upper", frameon=False, fontsize=8, labelcolor=plots.GREY)
    return drawn


def _contrasts(results: Sequence[Result]) -> Figure:
    drawn = plots.figure(_WIDTH, _height(results))
    (axes,) = plots.axes(drawn)
    bars = axes.barh(range(len(results)), [result.mean(lambda run: run.contrast) or 0.0 for result in results], height=0.6)
    axes.bar_label(bars, fmt="{:.0%}", padding=3, fontsize=8, color=plots.GREY)
    _name_rows(axes, results)
    axes.set_xlim(0, 1.1)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axes.xaxis.set_major_formatter(_PERCENT)
    axes.set_xlabel("share of the pairs with both labels right")
    return drawn


def _height(results: Sequence[Result]) -> float:
    return 0.8 + 0.28 * len(results)


def _name_rows(axes: Axes, results: Sequence[Result]) -> None:
    axes.set_yticks(range(len(results)), [result.row.title for result in results])
    axes.set_ylim(len(results) - 0.5, -0.5)  # the first row on top, as in the table
    axes.grid(axis="x", alpha=0.3)
