"""The comparison of networks as a table: what its rows say, in Markdown and as plain values."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from training.compare.measure import BATCH, Measured, Speed, Spread
from training.compare.rows import Row

HEADER = (
    "network",
    "slot F1",
    "intent",
    "sentence",
    "word ECE",
    "unknown words",
    "arrive/leave",
    "parameters",
    "graph, MB",
    "training, s",
    "µs alone",
    f"µs in {BATCH}",
)


@dataclass(frozen=True, slots=True)
class Result:
    """A row with what its runs gave: ``failures`` by seed; ``speed`` is measured on its first run that there is."""

    row: Row
    measured: tuple[Measured, ...]
    failures: dict[int, str]
    speed: Speed | None

    def spread(self, value: Callable[[Measured], float | None]) -> Spread | None:
        """Over the runs that there are; None where there is nothing to count."""
        values = [each for each in map(value, self.measured) if each is not None]
        return Spread.of(values) if values else None

    def mean(self, value: Callable[[Measured], float | None]) -> float | None:
        """As ``spread``."""
        spread = self.spread(value)
        return spread.mean if spread else None

    @property
    def missing(self) -> str:
        """Which seeds are not there and why; empty where all are."""
        return "; ".join(f"seed {seed}: {reason}" for seed, reason in sorted(self.failures.items()))

    def cells(self) -> tuple[str, ...]:
        """The row of the table under HEADER; a value that is not there is a dash."""
        title = f"{self.row.title} ({len(self.failures)} of {len(self.failures) + len(self.measured)} missing)"
        f1 = self.spread(lambda run: run.f1)
        ranged = f1 is not None and len(self.measured) > 1
        return (
            title if self.failures else self.row.title,
            (_share(f1.mean) + (f" ({f1.low:.1%} to {f1.high:.1%})" if ranged else "")) if f1 else "–",
            _share(self.mean(lambda run: run.intent)),
            _share(self.mean(lambda run: run.sentence)),
            _share(self.mean(lambda run: run.word_error), decimals=2),
            _share(self.mean(lambda run: run.unknown)),
            _share(self.mean(lambda run: run.contrast)),
            _number(self.mean(lambda run: run.parameters)),
            _number(self.mean(lambda run: run.graph_bytes / 1e6), decimals=2),
            _number(self.mean(lambda run: run.seconds)),
            _number(self.speed.single if self.speed else None),
            _number(self.speed.batched if self.speed else None),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "row": dataclasses.asdict(self.row),
            "runs": [run.to_dict() for run in self.measured],
            "failures": {str(seed): reason for seed, reason in self.failures.items()},
            "microseconds": dataclasses.asdict(self.speed) if self.speed else None,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every row in order, and ``head``: where, how and on what it was measured, as (what, value)."""

    name: str
    head: tuple[tuple[str, str], ...]
    pairs: int
    results: tuple[Result, ...]

    @property
    def failures(self) -> list[str]:
        """A line for each row with a run that is missing."""
        return [f"{result.row.name}, {result.missing}" for result in self.results if result.failures]

    def legend(self) -> Iterator[str]:
        """What the columns mean."""
        unknown = sorted({run.unknown_words for result in self.results for run in result.measured})
        yield (
            "All scores are measured on the exported file, on the validation examples. These also choose the best epoch and fit the "
            "temperatures, so they compare networks with one another, not with published test scores."
        )
        yield (
            "Slot F1 counts spans as conlleval does: the mean over the seeds and, in brackets, the least and the greatest. The other "
            "columns are means over the seeds."
        )
        yield "Word ECE: expected calibration error of a word's likeliest label, after temperature scaling."
        yield (
            f"Unknown words: how many of the {' or '.join(map(str, unknown)) or 'no'} words of the validation examples that training "
            "never showed get the right label."
        )
        yield (
            f"Arrive/leave: how many of {self.pairs} minimal pairs get both labels right. In a pair the same word stands in two "
            "utterances, and only a word before it tells its role."
        )
        yield (
            "Training: seconds of the training passes alone, one thread. µs: microseconds of onnxruntime for an utterance, one thread, "
            f"alone and in batches of {BATCH}."
        )

    def to_markdown(self, plots: Sequence[tuple[str, str]]) -> str:
        """A page for a repository; ``plots`` as (title, relative path)."""
        missing = [f"- {line}" for line in self.failures]
        sections = [
            f"# Networks compared: {self.name}",
            "\n".join([_line(HEADER), "|---|" + "---:|" * (len(HEADER) - 1), *(_line(result.cells()) for result in self.results)]),
            "\n".join(["Missing:", "", *missing]) if missing else "",
            "\n".join(f"- {line}" for line in self.legend()),
            "\n\n".join(f"![{title}]({path})" for title, path in plots),
            "## What each row shows",
            "\n".join(f"- **{result.row.title}**: {result.row.shows}" for result in self.results),
            "## How it was measured",
            "\n".join(f"- {what}: `{value}`" for what, value in self.head),
        ]
        return "\n\n".join(section for section in sections if section) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"name": self.name, "head": dict(self.head), "pairs": self.pairs, "rows": [result.to_dict() for result in self.results]}


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _share(value: float | None, *, decimals: int = 1) -> str:
    return "–" if value is None else f"{value:.{decimals}%}"


def _number(value: float | None, *, decimals: int = 0) -> str:
    return "–" if value is None else f"{value:,.{decimals}f}"
