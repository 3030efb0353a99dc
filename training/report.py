"""The report of a training run: one page that shows how the run went and where the model is wrong.

It stands beside the artefact and not in it, because it quotes sentences of the data sets, which a shipped artefact must not.
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import MaxNLocator

from model.artifact import ModelArtifact
from model.calibration import Reliability
from training import plots
from training.config import TrainingConfig
from training.data.corpus import Corpus
from training.evaluate import Report
from training.files import replace_file
from training.loop import Epoch
from training.mistakes import Mistakes
from training.pages import render

SHOWN_SENTENCES = 60
SHOWN_CONFUSIONS = 15
_MATRIX_LABELS = 24  # the labels with most words; a larger map is not read
_SHADES = LinearSegmentedColormap.from_list("shades", [(0.0, 0.45, 0.7, 0.0), (0.0, 0.45, 0.7, 1.0)])  # from no colour, on any ground


@dataclass(frozen=True, slots=True)
class Past(Epoch):
    """An epoch with its valid scores."""

    slot_f1: float
    intent_accuracy: float
    sentence_accuracy: float


@dataclass(frozen=True)
class RunRecord:
    """All that the page shows. ``reports``: valid scores under "all" and by source; ``seconds``: by stage of the run."""

    config: TrainingConfig
    artifact: ModelArtifact
    train: Corpus
    valid: Corpus
    reports: Mapping[str, Report]
    history: Sequence[Past]
    best_epoch: int
    mistakes: Mistakes
    seconds: Mapping[str, float]
    parameters: int
    data_sha256: str


def report_path(out: Path) -> Path:
    """The page beside the artefact directory ``out``."""
    return out.parent / f"{out.name}.report.html"


def write_report(record: RunRecord, path: Path) -> None:
    """Write the page, whole or not at all."""
    overall = record.reports["all"]
    page = render(
        "report.html.j2",
        title=f"{record.config.name} {record.config.version}: training report",
        record=record,
        overall=overall,
        plots=_plots(record),
        confusions=record.mistakes.most_frequent(SHOWN_CONFUSIONS),
        sentences=record.mistakes.sentences[:SHOWN_SENTENCES],
        hues=_hues(record.artifact.labels.slots),
        settings=json.dumps(dataclasses.asdict(record.config), indent=1, ensure_ascii=False),
    )
    # A text may hold half a surrogate pair, which UTF-8 has no bytes for.
    replace_file(path, lambda stream: stream.write(page.encode("utf-8", "backslashreplace")))


def _hues(slots: Sequence[str]) -> dict[str, int]:
    """A colour for each slot, far from its neighbours': the golden angle round the circle."""
    return {slot: int(index * 137.508) % 360 for index, slot in enumerate(slots)}


def _plots(record: RunRecord) -> dict[str, str]:
    overall = record.reports["all"]
    drawn = {
        "loss": _curves(record, {"loss": [past.loss for past in record.history]}, "loss, nats"),
        "scores": _curves(record, _scores(record), "on valid"),
        "rate": _curves(record, {"learning rate": [past.learning_rate for past in record.history]}, "learning rate"),
        "gradient": _gradient(record),
    }
    if record.mistakes.confusion:  # else there was no slot and none was found
        drawn["confusion"] = _confusion(record)
    tables = {"word": overall.word, "span": overall.span, "intent": overall.intent}
    return drawn | {name: _reliability(name, table) for name, table in tables.items() if table.count}


def _scores(record: RunRecord) -> dict[str, list[float]]:
    scores = {"slot F1": [past.slot_f1 for past in record.history]}
    if record.reports["all"].intent_count:
        scores["intent"] = [past.intent_accuracy for past in record.history]
    return scores | {"sentence": [past.sentence_accuracy for past in record.history]}


def _curves(record: RunRecord, series: Mapping[str, Sequence[float]], y_label: str) -> str:
    figure = plots.figure(5.2, 2.8)
    (axes,) = plots.axes(figure)
    numbers = [past.number for past in record.history]
    plots.lines(axes, {name: list(zip(numbers, values, strict=True)) for name, values in series.items()}, x_label="epoch", y_label=y_label)
    _by_epoch(axes, record)
    return plots.svg(figure)


def _by_epoch(axes: Axes, record: RunRecord) -> None:
    """Whole epochs below, and a mark at the one that was kept."""
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.axvline(record.best_epoch, color=plots.GREY, linewidth=0.8, linestyle=":")
    axes.annotate(
        "kept", (record.best_epoch, 1), xycoords=("data", "axes fraction"), ha="right", va="top", fontsize=8, rotation=90, color=plots.GREY
    )


def _gradient(record: RunRecord) -> str:
    """Norm before clipping, and the share of steps that were clipped."""
    figure = plots.figure(5.2, 2.8)
    (axes,) = plots.axes(figure)
    numbers = [past.number for past in record.history]
    norms = list(zip(numbers, [past.gradient_norm for past in record.history], strict=True))
    clipped = list(zip(numbers, [past.clipped for past in record.history], strict=True))
    plots.lines(axes, {"mean norm before clipping": norms, "share of steps clipped": clipped}, x_label="epoch", y_label="gradient")
    axes.axhline(record.config.fit.clip_norm, color=plots.GREY, linewidth=0.8, linestyle="--")
    axes.set_ylim(bottom=0)
    _by_epoch(axes, record)
    return plots.svg(figure)


def _reliability(name: str, table: Reliability) -> str:
    figure = plots.figure(3.2, 3.0)
    (axes,) = plots.axes(figure)
    filled = [part for part in table.bins if part.count]
    axes.plot([0, 1], [0, 1], color=plots.GREY, linewidth=0.8, linestyle=":")
    sizes = [10 + 120 * part.count / table.count for part in filled]
    axes.plot([part.confidence for part in filled], [part.accuracy for part in filled], linewidth=1)
    axes.scatter([part.confidence for part in filled], [part.accuracy for part in filled], s=sizes)
    axes.set_xlabel("confidence")
    axes.set_ylabel("share right")
    axes.set_title(f"{name}: error {table.error:.2%} over {table.count}")
    return plots.svg(figure)


def _confusion(record: RunRecord) -> str:
    """Words by gold label (rows, each as a share of its words) and found label."""
    confusion = record.mistakes.confusion
    words: dict[str, int] = {}
    for (gold, found), count in confusion.items():
        words[gold] = words.get(gold, 0) + count
        words.setdefault(found, 0)
    labels = sorted(words, key=lambda label: (-words[label], label))[:_MATRIX_LABELS]
    shares = [[confusion.get((gold, found), 0) / max(1, words[gold]) for found in labels] for gold in labels]
    size = 2.2 + 0.24 * len(labels)
    figure = plots.figure(size, size)
    (axes,) = plots.axes(figure)
    axes.grid(visible=False)
    axes.imshow(shares, cmap=_SHADES, vmin=0, vmax=1)
    axes.set_xticks(range(len(labels)), labels, rotation=90, fontsize=7)
    axes.set_yticks(range(len(labels)), labels, fontsize=7)
    axes.set_xlabel("found")
    axes.set_ylabel("gold")
    for row, gold in enumerate(labels):
        for column, found in enumerate(labels):
            if gold != found and (gold, found) in confusion:
                axes.text(column, row, str(confusion[gold, found]), ha="center", va="center", fontsize=6, color=plots.GREY)
    return plots.svg(figure)
