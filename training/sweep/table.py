"""The outcomes of a sweep as a table: means over the seeds with their spread."""

import statistics
from collections.abc import Iterable, Sequence

from training.sweep.outcome import Outcome

HEADER = ("trial", "runs", "slot F1", "mean of slots", "intent", "sentence", "parameters", "MB", "µs", "training, s")
LEGEND = (
    "Scores in per cent on validation data, which also chose the epoch and fitted the temperatures: they compare trials with one another.",
    "±: standard deviation over the seeds. Slot F1 as conlleval counts spans; mean of slots: every slot counts alike.",
    "MB: the artefact. µs: text to annotation, one utterance at a time, one thread.",
)


def to_markdown(name: str, order: Sequence[str], outcomes: Iterable[Outcome]) -> str:
    """The table, trials in ``order``; those without a finished run are named below it."""
    by_trial: dict[str, list[Outcome]] = {trial: [] for trial in order}
    for outcome in outcomes:
        by_trial[outcome.trial].append(outcome)
    rows = [HEADER, ("---", *["---:"] * (len(HEADER) - 1)), *(_cells(trial, runs) for trial, runs in by_trial.items() if runs)]
    missing = [f"- not run yet: {trial}" for trial, runs in by_trial.items() if not runs]
    lines = [f"# {name}", "", *("| " + " | ".join(row) + " |" for row in rows), "", *(f"- {line}" for line in LEGEND), *missing]
    return "\n".join(lines) + "\n"


def _cells(trial: str, runs: Sequence[Outcome]) -> tuple[str, ...]:
    return (
        trial,
        str(len(runs)),
        _share([run.f1 for run in runs]),
        _share([run.mean_f1 for run in runs]),
        _share([run.intent for run in runs]),
        _share([run.sentence for run in runs]),
        f"{round(statistics.fmean(run.parameters for run in runs)):,}",
        f"{statistics.fmean(run.bytes for run in runs) / 1e6:.1f}",
        f"{statistics.fmean(run.microseconds for run in runs):.0f}",
        f"{statistics.fmean(run.seconds for run in runs):.0f}",
    )


def _share(found: Sequence[float | None]) -> str:
    values = [value for value in found if value is not None]
    if not values:
        return "–"
    spread = f" ± {100 * statistics.stdev(values):.2f}" if len(values) > 1 else ""
    return f"{100 * statistics.fmean(values):.2f}{spread}"
