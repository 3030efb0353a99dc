"""The card of a trained reader: what it is, what it was trained on, how well it does and how to make it again."""

from typing import Any

from model.values.reader_artifact import ReaderArtifact
from training.values.config import ReaderTrainingConfig

_HEADER = "| phrases | count | right | right among others | wrong | refused | without a value | of these read |\n|" + "---|" * 8
_DATA = """Phrases of the grammars `training/values/en.grammar` and `ru.grammar` with typos on top, made afresh in every epoch; words
without a value from the training parts of Schema-Guided Dialogue (CC BY-SA 4.0), MASSIVE (CC BY 4.0) and the Russian MultiWOZ (MIT); real
phrases with values from the tests of Recognizers-Text (MIT) and Duckling (BSD), Schema-Guided Dialogue and NLU++ (CC BY 4.0): two thirds
of them, by a hash of the phrase. The last third, and one phrase of the grammar in 25, are never trained on: the scores are of these."""


def reader_card(config: ReaderTrainingConfig, artifact: ReaderArtifact, scores: dict[str, Any]) -> str:
    """Markdown."""
    rows = [f"| {name} |{_cells(row)}" for name, row in scores.items() if isinstance(row, dict)]
    thresholds = ", ".join(f"{kind or 'unknown kind'} {value:.3f}" for kind, value in artifact.config.thresholds.items())
    sections = [
        f"# {config.name} {config.version}",
        config.card.strip(),
        f"Languages: {', '.join(config.languages)}. Symbols: {len(artifact.config.symbols)}. Graph: {len(artifact.graph) / 1e6:.1f} MB. "
        "A character embedding with the kind's added, a bidirectional recurrent layer, CTC.",
        "## Scores on validation data",
        "Measured on this exported file through the class that serves it, values by the resolver. Right: the first value is the right one; "
        "wrong: neither it nor one of its alternatives is. A typo is one slip in a word of at least four letters.",
        "\n".join([_HEADER, *rows]),
        f"Symbol error rate on held-out phrases of the grammar: {scores['symbol error rate']:.2%}.",
        f"Probability that a reading needs, by kind: {thresholds}.",
        "## Training data",
        _DATA,
        "## Made by",
        f"    python -m training train training/configs/{config.name}.toml --data DIR --seed {config.seed}",
    ]
    return "\n\n".join(sections) + "\n"


def _cells(row: dict[str, float]) -> str:
    shares = [f"{row[name]:.2%}" for name in ("right", "offered", "wrong", "refused")]
    return " " + " | ".join([f"{row['phrases']}", *shares, f"{row['void']}", f"{row['void read']:.2%}"]) + " |"
